//! Encryption to age recipients (age-encryption.org/v1).

use std::fmt;
use std::io::{self, Read, Write};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::ExposeSecret as _;
use age::x25519::{Identity, Recipient};
use age::{Decryptor, Encryptor};
use zeroize::Zeroizing;

use super::{AgeRecipient, SealError};
use crate::secret_text::SecretText;

/// The identities of an identity file, as `age-keygen` writes it. They are never printed.
#[derive(Clone)]
pub struct AgeIdentities(Vec<Identity>);

impl AgeIdentities {
    /// Reads an identity file: an `AGE-SECRET-KEY-1…` a line, empty lines, and comments after `#`.
    ///
    /// # Errors
    ///
    /// When there is none in it, or a line is something else.
    pub fn from_file_content(content: &[u8]) -> Result<Self, InvalidIdentities> {
        let text = std::str::from_utf8(content).map_err(|_| InvalidIdentities::Nothing)?;
        if ENCRYPTED.iter().any(|start| text.starts_with(start)) {
            return Err(InvalidIdentities::Encrypted);
        }
        let mut identities = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let identity = line
                .parse()
                .map_err(|_| InvalidIdentities::Line { line: number + 1 })?;
            identities.push(identity);
        }
        match identities.is_empty() {
            true => Err(InvalidIdentities::Nothing),
            false => Ok(Self(identities)),
        }
    }

    /// Makes a new identity, and the text of a file that holds it.
    pub fn generate() -> (Self, SecretText) {
        let identity = Identity::generate();
        let secret = identity.to_string();
        let secret = secret.expose_secret();
        let mut text = SecretText::with_capacity(secret.len() + 1);
        text.push_str(secret);
        text.push_str("\n");
        (Self(vec![identity]), text)
    }

    /// Adds those of another file.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// The recipients of whom these are the identities.
    pub fn recipients(&self) -> Vec<AgeRecipient> {
        self.0
            .iter()
            .filter_map(|identity| identity.to_public().to_string().parse().ok())
            .collect()
    }

    /// Whether one of these belongs to one of the recipients.
    pub(super) fn are_among(&self, recipients: &[AgeRecipient]) -> bool {
        self.recipients().iter().any(|own| recipients.contains(own))
    }

    /// Decrypts an age file, if it is whole and for one of these.
    pub(crate) fn decrypt(&self, file: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        // No armor, no scrypt: what is not for these identities costs nothing.
        let identities = self
            .0
            .iter()
            .map(|identity| -> &dyn age::Identity { identity });
        let mut reader = Decryptor::new(ArmoredReader::new(file))
            .ok()?
            .decrypt(identities)
            .ok()?;
        // The plaintext is shorter than the file, so this never grows and leaves no copy.
        let mut plaintext = Zeroizing::new(Vec::with_capacity(file.len()));
        reader.read_to_end(&mut plaintext).ok()?;
        Some(plaintext)
    }
}

impl fmt::Debug for AgeIdentities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgeIdentities(****)")
    }
}

/// A text that is not an identity file.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidIdentities {
    /// The file is encrypted itself.
    #[error(
        "the identity file is encrypted: decrypt it into a pipe, as in --age-identity <(age -d FILE)"
    )]
    Encrypted,
    /// Something else.
    #[error(
        "line {line} is no X25519 identity of age: those begin with AGE-SECRET-KEY-1; ssh keys and plugins are not read"
    )]
    Line {
        /// The line, counted from 1.
        line: usize,
    },
    /// Nothing in it.
    #[error("no identity in it: `age-keygen` makes one")]
    Nothing,
}

/// Encrypts to recipients: a binary age file.
pub(crate) fn encrypt(recipients: &[AgeRecipient], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    encrypt_as(Format::Binary, recipients, plaintext)
}

/// Encrypts to recipients: an age file in ASCII armor.
pub(super) fn encrypt_armored(
    recipients: &[AgeRecipient],
    plaintext: &[u8],
) -> Result<Vec<u8>, SealError> {
    encrypt_as(Format::AsciiArmor, recipients, plaintext)
}

fn encrypt_as(
    format: Format,
    recipients: &[AgeRecipient],
    plaintext: &[u8],
) -> Result<Vec<u8>, SealError> {
    let failed = |error: &dyn fmt::Display| SealError::Age(error.to_string());
    let recipients: Vec<Recipient> = recipients
        .iter()
        .map(|recipient| recipient.as_str().parse())
        .collect::<Result<_, _>>()
        .map_err(|error| failed(&error))?;
    let recipients = recipients
        .iter()
        .map(|recipient| -> &dyn age::Recipient { recipient });
    let encryptor = Encryptor::with_recipients(recipients).map_err(|error| failed(&error))?;
    let write = || -> io::Result<Vec<u8>> {
        let armor = ArmoredWriter::wrap_output(Vec::new(), format)?;
        let mut writer = encryptor.wrap_output(armor)?;
        writer.write_all(plaintext)?;
        writer.finish()?.finish()
    };
    write().map_err(|error| failed(&error))
}

/// How an identity file begins that is encrypted, in armor or not.
const ENCRYPTED: [&str; 2] = [
    "-----BEGIN AGE ENCRYPTED FILE-----",
    "age-encryption.org/v1",
];
