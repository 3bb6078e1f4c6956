//! What `etcdpki inspect` shows.

use std::fmt::Write as _;

use pki_core::certificate::Certificate;
use pki_core::inspect::Item;
use pki_core::lint;
use serde::Serialize;
use vault_format::Header;

use super::crl::CrlView;
use super::own::{DescriptionView, JournalView, RequestView, RevocationView, SignerView};
use super::rows;
use crate::etcdpki::ca::Listing;
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
    /// Which one of those that stand together it is, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    #[serde(skip)]
    count: usize,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Kind {
    Certificate(Box<CertificateView>),
    Crl(Box<CrlView>),
    Description(DescriptionView),
    Journal(JournalView),
    Keyring(Listing),
    PrivateKey {
        algorithm: String,
        /// Whether it can be read without a secret.
        in_clear: bool,
        public_key_sha256: String,
    },
    Request(RequestView),
    Revocation(RevocationView),
    SealedKey {
        tier: String,
        cipher: &'static str,
    },
    Signer(SignerView),
    Other,
}

/// Where items stand.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    /// In a file that everybody can read.
    Clear,
    /// In an encrypted file, under a key if it is YAML.
    Vault(Option<&'a str>),
}

impl ItemView {
    /// What stands together, in its order.
    pub(super) fn all(place: Place<'_>, items: &[Item]) -> Vec<Self> {
        let count = items.len();
        let items = items.iter().enumerate();
        items
            .map(|(index, item)| Self {
                index: (count > 1).then_some(index + 1),
                count,
                ..Self::new(place, item)
            })
            .collect()
    }

    fn new(place: Place<'_>, item: &Item) -> Self {
        let kind = match item {
            Item::Certificate(certificate) => {
                Kind::Certificate(Box::new(CertificateView::new(certificate)))
            }
            Item::Crl(crl) => Kind::Crl(Box::new(CrlView::new(crl))),
            Item::Description(cluster) => Kind::Description(DescriptionView::new(cluster)),
            Item::Journal(journal) => Kind::Journal(JournalView::new(journal)),
            Item::Keyring(keyring) => Kind::Keyring(Listing::of(keyring)),
            Item::PrivateKey {
                algorithm,
                public_key,
            } => Kind::PrivateKey {
                algorithm: algorithm.to_string(),
                in_clear: matches!(place, Place::Clear),
                public_key_sha256: public_key.to_string(),
            },
            Item::Request(request) => Kind::Request(RequestView::new(request)),
            Item::Revocation(record) => Kind::Revocation(RevocationView::new(record)),
            Item::SealedKey { tier } => Kind::SealedKey {
                tier: tier.to_string(),
                cipher: "XChaCha20-Poly1305",
            },
            Item::Signer(custody) => Kind::Signer(SignerView::new(custody)),
            _ => Kind::Other,
        };
        let at = match place {
            Place::Clear => None,
            Place::Vault(at) => at.map(str::to_owned),
        };
        Self {
            at,
            index: None,
            count: 1,
            kind,
        }
    }

    fn write(&self, text: &mut String) {
        let of = |index| format!("{index} of {}", self.count);
        let heading = match (&self.at, self.index.map(of)) {
            (Some(at), Some(of)) => Some(format!("{at}, {of}")),
            (Some(at), None) => Some(at.clone()),
            (None, of) => of,
        };
        if let Some(heading) = heading {
            let _ = writeln!(text, "  {HEADING}{heading}{HEADING:#}");
        }
        match &self.kind {
            Kind::Certificate(certificate) => certificate.write(text),
            Kind::Crl(crl) => crl.write(text),
            Kind::Description(description) => description.write(text),
            Kind::Journal(journal) => journal.write(text),
            Kind::Keyring(listing) => {
                let _ = writeln!(text, "  keyring: the data keys, wrapped by its slots");
                for line in listing.to_text().lines() {
                    let _ = writeln!(text, "    {line}");
                }
            }
            Kind::PrivateKey {
                algorithm,
                in_clear,
                public_key_sha256,
            } => {
                let kept = match in_clear {
                    true => "in clear",
                    false => "encrypted in this file",
                };
                let _ = writeln!(text, "  private key, {algorithm}, {kept}");
                rows(text, &[("public key SHA-256", public_key_sha256)]);
            }
            Kind::Request(request) => request.write(text),
            Kind::Revocation(record) => record.write(text),
            Kind::SealedKey { tier, cipher } => {
                let _ = writeln!(
                    text,
                    "  sealed private key\n    {:18} {tier}, whose data key is in keyring.yml\n    {:18} {cipher}, bound to its place and the certificate beside it\n    {DIM}`etcdpki verify` opens it and holds it against its certificate{DIM:#}",
                    "tier", "cipher"
                );
            }
            Kind::Signer(signer) => signer.write(text),
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
        let lines = [
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
        rows(text, &lines);
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
