use std::fmt;

use zeroize::Zeroizing;

use crate::Error;

/// A vault password.
///
/// Any bytes but none at all. The memory is overwritten when the value is dropped, and nothing
/// prints it.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes of a password as they are: nothing is trimmed.
    ///
    /// # Errors
    ///
    /// [`Error::EmptySecret`] if there are no bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let bytes = Zeroizing::new(bytes.into());
        if bytes.is_empty() {
            return Err(Error::EmptySecret);
        }
        Ok(Self(bytes))
    }

    /// The password itself.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(****)")
    }
}

/// What was encrypted.
///
/// The memory is overwritten when the value is dropped, and nothing prints it.
pub struct Plaintext(pub(crate) Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Plaintext {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plaintext({} bytes)", self.0.len())
    }
}
