//! The first line: `$ANSIBLE_VAULT;1.2;AES256;label`.

use std::fmt;

use crate::error::FormatProblem;
use crate::method::Method;
use crate::{Error, MAGIC, form};

/// The longest label that is written, in bytes.
pub(crate) const MAX_LABEL: usize = 255;

/// The label that stands for none.
const DEFAULT_LABEL: &str = "default";

/// The first line of a vault.
///
/// ```
/// use vault_format::Header;
///
/// let header = Header::parse(b"$ANSIBLE_VAULT;1.2;AES256;prod\n")?;
/// assert_eq!(header.method_name(), "AES256");
/// assert_eq!(header.label().unwrap().as_str(), "prod");
/// assert_eq!(header.to_string(), "$ANSIBLE_VAULT;1.2;AES256;prod");
/// # Ok::<(), vault_format::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    version: String,
    method: String,
    label: Option<Label>,
}

impl Header {
    /// The header of a new vault; the label `default` stands for none and is left out.
    #[must_use]
    pub fn new(method: Method, label: Option<&Label>) -> Self {
        let label = label
            .filter(|label| label.as_str() != DEFAULT_LABEL)
            .cloned();
        let version = if label.is_some() { "1.2" } else { "1.1" };
        Self {
            version: version.to_owned(),
            method: method.name().to_owned(),
            label,
        }
    }

    /// Reads the first line of `vault`, as tolerantly as ansible-core does: any version, blanks
    /// around the fields, more fields than needed, and a label whatever the version.
    ///
    /// # Errors
    ///
    /// [`Error::NotVault`] if the line is not ASCII or does not start with `$ANSIBLE_VAULT`,
    /// [`Error::Format`] if it has fewer than three fields.
    pub fn parse(vault: &[u8]) -> Result<Self, Error> {
        let end = vault
            .iter()
            .position(|b| matches!(b, b'\n' | b'\r'))
            .unwrap_or(vault.len());
        let line = match str::from_utf8(&vault[..end]) {
            Ok(line) if line.is_ascii() && vault.starts_with(MAGIC) => line,
            _ => {
                return Err(Error::NotVault {
                    hint: form::not_vault(vault),
                });
            }
        };
        let mut fields = line.split(';').map(|field| field.trim_matches(is_blank));
        let (Some(_magic), Some(version), Some(method)) =
            (fields.next(), fields.next(), fields.next())
        else {
            let column = u64::try_from(line.len())
                .unwrap_or(u64::MAX)
                .saturating_add(1);
            return Err(Error::Format {
                problem: FormatProblem::MissingHeaderField,
                line: 1,
                column,
            });
        };
        let label = fields.next().filter(|label| !label.is_empty());
        Ok(Self {
            version: version.to_owned(),
            method: method.to_owned(),
            label: label.map(|label| Label(label.to_owned())),
        })
    }

    /// The version of the format, which says nothing: `1.2` has a label, and readers ignore it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The method as the header names it.
    #[must_use]
    pub fn method_name(&self) -> &str {
        &self.method
    }

    /// The method.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedMethod`] if this version does not know it.
    pub fn method(&self) -> Result<Method, Error> {
        Method::from_name(&self.method)
    }

    /// The label, a hint at which secret fits. Nothing authenticates it.
    #[must_use]
    pub fn label(&self) -> Option<&Label> {
        self.label.as_ref()
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$ANSIBLE_VAULT;")?;
        write!(f, "{};{}", self.version, self.method)?;
        match &self.label {
            Some(label) => write!(f, ";{label}"),
            None => Ok(()),
        }
    }
}

/// The name of a secret, also called vault id.
///
/// A label that this library writes can be read back by every reader: [`Label::new`] is strict.
/// One that was read from a file may be any ASCII text without a semicolon.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Label(String);

