use std::fmt;

use crate::Error;

/// How a payload is encrypted: the third field of the header.
///
/// ansible-core has one method today and is about to get more; a vault of a method that is not
/// listed in [`Method::ALL`] is refused by name.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Method {
    /// AES-256-CTR and HMAC-SHA256 under keys derived by PBKDF2.
    #[default]
    Aes256,
}

impl Method {
    /// Every method that this version reads and writes.
    pub const ALL: &[Self] = &[Self::Aes256];

    /// Looks a method up by the name that headers use.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedMethod`] if this version does not know it.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.iter().find(|method| method.name() == name);
        found.copied().ok_or_else(|| Error::UnsupportedMethod {
            name: name.to_owned(),
        })
    }

    /// The name that headers use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
