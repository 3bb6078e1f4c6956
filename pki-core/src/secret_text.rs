//! Text that holds a secret.

use std::fmt;

use zeroize::Zeroize;

/// A growing text that leaves no copy of itself in memory, neither when it grows nor at its end.
#[derive(Default)]
pub struct SecretText(String);

impl SecretText {
    /// An empty text with room for `capacity` octets.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(String::with_capacity(capacity))
    }

    /// Appends `text`.
    pub fn push_str(&mut self, text: &str) {
        let needed = self.0.len() + text.len();
        if needed > self.0.capacity() {
            let mut grown = String::with_capacity(needed.max(2 * self.0.capacity()));
            grown.push_str(&self.0);
            self.0.zeroize();
            self.0 = grown;
        }
        self.0.push_str(text);
    }

    /// The text itself: keep it out of logs and messages.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as octets.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Drop for SecretText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Write for SecretText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(****)")
    }
}
