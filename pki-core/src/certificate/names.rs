//! What a certificate may be used for, and for which names.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use x509_parser::prelude::GeneralName;

use super::InvalidCertificate;
use crate::role::Usage;
use crate::text::printable;

/// An extended key usage.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ExtendedKeyUsage {
    /// One that etcd looks at.
    Known(Usage),
    /// Another, by its name in RFC 5280 or as dotted numbers.
    Other(String),
}

impl fmt::Display for ExtendedKeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(usage) => usage.fmt(f),
            Self::Other(name) => f.write_str(name),
        }
    }
}

/// A subject alternative name as it stands in a certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AlternativeName {
    /// A dNSName.
    Dns(String),
    /// An iPAddress.
    Ip(IpAddr),
    /// A name of another type, which etcd does not look at.
    Other(String),
}

impl AlternativeName {
    pub(crate) fn from_general(name: &GeneralName<'_>) -> Self {
        match name {
            GeneralName::DNSName(name) => Self::Dns(printable(name)),
            GeneralName::IPAddress(octets) => match ip_address(octets) {
                Some(address) => Self::Ip(address),
                None => Self::Other(format!("iPAddress of {} octets", octets.len())),
            },
            GeneralName::URI(uri) => Self::Other(format!("URI:{}", printable(uri))),
            GeneralName::RFC822Name(mail) => Self::Other(format!("email:{}", printable(mail))),
            _ => Self::Other("a name of another type".to_owned()),
        }
    }
}

impl fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) | Self::Other(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

/// The subtrees in which every name below an authority must lie (RFC 5280 section 4.2.1.10).
///
/// A type of name of which nothing is listed is not constrained.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NameConstraints {
    /// Domains: each stands for itself and all names under it.
    pub dns: Vec<String>,
    /// Blocks of addresses.
    pub addresses: Vec<IpNet>,
}

impl NameConstraints {
    /// Whether a name lies inside.
    pub fn permits(&self, name: &AlternativeName) -> bool {
        match name {
            AlternativeName::Dns(name) => {
                self.dns.is_empty() || self.dns.iter().any(|domain| is_within(name, domain))
            }
            AlternativeName::Ip(address) => {
                self.addresses.is_empty()
                    || self.addresses.iter().any(|block| block.contains(address))
            }
            AlternativeName::Other(_) => true,
        }
    }

    /// Whether a subtree listed here holds a name, which is what an excluded subtree is for.
    pub(super) fn lists(&self, name: &AlternativeName) -> bool {
        match name {
            AlternativeName::Dns(name) => self.dns.iter().any(|domain| is_within(name, domain)),
            AlternativeName::Ip(address) => {
                self.addresses.iter().any(|block| block.contains(address))
            }
            AlternativeName::Other(_) => false,
        }
    }

    pub(super) fn permitting<'a>(
        subtrees: impl Iterator<Item = &'a GeneralName<'a>>,
    ) -> Result<Self, InvalidCertificate> {
        let mut constraints = Self::default();
        for subtree in subtrees {
            match subtree {
                GeneralName::DNSName(name) => constraints.dns.push(printable(name)),
                GeneralName::IPAddress(octets) => {
                    let block = ip_block(octets).ok_or_else(|| {
                        InvalidCertificate(
                            "a name constraint's address block is malformed".to_owned(),
                        )
                    })?;
                    constraints.addresses.push(block);
                }
                _ => {}
            }
        }
        Ok(constraints)
    }
}

/// Whether `name` is `domain` or lies under it; a wildcard stands for any name it matches.
fn is_within(name: &str, domain: &str) -> bool {
    let domain = domain
        .strip_prefix('.')
        .unwrap_or(domain)
        .to_ascii_lowercase();
    let name = name.strip_prefix("*.").unwrap_or(name).to_ascii_lowercase();
    name.strip_suffix(&domain)
        .is_some_and(|rest| domain.is_empty() || rest.is_empty() || rest.ends_with('.'))
}

fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(octets) {
        return Some(v4.into());
    }
    <[u8; 16]>::try_from(octets).ok().map(IpAddr::from)
}

fn ip_block(octets: &[u8]) -> Option<IpNet> {
    if octets.len() != 8 && octets.len() != 32 {
        return None;
    }
    let (address, mask) = octets.split_at(octets.len() / 2);
    IpNet::with_netmask(ip_address(address)?, ip_address(mask)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_permit_what_lies_within() {
        let constraints = NameConstraints {
            dns: vec!["internal.domain".to_owned()],
            addresses: vec!["10.0.0.0/24".parse().unwrap()],
        };
        let dns = |name: &str| constraints.permits(&AlternativeName::Dns(name.to_owned()));
        assert!(
            dns("etcd-0.internal.domain") && dns("*.internal.domain") && dns("internal.domain")
        );
        assert!(!dns("localhost") && !dns("xinternal.domain"));
        let ip = |text: &str| constraints.permits(&AlternativeName::Ip(text.parse().unwrap()));
        assert!(ip("10.0.0.255") && !ip("10.0.1.0"));
        // No IPv6 block is listed, so no IPv6 address is permitted: the type is iPAddress for both.
        assert!(!ip("fd00::1"));
    }
}
