//! What `etcdpki inspect` shows.

use std::fmt::Write as _;

use pki_core::certificate::Certificate;
use pki_core::inspect::Item;
use pki_core::lint;
use serde::Serialize;
use vault_format::Header;

use crate::etcdpki::output::{BAD, DIM, HEADING, WARN, timestamp};

/// A file.
#[derive(Debug, Serialize)]
pub(super) struct FileView {
    pub(super) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) vault: Option<VaultView>,
    pub(super) items: Vec<ItemView>,
}

impl FileView {
    /// For a person.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("{HEADING}{}{HEADING:#}\n", self.path);
        if let Some(vault) = &self.vault {
            vault.write(&mut text);
        }
        for item in &self.items {
            item.write(&mut text);
        }
        text
    }
}

/// The envelope of a vault file.
#[derive(Debug, Serialize)]
pub(super) struct VaultView {
    version: String,
    cipher: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// Whether a password was at hand that opened it.
    pub(super) opened: bool,
}

impl VaultView {
    pub(super) fn new(header: &Header) -> Self {
        Self {
            version: header.version().to_owned(),
            cipher: header.method_name().to_owned(),
            label: header.label().map(|label| label.as_str().to_owned()),
            opened: false,
        }
    }

    fn write(&self, text: &mut String) {
        let label = self.label.as_deref().unwrap_or("default");
        let _ = writeln!(
            text,
            "  ansible-vault {} {}, label {label}",
            self.version, self.cipher
        );
        if !self.opened {
            let _ = writeln!(
                text,
                "  {DIM}not opened: no vault password at hand; see --vault-password-file{DIM:#}"
            );
        }
    }
}

/// Something in a file.
#[derive(Debug, Serialize)]
pub(super) struct ItemView {
    /// The key of a YAML document under which it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Kind {
    Certificate(Box<CertificateView>),
    PrivateKey {
        algorithm: String,
        public_key_sha256: String,
    },
    SealedKey {
        tier: String,
    },
    Other,
}

impl ItemView {
    pub(super) fn new(at: Option<String>, item: &Item) -> Self {
        let kind = match item {
            Item::Certificate(certificate) => {
                Kind::Certificate(Box::new(CertificateView::new(certificate)))
            }
            Item::PrivateKey {
                algorithm,
                public_key,
            } => Kind::PrivateKey {
                algorithm: algorithm.to_string(),
                public_key_sha256: public_key.to_string(),
            },
            Item::SealedKey { tier } => Kind::SealedKey {
                tier: tier.to_string(),
            },
            _ => Kind::Other,
        };
        Self { at, kind }
    }

    fn write(&self, text: &mut String) {
        if let Some(at) = &self.at {
            let _ = writeln!(text, "  {HEADING}{at}{HEADING:#}");
        }
        match &self.kind {
            Kind::Certificate(certificate) => certificate.write(text),
            Kind::PrivateKey {
                algorithm,
                public_key_sha256,
            } => {
                let _ = writeln!(
                    text,
                    "  private key, {algorithm}, in clear\n    {:18} {public_key_sha256}",
                    "public key SHA-256"
                );
            }
            Kind::SealedKey { tier } => {
                let _ = writeln!(
                    text,
                    "  sealed private key, tier {tier}\n    {DIM}`etcdpki verify` opens it and holds it against its certificate{DIM:#}"
                );
            }
            Kind::Other => {}
        }
    }
}

#[derive(Debug, Serialize)]
struct CertificateView {
    subject: String,
    issuer: String,
    serial: String,
    not_before: String,
    not_after: String,
    key: String,
    authority: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_len: Option<u32>,
    key_usages: Vec<String>,
    extended_key_usages: Vec<String>,
    alternative_names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permitted_names: Option<Vec<String>>,
    public_key_sha256: String,
    sha256: String,
    /// What breaks a rule of RFC 5280 or etcd, by itself.
    findings: Vec<FindingView>,
}

#[derive(Debug, Serialize)]
struct FindingView {
    code: &'static str,
    severity: &'static str,
    message: String,
}

impl CertificateView {
    fn new(certificate: &Certificate) -> Self {
        let texts =
            |names: &[String], blocks: Vec<String>| names.iter().cloned().chain(blocks).collect();
        Self {
            subject: certificate.subject.clone(),
            issuer: certificate.issuer.clone(),
            serial: certificate.serial_text(),
            not_before: timestamp(certificate.validity.not_before),
            not_after: timestamp(certificate.validity.not_after),
            key: certificate.key_algorithm.clone(),
            authority: certificate.authority.is_some(),
            path_len: certificate
                .authority
                .and_then(|authority| authority.path_len),
            key_usages: certificate
                .key_usages
                .iter()
                .map(ToString::to_string)
                .collect(),
            extended_key_usages: certificate
                .extended_key_usages
                .iter()
                .map(ToString::to_string)
                .collect(),
            alternative_names: certificate
                .alternative_names
                .iter()
                .map(ToString::to_string)
                .collect(),
            permitted_names: certificate.name_constraints.as_ref().map(|constraints| {
                texts(
                    &constraints.dns,
                    constraints
                        .addresses
                        .iter()
                        .map(ToString::to_string)
                        .collect(),
                )
            }),
            public_key_sha256: certificate.public_key.fingerprint().to_string(),
            sha256: certificate.fingerprint().to_string(),
            findings: lint::certificate(certificate)
                .into_iter()
                .map(|violation| FindingView {
                    code: violation.lint.code,
                    severity: violation.lint.severity.as_str(),
                    message: violation.message,
                })
                .collect(),
        }
    }

    fn write(&self, text: &mut String) {
        let kind = match (self.authority, self.path_len) {
            (true, Some(length)) => format!("authority, path length {length}"),
            (true, None) => "authority, no path length".to_owned(),
            (false, _) => "certificate".to_owned(),
        };
        let _ = writeln!(text, "  {kind}");
        let usages = [self.key_usages.as_slice(), &self.extended_key_usages]
            .concat()
            .join(", ");
        let validity = format!("{} to {}", self.not_before, self.not_after);
        let rows = [
            ("subject", self.subject.as_str()),
            ("issuer", &self.issuer),
            ("valid", &validity),
            ("key", &self.key),
            ("usages", &usages),
            ("names", &self.alternative_names.join(", ")),
            (
                "permits",
                &self
                    .permitted_names
                    .as_deref()
                    .unwrap_or_default()
                    .join(", "),
            ),
            ("serial", &self.serial),
            ("SHA-256", &self.sha256),
            ("public key SHA-256", &self.public_key_sha256),
        ];
        for (label, value) in rows {
            if !value.is_empty() {
                let _ = writeln!(text, "    {label:18} {value}");
            }
        }
        for finding in &self.findings {
            let style = match finding.severity {
                "error" => BAD,
                "warning" => WARN,
                _ => DIM,
            };
            let _ = writeln!(
                text,
                "    {style}{:18}{style:#} {} {DIM}[{}]{DIM:#}",
                finding.severity, finding.message, finding.code
            );
        }
    }
}
