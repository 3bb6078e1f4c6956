//! Names that certificates carry: DNS names, addresses, and the subjects of clients.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::certificate::AlternativeName;

/// A DNS host name in lower case without a final dot (RFC 1123 section 2.1, RFC 5890 A-labels).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DnsName(String);

impl DnsName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This name with `label` put before it.
    ///
    /// # Errors
    ///
    /// When the label is not one, or the whole is longer than 253 octets.
    pub fn prefixed(&self, label: &Label) -> Result<Self, InvalidName> {
        format!("{label}.{self}").parse()
    }

    /// Whether this name is `domain` or lies under it.
    ///
    /// That is how RFC 5280 section 4.2.1.10 matches a dNSName constraint.
    pub fn is_within(&self, domain: &Self) -> bool {
        self.0
            .strip_suffix(domain.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

impl FromStr for DnsName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |reason| InvalidName {
            name: text.to_owned(),
            reason,
        };
        if text.is_empty() {
            return Err(invalid("it is empty"));
        }
        if text.len() > 253 {
            return Err(invalid("it is longer than 253 octets"));
        }
        if text.ends_with('.') {
            return Err(invalid("it ends in a dot, which certificates do not carry"));
        }
        for label in text.split('.') {
            check_label(label).map_err(invalid)?;
        }
        let last = text.rsplit('.').next().unwrap_or(text);
        if last.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid(
                "its last label is a number, so it would be read as an address",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One label of a DNS name: what `ansible_hostname` says of a node.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Label(String);

impl Label {
    /// The label as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Label {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match check_label(text) {
            Ok(()) => Ok(Self(text.to_owned())),
            Err(reason) => Err(InvalidName {
                name: text.to_owned(),
                reason,
            }),
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a client: the common name of its certificate, and with that its etcd user.
///
/// Letters, digits and `.`, `_`, `@`, `-`, the first a letter or a digit; at most 64 characters
/// (ub-common-name, RFC 5280 appendix A.1).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClientName(String);

impl ClientName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |reason| InvalidName {
            name: text.to_owned(),
            reason,
        };
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(invalid("it must begin with a letter or a digit"));
        }
        if text.len() > MAX_COMMON_NAME {
            return Err(invalid(
                "it is longer than the 64 characters of a common name",
            ));
        }
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte))
        {
            return Err(invalid("it may hold letters, digits and . _ @ - only"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A subject alternative name of a certificate (RFC 5280 section 4.2.1.6).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum San {
    /// A dNSName.
    Dns(DnsName),
    /// An iPAddress.
    Ip(IpAddr),
    /// A uniformResourceIdentifier.
    Uri(Uri),
    /// A dNSName whose first label is `*`, and the rest is this name.
    Wildcard(DnsName),
}

impl San {
    /// Reads a dNSName, which may begin with `*.`.
    ///
    /// # Errors
    ///
    /// When it is neither a DNS name nor a wildcard.
    pub(crate) fn parse_dns(text: &str) -> Result<Self, InvalidName> {
        match text.strip_prefix("*.") {
            Some(rest) => Ok(Self::Wildcard(rest.parse()?)),
            None => Ok(Self::Dns(text.parse()?)),
        }
    }
}

impl FromStr for San {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        match text.contains("://") {
            true => Ok(Self::Uri(text.parse()?)),
            false => Self::parse_dns(text),
        }
    }
}

impl fmt::Display for San {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => name.fmt(f),
            Self::Ip(address) => address.fmt(f),
            Self::Uri(uri) => uri.fmt(f),
            Self::Wildcard(rest) => write!(f, "*.{rest}"),
        }
    }
}

impl From<San> for AlternativeName {
    fn from(san: San) -> Self {
        match san {
            San::Ip(address) => Self::Ip(address),
            San::Dns(_) | San::Wildcard(_) => Self::Dns(san.to_string()),
            San::Uri(uri) => Self::Other(format!("URI:{uri}")),
        }
    }
}

/// An absolute URI with an authority, such as `spiffe://cluster/etcd-0` (RFC 5280 section 4.2.1.6,
/// RFC 3986).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Uri(String);

impl Uri {
    /// The URI as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Uri {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |reason| InvalidName {
            name: text.to_owned(),
            reason,
        };
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(invalid("a URI has a scheme and `://`"));
        };
        let of_scheme = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if !scheme.starts_with(|c: char| c.is_ascii_lowercase())
            || !scheme
                .bytes()
                .all(|byte| of_scheme(byte) || b"+-.".contains(&byte))
        {
            return Err(invalid(
                "its scheme is not one: lower-case letters and digits",
            ));
        }
        if rest.starts_with(['/', '?', '#']) || rest.is_empty() {
            return Err(invalid("no host follows its scheme"));
        }
        if text.len() > 2048 || !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid(
                "it is too long or holds characters that a URI does not",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is not a name of the kind asked for.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", match .name.as_str() {
    "" => "the name is empty".to_owned(),
    name => format!("`{name}` is not a valid name: {reason}"),
})]
pub struct InvalidName {
    name: String,
    reason: &'static str,
}

