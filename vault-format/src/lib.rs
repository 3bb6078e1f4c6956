#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod aes256;
mod armor;
mod body;
mod buffer;
mod dearmor;
mod decryptor;
mod diagnose;
mod encryptor;
mod error;
mod form;
mod header;
pub mod inline;
mod kdf;
mod method;
mod payload;
mod reader;
mod relay;
mod salt;
mod secret;
mod sink;
mod yaml;

use std::io::{Cursor, Read};

use zeroize::Zeroizing;

pub use crate::decryptor::{Decryptor, Match};
pub use crate::encryptor::{EncryptWriter, Encryptor};
pub use crate::error::{Error, FormatProblem};
pub use crate::form::Form;
pub use crate::header::{Header, Label};
pub use crate::method::Method;
pub use crate::reader::DecryptReader;
pub use crate::salt::SaltKey;
pub use crate::secret::{Plaintext, Secret};

/// What every vault starts with.
pub const MAGIC: &[u8] = b"$ANSIBLE_VAULT";

/// Encrypts `plaintext` with a random salt.
///
/// # Errors
///
/// [`Error::Io`] if the operating system's random number generator fails.
pub fn encrypt(plaintext: &[u8], secret: &Secret, label: Option<&Label>) -> Result<Vec<u8>, Error> {
    Encryptor::new(secret).label(label).encrypt(plaintext)
}

/// Decrypts a whole vault.
///
/// # Errors
///
/// One of the five classes described at [`Error`].
pub fn decrypt(vault: &[u8], secret: &Secret) -> Result<Plaintext, Error> {
    let mut reader = Decryptor::new(Cursor::new(vault))?.unlock(&[secret])?;
    // Sized once: growing would leave copies behind.
    let length = usize::try_from(reader.plaintext_length()).map_err(std::io::Error::other)?;
    let mut plaintext = Zeroizing::new(vec![0; length]);
    reader.read_exact(&mut plaintext)?;
    Ok(Plaintext(plaintext))
}

/// Whether `content` is a vault by ansible-core's rule: ASCII throughout, and
/// `$ANSIBLE_VAULT` at its start.
#[must_use]
pub fn is_encrypted(content: &[u8]) -> bool {
    content.starts_with(MAGIC) && content.is_ascii()
}
