//! The JSON that goes back and forth.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A JSON text that is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("this is no {what} of format {FORMAT}: {source}")]
pub struct InvalidLetter {
    what: &'static str,
    source: serde_json::Error,
}

/// The format of everything here.
pub(super) const FORMAT: u32 = 1;

/// A letter with the number of its format before all else.
#[derive(Serialize)]
struct Written<'a, T> {
    format: u32,
    #[serde(flatten)]
    letter: &'a T,
}

/// What is kept or sent as JSON of this format.
pub trait Message: Serialize + DeserializeOwned {
    /// What a person calls it.
    const WHAT: &'static str;

    /// Reads it.
    ///
    /// # Errors
    ///
    /// When it is not one, or of another format.
    fn from_json(text: &[u8]) -> Result<Self, InvalidLetter> {
        read(Self::WHAT, text)
    }

    /// As it is kept or sent.
    fn to_json(&self) -> Vec<u8> {
        write(self)
    }
}

pub(super) fn write<T: Serialize>(letter: &T) -> Vec<u8> {
    let written = Written {
        format: FORMAT,
        letter,
    };
    // Maps with keys that are texts, and nothing else: this has no way to fail.
    serde_json::to_vec(&written).unwrap_or_default()
}

pub(super) fn read<T: DeserializeOwned>(
    what: &'static str,
    text: &[u8],
) -> Result<T, InvalidLetter> {
    let invalid = |source| InvalidLetter { what, source };
    let mut value: serde_json::Value = serde_json::from_slice(text).map_err(invalid)?;
    let format = value.as_object_mut().and_then(|map| map.remove("format"));
    if format != Some(FORMAT.into()) {
        let found = format.map_or("none".to_owned(), |format| format.to_string());
        let error = format!("its format is {found}: use an etcdpki of the same version");
        return Err(invalid(serde::de::Error::custom(error)));
    }
    serde_json::from_value(value).map_err(invalid)
}

/// Octets in which the parts cannot be taken for others: each behind its length.
pub(super) fn to_be_signed(what: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut octets = Vec::new();
    let version = FORMAT.to_be_bytes();
    for part in [what.as_bytes(), &version].iter().chain(parts) {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        octets.extend(length.to_be_bytes());
        octets.extend(*part);
    }
    octets
}