impl InvalidName {
    pub(crate) fn reason(&self) -> &'static str {
        self.reason
    }
}

/// The longest common name, ub-common-name of RFC 5280 appendix A.1.
pub(crate) const MAX_COMMON_NAME: usize = 64;

fn check_label(label: &str) -> Result<(), &'static str> {
    if label.is_empty() {
        return Err("a label is empty");
    }
    if label.len() > 63 {
        return Err("a label is longer than 63 octets");
    }
    if label.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("write it in lower case");
    }
    if !label
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        return Err("a label may hold letters, digits and hyphens only");
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err("a label must not begin or end with a hyphen");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_names() {
        for good in [
            "a",
            "etcd-0.your-internal.domain",
            "1.example",
            "xn--bcher-kva.example",
        ] {
            assert!(good.parse::<DnsName>().is_ok(), "{good}");
        }
        let long = format!("{}.a", "a".repeat(63)).repeat(5);
        for bad in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "-a",
            "a-",
            "A.example",
            "a_b.example",
            "bücher.example",
            "10.0.0.1",
            "example.1",
            "a b",
            "*.example",
            "a/b",
            &"a".repeat(64),
            &long,
        ] {
            assert!(bad.parse::<DnsName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn within_a_domain() {
        let domain: DnsName = "internal.domain".parse().unwrap();
        for (name, within) in [
            ("internal.domain", true),
            ("a.internal.domain", true),
            ("a.b.internal.domain", true),
            ("notinternal.domain", false),
            ("domain", false),
        ] {
            assert_eq!(
                name.parse::<DnsName>().unwrap().is_within(&domain),
                within,
                "{name}"
            );
        }
    }

    #[test]
    fn client_names() {
        for good in ["etcdctl", "kube-apiserver", "user@example.com", "a", "0"] {
            assert!(good.parse::<ClientName>().is_ok(), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            "_shared",
            "-x",
            "a/b",
            "a b",
            "ä",
            &"a".repeat(65),
        ] {
            assert!(bad.parse::<ClientName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn alternative_names() {
        assert_eq!(
            "fd00::10".parse::<San>().unwrap(),
            San::Ip("fd00::10".parse().unwrap())
        );
        assert_eq!("*.a.b".parse::<San>().unwrap().to_string(), "*.a.b");
        assert!("10.0.0.300".parse::<San>().is_err());
        assert!("a.*.b".parse::<San>().is_err());
        for good in ["spiffe://etcd/node/0", "https://a.b:8443/x?y"] {
            assert_eq!(good.parse::<San>().unwrap().to_string(), good);
        }
        for bad in ["://x", "a://", "A://x", "a:///x", "a://x y", "a://\u{e9}"] {
            assert!(bad.parse::<San>().is_err(), "{bad}");
        }
    }
}
