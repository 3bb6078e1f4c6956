//! Certificate serial numbers.

use std::fmt;

/// A random serial number of 20 octets (159 random bits).
///
/// RFC 5280 section 4.1.2.2 asks for a positive integer of at most 20 octets. etcd matches
/// its CRL by serial number alone, whichever authority issued the certificate, so serials
/// must not repeat over all authorities and generations: 159 random bits see to that.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Serial([u8; 20]);

impl Serial {
    /// Draws a serial from the operating system's generator.
    ///
    /// # Errors
    ///
    /// When the operating system has no random numbers to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        loop {
            let mut octets = [0; 20];
            getrandom::fill(&mut octets)?;
            octets[0] &= 0x7f;
            // No leading zero octet, which DER would drop and tools would print differently.
            if octets[0] != 0 {
                return Ok(Self(octets));
            }
        }
    }

    /// The serial, most significant octet first.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&const_hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_are_positive_and_20_octets() {
        for _ in 0..1000 {
            let serial = Serial::random().unwrap();
            assert!((0x01..0x80).contains(&serial.as_bytes()[0]));
        }
    }
}
