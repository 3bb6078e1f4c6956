//! To whom an age slot is encrypted.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An X25519 recipient of age: `age1` and 58 characters more, as `age-keygen -y` prints it.
///
/// Without the cargo feature `age` its checksum is not looked at.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(into = "String", try_from = "String")]
pub struct AgeRecipient(String);

impl AgeRecipient {
    /// The recipient as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AgeRecipient {
    type Err = InvalidRecipient;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidRecipient(text.chars().take(LENGTH).collect());
        let data = text.strip_prefix("age1").ok_or_else(invalid)?;
        if text.len() != LENGTH || !data.bytes().all(|byte| BECH32.contains(&byte)) {
            return Err(invalid());
        }
        #[cfg(feature = "age")]
        ::age::x25519::Recipient::from_str(text).map_err(|_| invalid())?;
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for AgeRecipient {
    type Error = InvalidRecipient;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<AgeRecipient> for String {
    fn from(recipient: AgeRecipient) -> Self {
        recipient.0
    }
}

impl fmt::Display for AgeRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no [`AgeRecipient`].
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no age recipient of X25519, which are age1 and 58 characters more: `age-keygen -y FILE` prints that of an identity file"
)]
pub struct InvalidRecipient(String);

/// 32 octets in Bech32 (BIP 173): prefix, 52 characters of data, 6 of checksum.
const LENGTH: usize = 62;
const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
