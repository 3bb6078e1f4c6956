//! What the drivers have in common: versions of a file, and the secrets to open and seal them.

use std::cell::OnceCell;
use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use vault_format::{Form, SaltKey};
use zeroize::Zeroizing;

use crate::password;
use crate::vault::args::WriteSecrets;
use crate::vault::codec::{self, Sealer};
use crate::vault::config::Config;
use crate::vault::error::Error;
use crate::vault::identity::{Identities, Prompts};

use super::stored;

pub(super) type Plaintext = Zeroizing<Vec<u8>>;

/// The content of a file at some time, in clear or encrypted.
pub(super) struct Version {
    content: Plaintext,
    name: String,
}

impl Version {
    pub(super) fn new(content: Plaintext, name: String) -> Self {
        Self { content, name }
    }

    pub(super) fn of_file(path: &Path) -> Result<Self, Error> {
        let content = File::open(path).and_then(password::read_plaintext);
        Ok(Self {
            content: content.map_err(Error::file("Unable to read source file", path))?,
            name: path.display().to_string(),
        })
    }

    pub(super) fn of_stdin() -> Result<Self, Error> {
        Ok(Self {
            content: password::read_plaintext(password::unbuffered_stdin()?)?,
            name: "stdin".to_owned(),
        })
    }

    /// The same with another name in messages.
    pub(super) fn named(self, name: &str) -> Self {
        let name = name.to_owned();
        Self { name, ..self }
    }

    /// Damaged or not.
    pub(super) fn is_encrypted(&self) -> bool {
        Form::of(&self.content) != Form::Clear
    }
}

/// The secrets of a driver, which asks for them when the first one is needed.
pub(super) struct Driver<'a> {
    secrets: &'a WriteSecrets,
    config: &'a Config,
    identities: OnceCell<Identities>,
}

impl<'a> Driver<'a> {
    pub(super) fn new(secrets: &'a WriteSecrets, config: &'a Config) -> Self {
        Self {
            secrets,
            config,
            identities: OnceCell::new(),
        }
    }

    fn identities(&self) -> Result<&Identities, Error> {
        if let Some(identities) = self.identities.get() {
            return Ok(identities);
        }
        let identities = Identities::new(&self.secrets.known, self.config, Prompts::OnTerminal)?;
        Ok(self.identities.get_or_init(|| identities))
    }

    /// The content in clear.
    pub(super) fn open(&self, version: Version) -> Result<Plaintext, Error> {
        if !version.is_encrypted() {
            return Ok(version.content);
        }
        let input = Cursor::new(&version.content[..]);
        let (mut reader, _) = codec::unlock(input, self.identities()?, &version.name)?;
        codec::read_whole(&mut reader)
    }

    /// The content encrypted, unless there is nothing to encrypt: git takes the filtered content
    /// of an empty file for empty.
    pub(super) fn clean(&self, version: Version, name: Option<&Path>) -> Result<Plaintext, Error> {
        if version.content.is_empty() {
            return Ok(version.content);
        }
        // What only looks like a vault may be a secret in clear, or one that was damaged.
        if version.is_encrypted() {
            codec::well_formed(Cursor::new(&version.content[..]))
                .map_err(Error::vault(version.name))?;
            return Ok(version.content);
        }
        if let Some(stored) = name.and_then(stored::version) {
            self.expect_to_open(stored)?;
        }
        self.seal(&version.content, &version.name)
    }

    /// A secret that does not open what git has of a file is hardly one to encrypt it with.
    fn expect_to_open(&self, stored: Version) -> Result<(), Error> {
        let Version { content, name } = &stored;
        if !stored.is_encrypted() {
            return Ok(());
        }
        match codec::unlock(Cursor::new(&content[..]), self.identities()?, name) {
            Err(error) if error.is_wrong_secret() => Err(error.hinting(
                "what git has of the file was encrypted with another secret: is the password file \
                 right? For a new password name both: vault git --vault-id NEW@SOURCE --vault-id \
                 OLD@SOURCE --encrypt-vault-id NEW setup; then git add --renormalize .",
            )),
            // Damage is no reason to keep it from being replaced.
            _ => Ok(()),
        }
    }

    /// Encrypts, equal plaintext to equal bytes.
    pub(super) fn seal(&self, plaintext: &[u8], name: &str) -> Result<Plaintext, Error> {
        let wanted = self.secrets.encrypt_vault_id.as_deref();
        let wanted = wanted.or(self.config.encrypt_label.as_deref());
        let (label, secret) = self.identities()?.for_encryption(wanted)?;
        let salt = SaltKey::new(secret).salt(label.as_ref(), plaintext)?;
        // Without the warning of a weak password: git would show it for each file.
        let sealer = Sealer {
            salt: Some(salt),
            ..Sealer::with(secret, label, self.config)
        };
        let sealed = sealer.encrypt_value(sealer.label.as_ref(), plaintext, name)?;
        Ok(Zeroizing::new(sealed))
    }
}
