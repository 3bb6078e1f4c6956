//! Where the key of an authority is.

use serde::{Deserialize, Serialize};

use super::SignerConfig;
use crate::lifetime::Lifetime;

/// Where the key of an authority is.
///
/// It is sealed beside the certificate, unless a file `ca.signer.yml` stands there instead:
///
/// ```yaml
/// version: 1
/// command: [openssl, dgst, -sha384, -sign, /media/stick/ca.key]
/// timeout: 60s
/// ```
///
/// for a key that a command signs with, `timeout` being optional, or
///
/// ```yaml
/// version: 1
/// offline: true
/// ```
///
/// for one that signs elsewhere, whose answers are brought here by hand.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Custody {
    /// A command signs with it.
    Command(SignerConfig),
    /// It signs elsewhere, by hand.
    Offline,
    /// It is here, sealed.
    Sealed,
}

impl Custody {
    /// Reads `ca.signer.yml`.
    ///
    /// # Errors
    ///
    /// When it is not one, or of a version that is not known.
    pub fn from_yaml(text: &str) -> Result<Self, InvalidCustody> {
        let file: File = serde_saphyr::from_str(text)
            .map_err(|error| InvalidCustody(error.without_snippet().to_string()))?;
        if file.version != VERSION {
            let version = file.version;
            return Err(InvalidCustody(format!(
                "version {version}, which this program does not know: use a newer etcdpki"
            )));
        }
        match (file.offline, file.command) {
            (true, None) => Ok(Self::Offline),
            (false, Some(command)) => {
                let timeout: Option<Lifetime> = match file.timeout {
                    None => None,
                    Some(text) => Some(
                        text.parse()
                            .map_err(|error| InvalidCustody(format!("timeout: {error}")))?,
                    ),
                };
                Ok(Self::Command(SignerConfig::new(command, timeout)?))
            }
            _ => Err(InvalidCustody(
                "write either the command that signs, or offline: true".to_owned(),
            )),
        }
    }

    /// The text of `ca.signer.yml`; a key that is sealed needs none.
    pub fn to_yaml(&self) -> Option<String> {
        let (header, file) = match self {
            Self::Command(config) => (
                COMMAND_HEADER,
                File {
                    version: VERSION,
                    offline: false,
                    command: Some(config.command().to_vec()),
                    timeout: Some(config.timeout().to_string()),
                },
            ),
            Self::Offline => (
                OFFLINE_HEADER,
                File {
                    version: VERSION,
                    offline: true,
                    command: None,
                    timeout: None,
                },
            ),
            Self::Sealed => return None,
        };
        let body = serde_saphyr::to_string(&file).ok()?;
        Some(format!("{header}{body}"))
    }
}

/// A text that is no `ca.signer.yml`.
#[derive(Clone, Debug, thiserror::Error)]
#[error("not the description of a signer: {0}")]
pub struct InvalidCustody(pub(super) String);

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u8,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    offline: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    command: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout: Option<String>,
}

const VERSION: u8 = 1;
const COMMAND_HEADER: &str = "\
# The key of this authority is not here: this command signs with it. Every command of etcdpki that
# signs with this authority runs it, so take this file from no one whom you do not trust.
";
const OFFLINE_HEADER: &str = "\
# The key of this authority is not here: it signs elsewhere. What it is to sign comes out of
# `etcdpki ca request`, and its answer goes into `etcdpki ca accept`.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        let command = vec!["a b".to_owned(), "no".to_owned(), "1:30".to_owned()];
        let config = SignerConfig::new(command, Some("90s".parse().unwrap())).unwrap();
        for custody in [Custody::Command(config), Custody::Offline] {
            let text = custody.to_yaml().unwrap();
            assert_eq!(Custody::from_yaml(&text).unwrap(), custody, "{text}");
        }
        assert_eq!(Custody::Sealed.to_yaml(), None);
        for bad in [
            "version: 1\ncommand: []\n",
            "version: 2\noffline: true\n",
            "version: 1\ncommand: [a]\ntimeout: 2h\n",
            "version: 1\ncommand: [a]\nshell: yes\n",
            "version: 1\ncommand: [a]\noffline: true\n",
            "version: 1\n",
            "",
        ] {
            assert!(Custody::from_yaml(bad).is_err(), "{bad}");
        }
    }
}
