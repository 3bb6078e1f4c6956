//! Certificates and keys as files that other programs read.
//!
//! Every function here is pure: it makes [`File`]s in memory, with a path below the directory of
//! the caller's choice. Without a key in a [`Credential`], the files of its key are left out.

pub mod cfssl;
pub mod der;
pub mod easy_rsa;
pub mod kubeadm;
pub mod kubernetes;
pub mod pem;
pub mod pkcs12;

use std::collections::HashSet;
use std::fmt;

use zeroize::Zeroizing;

use crate::certificate::Certificate;
use crate::key::{KeyError, PrivateKey};
use crate::leaf::LeafId;
use crate::role::Role;
use crate::secret_text::SecretText;
use crate::store::atomic::Access;
use crate::trust::Bundles;

/// A leaf to be handed out.
#[derive(Clone, Copy, Debug)]
pub struct Credential<'a> {
    /// What names it.
    pub id: &'a LeafId,
    /// The leaf, and every authority between it and the root.
    pub chain: &'a [Certificate],
    /// Its private key, unless it stays behind.
    pub key: Option<&'a PrivateKey>,
}

impl Credential<'_> {
    /// Its name where all lie in one directory: that of a client alone, else `OWNER-ROLE`.
    pub fn name(&self) -> String {
        let LeafId { owner, role } = self.id;
        match role {
            Role::Client => owner.to_string(),
            Role::Peer | Role::Server => format!("{owner}-{role}"),
        }
    }
}

/// A file to be written. Its content is wiped from memory when it is dropped.
pub struct File {
    /// Where it belongs, with `/`, below a directory of the caller's choice.
    pub path: String,
    /// Its content.
    pub content: Zeroizing<Vec<u8>>,
    /// Who may read it.
    pub access: Access,
}

impl File {
    /// A file for everyone.
    fn public(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.into(),
            content: Zeroizing::new(content.into()),
            access: Access::Everyone,
        }
    }

    /// A file for its owner.
    fn secret(path: impl Into<String>, content: &[u8]) -> Self {
        Self {
            path: path.into(),
            content: Zeroizing::new(content.to_vec()),
            access: Access::Owner,
        }
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("path", &self.path)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

/// Why something cannot be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// kubeadm would refuse the key.
    #[error(
        "certificates/{id}: its key is of Ed25519, and kubeadm loads RSA and ECDSA keys alone: issue it again with --rekey --key p256"
    )]
    Ed25519 {
        /// Whose it is.
        id: String,
    },
    /// A structure could not be encoded.
    #[error("{path}: it could not be encoded: {reason}")]
    Encoding {
        /// The file.
        path: String,
        /// What the encoder said.
        reason: String,
    },
    /// A key could not be encoded.
    #[error("{path}: {source}")]
    Key {
        /// The file.
        path: String,
        /// Why.
        source: KeyError,
    },
    /// The form is nothing without the key.
    #[error(
        "certificates/{id}: the form is none without the private key: leave the key in, or choose another form"
    )]
    NoKey {
        /// Whose it is.
        id: String,
    },
    /// A password that not every reader takes.
    #[error(
        "the password of a PKCS#12 file must be 6 characters or more, all of them printable ASCII: Java takes no others"
    )]
    Password,
    /// Two files would have the same name, or one that of a directory of another.
    #[error("{path}: two certificates would be written to it: export them one at a time")]
    Twice {
        /// The file.
        path: String,
    },
}

/// Refuses files of which one would overwrite another, or lie where another needs a directory.
///
/// # Errors
///
/// The path that two of them have.
pub fn check_paths(files: &[File]) -> Result<(), ExportError> {
    let twice = |path: &str| ExportError::Twice {
        path: path.to_owned(),
    };
    let mut paths = HashSet::new();
    for file in files {
        if !paths.insert(file.path.as_str()) {
            return Err(twice(&file.path));
        }
    }
    for file in files {
        let parts = file.path.match_indices('/');
        for directory in parts.map(|(end, _)| &file.path[..end]) {
            if paths.contains(directory) {
                return Err(twice(directory));
            }
        }
    }
    Ok(())
}

/// Every authority above the leaves, from those that signed them up to the root.
fn authorities<'a>(credentials: &[Credential<'a>], bundles: &'a Bundles) -> Vec<&'a Certificate> {
    let above = credentials.iter().flat_map(|one| one.chain.iter().skip(1));
    let mut found: Vec<&Certificate> = Vec::new();
    for authority in above.chain(&bundles.clients) {
        if !found.contains(&authority) {
            found.push(authority);
        }
    }
    found
}

/// The key as SEC1 or PKCS#1, for a file.
fn traditional(key: &PrivateKey, path: &str) -> Result<SecretText, ExportError> {
    key.to_traditional_pem().map_err(|source| ExportError::Key {
        path: path.to_owned(),
        source,
    })
}
