//! A private key for safe keeping elsewhere.

use super::age::{self, AgeIdentities};
use super::{AgeRecipient, SealError};
use crate::key::PrivateKey;
use crate::pem;

/// Encrypts a private key to age recipients: an armored file that `age -d` opens to the key as
/// PKCS#8 PEM.
///
/// # Errors
///
/// When there is no recipient.
pub fn escrow(key: &PrivateKey, recipients: &[AgeRecipient]) -> Result<String, SealError> {
    let armored = age::encrypt_armored(recipients, key.to_pem().as_bytes())?;
    String::from_utf8(armored).map_err(|_| SealError::Age("the armor is not ASCII".to_owned()))
}

/// Opens what [`escrow`] made.
///
/// # Errors
///
/// When none of the identities opens it, or it holds something else.
pub fn open_escrow(file: &[u8], identities: &AgeIdentities) -> Result<PrivateKey, SealError> {
    let text = identities.decrypt(file).ok_or(SealError::Escrow(
        "it is for other identities, or was changed: give the identity of one of its recipients, or another copy of it",
    ))?;
    let other =
        SealError::Escrow("what is in it is not a PKCS#8 private key: give another copy of it");
    match pem::read(&text).as_deref() {
        Ok([key]) if key.label == pem::PRIVATE_KEY => {
            PrivateKey::from_der(&key.content).map_err(|_| other)
        }
        _ => Err(other),
    }
}