impl Label {
    /// A label to write.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidLabel`] unless it is 1 to 255 printable ASCII characters without a
    /// semicolon and without a space at either end.
    pub fn new(label: &str) -> Result<Self, Error> {
        let problem = if label.is_empty() {
            "the label is empty"
        } else if label.len() > MAX_LABEL {
            "the label is too long"
        } else if label.contains(';') {
            "the label has a semicolon"
        } else if !label.bytes().all(|b| matches!(b, b' '..=b'~')) {
            "the label has a character that is not printable ASCII"
        } else if label.starts_with(' ') || label.ends_with(' ') {
            "the label has a space at an end"
        } else {
            return Ok(Self(label.to_owned()));
        };
        Err(Error::InvalidLabel { problem })
    }

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What ansible-core strips from header fields.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_ansible_core_reads() {
        for (line, method, label) in [
            ("$ANSIBLE_VAULT;1.1;AES256", "AES256", None),
            ("$ANSIBLE_VAULT;1.2;AES256;dev", "AES256", Some("dev")),
            ("$ANSIBLE_VAULT;1.1;AES256;dev", "AES256", Some("dev")),
            ("$ANSIBLE_VAULT;1.2;AES256", "AES256", None),
            ("$ANSIBLE_VAULT;1.2;AES256;", "AES256", None),
            ("$ANSIBLE_VAULT;;AES256", "AES256", None),
            ("$ANSIBLE_VAULT;../../etc;AES256", "AES256", None),
            ("$ANSIBLE_VAULT_X;9.9;AES256", "AES256", None),
            (
                "$ANSIBLE_VAULT ; 1.2\t; AES256 ; a b ;more;fields  ",
                "AES256",
                Some("a b"),
            ),
            ("$ANSIBLE_VAULT;1.1;aes256\r\nbody", "aes256", None),
            ("$ANSIBLE_VAULT;1.1;\nbody", "", None),
        ] {
            let header = Header::parse(line.as_bytes()).unwrap();
            assert_eq!(header.method_name(), method, "{line}");
            assert_eq!(header.label().map(Label::as_str), label, "{line}");
        }
    }

    #[test]
    fn refuses_what_is_no_header() {
        for line in [
            "",
            "\n",
            "$ANSIBLE_VAUL",
            "$ansible_vault;1.1;AES256",
            " $ANSIBLE_VAULT;1;1",
        ] {
            let error = Header::parse(line.as_bytes()).unwrap_err();
            assert!(matches!(error, Error::NotVault { .. }), "{line}: {error}");
        }
        for line in [
            "$ANSIBLE_VAULT",
            "$ANSIBLE_VAULT;",
            "$ANSIBLE_VAULT;1.1",
            "$ANSIBLE_VAULT\n;;",
        ] {
            let error = Header::parse(line.as_bytes()).unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::Format {
                        problem: FormatProblem::MissingHeaderField,
                        line: 1,
                        ..
                    }
                ),
                "{line}: {error}"
            );
        }
    }

    #[test]
    fn a_header_is_written_as_it_was_read() {
        for line in ["$ANSIBLE_VAULT;1.1;AES256", "$ANSIBLE_VAULT;9.9;AES256;dev"] {
            assert_eq!(Header::parse(line.as_bytes()).unwrap().to_string(), line);
        }
        let header = Header::parse(b"$ANSIBLE_VAULT;9.9;AES256").unwrap();
        assert_eq!(header.version(), "9.9");
        assert_eq!(header.method().unwrap().to_string(), "AES256");
    }

    #[test]
    fn default_is_no_label() {
        let label = Label::new("default").unwrap();
        let header = Header::new(Method::Aes256, Some(&label));
        assert_eq!(header.to_string(), "$ANSIBLE_VAULT;1.1;AES256");
        let label = Label::new("a b").unwrap();
        let header = Header::new(Method::Aes256, Some(&label));
        assert_eq!(header.to_string(), "$ANSIBLE_VAULT;1.2;AES256;a b");
    }

    #[test]
    fn labels_that_could_not_be_read_back_are_refused() {
        let long = "x".repeat(256);
        for label in ["", ";", "a;b", "a\nb", "ä", " a", "a ", "a\tb", &long] {
            let error = Label::new(label).unwrap_err();
            assert!(matches!(error, Error::InvalidLabel { .. }), "{label}");
        }
        assert!(Label::new(&long[1..]).is_ok());
    }
}
