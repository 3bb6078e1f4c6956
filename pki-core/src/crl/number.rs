//! The number of a list.

use std::fmt;

use time::OffsetDateTime;

/// A cRLNumber (RFC 5280 section 5.2.3): rises with every list of an authority.
///
/// The next number is the old one and one more, but at least the time in seconds since 1970. So
/// it rises even where the old list was lost, or two clones of a repository signed one each.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CrlNumber(
    /// Most significant octet first, without leading zeros.
    Vec<u8>,
);

impl CrlNumber {
    /// A number of these octets, most significant first.
    pub fn new(octets: &[u8]) -> Self {
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        Self(octets.split_at(zeros).1.to_vec())
    }

    /// The number of a list that follows one of number `previous`.
    #[must_use]
    pub(crate) fn following(previous: Option<&Self>, now: OffsetDateTime) -> Self {
        let clock = Self::new(&now.unix_timestamp().max(1).to_be_bytes());
        match previous {
            Some(previous) => clock.max(previous.successor()),
            None => clock,
        }
    }

    /// The octets, most significant first, without leading zeros.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn successor(&self) -> Self {
        let mut octets = self.0.clone();
        for octet in octets.iter_mut().rev() {
            *octet = octet.wrapping_add(1);
            if *octet != 0 {
                return Self(octets);
            }
        }
        octets.insert(0, 1);
        Self(octets)
    }
}

impl Ord for CrlNumber {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl PartialOrd for CrlNumber {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// In decimal, as OpenSSL writes it; one of more than 16 octets in hexadecimal.
impl fmt::Display for CrlNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            0..=16 => {
                let number = self
                    .0
                    .iter()
                    .fold(0_u128, |number, octet| number << 8 | u128::from(*octet));
                write!(f, "{number}")
            }
            _ => write!(f, "0x{}", const_hex::encode(&self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: u64) -> CrlNumber {
        CrlNumber::new(&value.to_be_bytes())
    }

    #[test]
    fn numbers_rise_with_the_clock_and_without_it() {
        let now = OffsetDateTime::from_unix_timestamp(1_000).unwrap();
        assert_eq!(CrlNumber::following(None, now), number(1_000));
        assert_eq!(CrlNumber::following(Some(&number(7)), now), number(1_000));
        assert_eq!(
            CrlNumber::following(Some(&number(1_000)), now),
            number(1_001)
        );
        for octets in [&[0xff][..], &[0xff, 0xff], &[0xff; 19], &[1; 20], &[]] {
            let old = CrlNumber::new(octets);
            assert!(CrlNumber::following(Some(&old), OffsetDateTime::UNIX_EPOCH) > old);
        }
    }

    #[test]
    fn numbers_are_ordered_and_printed_as_numbers() {
        assert!(number(255) < number(256) && number(0) < number(1));
        assert_eq!(number(65_536).to_string(), "65536");
        assert_eq!(number(0).to_string(), "0");
        assert_eq!(
            CrlNumber::new(&[1; 17]).to_string(),
            format!("0x{}", "01".repeat(17))
        );
    }
}
