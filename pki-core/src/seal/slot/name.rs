//! The names of slots.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a slot, as a rule that of an operator: 1 to 64 letters, digits and `. _ - + @`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(into = "String", try_from = "String")]
pub struct SlotName(String);

impl SlotName {
    /// The name of the slot that a new keyring gets for its passphrase.
    pub fn passphrase() -> Self {
        Self("passphrase".to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SlotName {
    type Err = InvalidSlotName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+@".contains(&byte);
        match (1..=LONGEST).contains(&text.len()) && text.bytes().all(allowed) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidSlotName(text.chars().take(LONGEST).collect())),
        }
    }
}

impl TryFrom<String> for SlotName {
    type Error = InvalidSlotName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SlotName> for String {
    fn from(name: SlotName) -> Self {
        name.0
    }
}

impl fmt::Display for SlotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no [`SlotName`].
#[derive(Debug, thiserror::Error)]
#[error("`{}` is no name of a slot: use 1 to {LONGEST} letters, digits and . _ - + @", .0.escape_default())]
pub struct InvalidSlotName(String);

const LONGEST: usize = 64;
