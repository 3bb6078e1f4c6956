use std::io::{self, Read};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::dearmor::read_full;
use crate::encryptor::to_u64;
use crate::header::Label;
use crate::kdf::{self, BLOCK};
use crate::secret::Secret;

/// Separates this key from those of vaults: no vault has such a salt.
const CONTEXT: &[u8] = b"vault-format synthetic salt v1";

/// Makes salts that are the same for the same plaintext, and only for the same plaintext.
///
/// A vault with such a salt does not change as long as its plaintext, label and secret do not,
/// which is what version control wants. Every reader of the format reads it. Because another
/// plaintext has another salt, no keystream is used twice; all that shows is that two vaults hold
/// the same.
///
/// ```
/// use vault_format::{Encryptor, SaltKey, Secret};
///
/// let secret = Secret::new(*b"correct horse")?;
/// let key = SaltKey::new(&secret);
/// let encrypt = |plaintext: &[u8]| {
///     let salt = key.salt(None, plaintext)?;
///     Encryptor::new(&secret).salt(salt).encrypt(plaintext)
/// };
/// assert_eq!(encrypt(b"same")?, encrypt(b"same")?);
/// assert_ne!(encrypt(b"same")?[..100], encrypt(b"other")?[..100]);
/// # Ok::<(), vault_format::Error>(())
/// ```
pub struct SaltKey(Zeroizing<[u8; BLOCK]>);

impl SaltKey {
    /// Derives the key from a secret, which takes as long as opening a vault.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        let blocks = kdf::blocks(&[(secret, 1)], CONTEXT, kdf::ROUNDS);
        Self(blocks.into_iter().next().unwrap_or_default())
    }

    /// The salt for a plaintext under a label.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if the plaintext can not be read.
    pub fn salt(&self, label: Option<&Label>, mut plaintext: impl Read) -> io::Result<Vec<u8>> {
        let mut key = Zeroizing::new([0; 64]);
        key[..BLOCK].copy_from_slice(&*self.0);
        let mut hmac = Hmac::<Sha256>::new((&*key).into());
        let label = label.map_or("", Label::as_str);
        // The length keeps a label from running into the plaintext.
        hmac.update(&to_u64(label.len()).to_be_bytes());
        hmac.update(label.as_bytes());
        let mut buffer = Zeroizing::new(vec![0; 64 * 1024]);
        loop {
            match read_full(&mut plaintext, &mut buffer)? {
                0 => return Ok(hmac.finalize().into_bytes().to_vec()),
                length => hmac.update(&buffer[..length]),
            }
        }
    }
}

impl std::fmt::Debug for SaltKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SaltKey(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_label_and_plaintext_all_decide() {
        let keys = [&b"a"[..], b"b"].map(|secret| SaltKey::new(&Secret::new(secret).unwrap()));
        let labels = [None, Some("x"), Some("xy")].map(|l| l.map(|l| Label::new(l).unwrap()));
        let mut salts = std::collections::BTreeSet::new();
        for key in &keys {
            for label in &labels {
                for plaintext in [&b""[..], b"y", b"z"] {
                    let salt = key.salt(label.as_ref(), plaintext).unwrap();
                    assert_eq!(salt, key.salt(label.as_ref(), plaintext).unwrap());
                    assert_eq!(salt.len(), 32);
                    salts.insert(salt);
                }
            }
        }
        assert_eq!(salts.len(), 18);
    }
}
