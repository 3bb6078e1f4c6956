//! Where the description says that the PKI is kept.

use std::fmt;
use std::path::PathBuf;

use super::{DescriptionError, Position, check, raw, text};
use crate::store::Address;

/// A store on etcd, and the files that its clients speak to it with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreSetting {
    /// Its members and the prefix of its keys.
    pub address: Address,
    /// Where that stands in the description.
    pub position: Position,
    /// The authorities that its members are trusted by.
    pub ca: Option<StoreFile>,
    /// The certificate that is shown to it.
    pub certificate: Option<StoreFile>,
    /// The key of that.
    pub key: Option<StoreFile>,
}

/// A file that the description names, relative to its own directory.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreFile {
    pub(super) key: &'static str,
    /// The file.
    pub path: PathBuf,
    /// Where its name stands in the description.
    pub position: Position,
}

impl StoreSetting {
    /// Reads this of a description, whatever else is wrong with that.
    ///
    /// # Errors
    ///
    /// When it is not YAML, or what it says of the store is wrong.
    pub fn from_octets(content: &[u8]) -> Result<Option<Self>, DescriptionError> {
        let raw::Located { store } = raw::parse(text(content)?)?;
        store.as_ref().map(check::store).transpose()
    }

    /// A fault that shows when it is used.
    pub fn fault(&self, message: impl fmt::Display) -> DescriptionError {
        DescriptionError::at(self.position, format!("store: {message}"))
    }
}

impl StoreFile {
    /// A fault that shows when it is used.
    pub fn fault(&self, message: impl fmt::Display) -> DescriptionError {
        let (key, path) = (self.key, self.path.display());
        DescriptionError::at(self.position, format!("store: {key}: {path}: {message}"))
    }
}
