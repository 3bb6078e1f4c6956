//! The names of authorities that stand beside etcd's.

use std::fmt;
use std::str::FromStr;

use super::{AuthorityName, InvalidAuthorityName};
use crate::name::Label;

/// The name of an authority that signs for something else than etcd, such as `kubernetes`: a
/// [`Label`] of at most 40 characters, none of those of [`AuthorityName::CHAIN`].
///
/// It is held in place, so that it can be copied as every other name of an authority.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct OtherName {
    /// Filled up with zeros, which no name holds.
    octets: [u8; MAX],
}

impl OtherName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        let end = self.octets.iter().position(|octet| *octet == 0);
        let octets = &self.octets[..end.unwrap_or(MAX)];
        // A label is ASCII.
        std::str::from_utf8(octets).unwrap_or_default()
    }
}

impl FromStr for OtherName {
    type Err = InvalidAuthorityName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |reason| InvalidAuthorityName {
            name: text.to_owned(),
            reason,
        };
        if AuthorityName::CHAIN
            .iter()
            .any(|taken| taken.as_str() == text)
        {
            return Err(invalid(
                "an authority over etcd's certificates is called that",
            ));
        }
        let label = text.parse::<Label>();
        let label = label.map_err(|error| invalid(error.reason()))?;
        let mut octets = [0; MAX];
        octets
            .get_mut(..text.len())
            .ok_or_else(|| invalid("it is longer than 40 characters"))?
            .copy_from_slice(label.as_str().as_bytes());
        Ok(Self { octets })
    }
}

impl fmt::Debug for OtherName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for OtherName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// So that a common name holds it, with the generation.
const MAX: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_as_they_are() {
        let longest = "k".repeat(MAX);
        for text in ["kubernetes", "a", "front-proxy-2", longest.as_str()] {
            let name: OtherName = text.parse().unwrap();
            assert_eq!(name.as_str(), text);
            let name: AuthorityName = text.parse().unwrap();
            assert_eq!(name.to_string(), text);
        }
        let names = ["b", "ab", "a"].map(|text| text.parse::<OtherName>().unwrap());
        assert!(names[2] < names[1] && names[1] < names[0]);
    }

    #[test]
    fn what_is_taken_or_no_safe_name_is_refused() {
        let long = "k".repeat(MAX + 1);
        for text in [
            "root", "etcd", "", ".", "..", "a/b", "a\0", "A", "-a", "ä", "a.b", &long,
        ] {
            let error = text.parse::<OtherName>().unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
