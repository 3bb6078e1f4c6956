//! Where a store on etcd is: its members and the prefix of its keys.

use std::fmt;
use std::str::FromStr;

/// `etcd://HOST:PORT[,HOST:PORT…]/PREFIX`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    members: Vec<String>,
    prefix: String,
}

/// What is wrong with an address.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` names no store on etcd: {fault}; write etcd://HOST:PORT[,HOST:PORT…]/PREFIX")]
pub struct InvalidAddress {
    text: String,
    fault: &'static str,
}

impl Address {
    /// Whether a text means a store on etcd, and not a directory.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// The URLs of the members, for TLS.
    pub fn urls(&self) -> Vec<String> {
        let url = |member| format!("https://{member}");
        self.members.iter().map(url).collect()
    }

    /// Another store at the same members. Its prefix ends in a slash.
    #[cfg(feature = "etcd")]
    pub(super) fn with_prefix(&self, prefix: &str) -> Self {
        Self {
            members: self.members.clone(),
            prefix: prefix.to_owned(),
        }
    }

    /// What every key of the store begins with; it ends in a slash.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |fault| InvalidAddress {
            text: text.to_owned(),
            fault,
        };
        let rest = text
            .strip_prefix(SCHEME)
            .ok_or_else(|| invalid("it does not begin with etcd://"))?;
        let (members, prefix) = rest
            .split_once('/')
            .ok_or_else(|| invalid("the prefix of its keys is missing"))?;
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        if prefix.is_empty() {
            return Err(invalid("the prefix of its keys is missing"));
        }
        if !prefix.split('/').all(is_name) {
            return Err(invalid(
                "a part of the prefix is empty or holds other characters than letters, digits, `.`, `-` and `_`",
            ));
        }
        if !members.split(',').all(is_member) {
            return Err(invalid("a member is not HOST:PORT"));
        }
        Ok(Self {
            members: members.split(',').map(str::to_owned).collect(),
            prefix: format!("/{prefix}/"),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = self.prefix.trim_end_matches('/');
        write!(f, "{SCHEME}{}{prefix}", self.members.join(","))
    }
}

fn is_name(part: &str) -> bool {
    !part.is_empty() && part.chars().all(is_plain)
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_')
}

fn is_member(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_host = match bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => is_name(host),
    };
    is_host && port.parse::<u16>().is_ok_and(|port| port > 0)
}

const SCHEME: &str = "etcd://";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written() {
        for text in [
            "etcd://etcd-0.example:2379/pki",
            "etcd://10.0.0.1:2379,[fd00::1]:2379/teams/a_b.c-d",
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
        let address: Address = "etcd://a:1,b:2/pki/".parse().unwrap();
        assert_eq!(address.prefix(), "/pki/");
        assert_eq!(address.urls(), ["https://a:1", "https://b:2"]);
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said() {
        for (text, fault) in [
            ("https://a:1/pki", "begin with etcd://"),
            ("etcd://a:1", "prefix of its keys is missing"),
            ("etcd://a:1/", "prefix of its keys is missing"),
            ("etcd://a:1//pki", "part of the prefix"),
            ("etcd://a:1/p ki", "part of the prefix"),
            ("etcd://a/pki", "HOST:PORT"),
            ("etcd://a:0/pki", "HOST:PORT"),
            ("etcd://a:1,/pki", "HOST:PORT"),
            ("etcd://user@a:1/pki", "HOST:PORT"),
            ("etcd://[a]:1/pki", "HOST:PORT"),
            ("etcd:///pki", "HOST:PORT"),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(fault), "{error}");
        }
    }
}
