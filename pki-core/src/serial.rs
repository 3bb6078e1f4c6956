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

/// Reads a serial number as people copy it: hexadecimal, in whatever case, with colons or not,
/// after `0x` or `serial=`. Leading zeros are dropped, as in
/// [`Certificate::serial`](crate::certificate::Certificate::serial).
///
/// # Errors
///
/// When it is none, or longer than the 20 octets of RFC 5280 section 4.1.2.2.
pub fn parse_serial(text: &str) -> Result<Vec<u8>, InvalidSerial> {
    let invalid = || InvalidSerial(text.to_owned());
    let digits = text.trim();
    let digits = digits.strip_prefix("serial=").unwrap_or(digits);
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    let digits = digits.replace([':', ' '], "");
    let even = match digits.len() % 2 {
        0 => digits,
        _ => format!("0{digits}"),
    };
    let octets = const_hex::decode(&even).map_err(|_| invalid())?;
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    let serial = octets.split_at(zeros).1;
    match serial.len() {
        1..=20 => Ok(serial.to_vec()),
        _ => Err(invalid()),
    }
}

/// A serial number in hexadecimal, as [`parse_serial`] reads it.
pub fn serial_text(serial: &[u8]) -> String {
    const_hex::encode(serial)
}

/// A text that is not a serial number.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "`{0}` is not a serial number: write at most 20 octets in hexadecimal, as `openssl x509 -serial` shows it"
)]
pub struct InvalidSerial(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_are_read_as_people_copy_them() {
        for text in [
            "1f00Ff",
            "0x1F00FF",
            "serial=1F00FF",
            "1f:00:ff",
            " 001f00ff\n",
        ] {
            assert_eq!(parse_serial(text).unwrap(), [0x1f, 0, 0xff], "{text}");
        }
        assert_eq!(parse_serial("f").unwrap(), [0xf]);
        for text in ["", "0", "xyz", "0x", "é", &"11".repeat(21)] {
            assert!(parse_serial(text).is_err(), "{text}");
        }
    }

    #[test]
    fn serials_are_positive_and_20_octets() {
        for _ in 0..1000 {
            let serial = Serial::random().unwrap();
            assert!((0x01..0x80).contains(&serial.as_bytes()[0]));
        }
    }
}
