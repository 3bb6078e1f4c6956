//! Certificate revocation lists (RFC 5280 section 5), read.

use std::collections::BTreeSet;
use std::fmt;

use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;
use time::OffsetDateTime;
use webpki::{CertRevocationList, OwnedCertRevocationList};
use x509_parser::asn1_rs::Any;
use x509_parser::prelude::{CertificateRevocationList, FromDer, ParsedExtension};

use crate::certificate::Certificate;

/// A revocation list. Reading it checks its form, not its signature.
pub struct RevocationList {
    der: Vec<u8>,
    /// Whether it was read from PEM, which etcd 3.6 and later do not take.
    pub was_pem: bool,
    /// The issuer as text.
    pub issuer: String,
    /// The version: 2 for every list with extensions.
    pub version: u32,
    /// When it was made.
    pub this_update: OffsetDateTime,
    /// When the next one is due.
    pub next_update: Option<OffsetDateTime>,
    /// The object identifier of the signature algorithm, as dotted numbers.
    pub signature_algorithm: String,
    /// Whether it has a number.
    pub is_numbered: bool,
    /// Whether it has an authority key identifier.
    pub has_authority_key_identifier: bool,
    /// Whether the list of revoked certificates is there and empty.
    pub lists_nothing: bool,
    /// How many entries repeat a serial number.
    pub repeated: usize,
    serials: BTreeSet<Vec<u8>>,
    checked: Option<CertRevocationList<'static>>,
}

impl RevocationList {
    /// Reads a list from DER, or from the first block of a PEM text.
    ///
    /// # Errors
    ///
    /// When it is neither.
    pub fn read(content: &[u8]) -> Result<Self, InvalidRevocationList> {
        let was_pem = content.first() != Some(&DER_SEQUENCE);
        let der = match was_pem {
            false => content.to_vec(),
            true => CertificateRevocationListDer::from_pem_slice(content)
                .map_err(|_| InvalidRevocationList::Missing)?
                .as_ref()
                .to_vec(),
        };
        let (rest, parsed) = CertificateRevocationList::from_der(&der)
            .map_err(|error| InvalidRevocationList::Malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(InvalidRevocationList::Trailing);
        }
        let mut list = Self {
            was_pem,
            issuer: crate::certificate::name_text(parsed.issuer()),
            version: parsed
                .version()
                .map_or(1, |version| version.0.saturating_add(1)),
            this_update: parsed.last_update().to_datetime(),
            next_update: parsed.next_update().map(|at| at.to_datetime()),
            signature_algorithm: parsed.signature_algorithm.algorithm.to_id_string(),
            is_numbered: parsed.crl_number().is_some(),
            has_authority_key_identifier: parsed.extensions().iter().any(|extension| {
                let parsed = extension.parsed_extension();
                matches!(parsed, ParsedExtension::AuthorityKeyIdentifier(_))
            }),
            lists_nothing: lists_nothing(parsed.tbs_cert_list.as_ref()),
            repeated: 0,
            serials: BTreeSet::new(),
            checked: OwnedCertRevocationList::from_der(&der).ok().map(Into::into),
            der: Vec::new(),
        };
        for revoked in parsed.iter_revoked_certificates() {
            if !list.serials.insert(revoked.serial().to_bytes_be()) {
                list.repeated += 1;
            }
        }
        list.der = der;
        Ok(list)
    }

    /// The list as DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// How many certificates it revokes.
    pub fn len(&self) -> usize {
        self.serials.len()
    }

    /// Whether it revokes none.
    pub fn is_empty(&self) -> bool {
        self.serials.is_empty()
    }

    /// Whether it lists the serial number of `certificate`, whoever issued that: so etcd reads it.
    pub fn lists(&self, certificate: &Certificate) -> bool {
        self.serials.contains(&certificate.serial)
    }

    /// Whether the time for the next list has passed.
    pub fn is_outdated(&self, at: OffsetDateTime) -> bool {
        self.next_update.is_some_and(|next| next < at)
    }

    /// As the path validator reads it; `None` for what it does not know, such as version 1.
    pub(super) fn for_validation(&self) -> Option<&CertRevocationList<'static>> {
        self.checked.as_ref()
    }
}

impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationList")
            .field("issuer", &self.issuer)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// Whether these octets are a CRL in DER to the letter, as Go and so etcd demands.
pub(crate) fn is_strict_crl(der: &[u8]) -> bool {
    OwnedCertRevocationList::from_der(der).is_ok()
}

/// The optional revokedCertificates is the only SEQUENCE after the instants, and extensions
/// follow it with a tag of their own (RFC 5280 section 5.1).
fn lists_nothing(tbs: &[u8]) -> bool {
    let Ok((_, whole)) = Any::from_der(tbs) else {
        return false;
    };
    let mut rest = whole.data;
    let mut after_time = false;
    while let Ok((next, element)) = Any::from_der(rest) {
        let tag = element.header.tag().0;
        after_time |= tag == UTC_TIME || tag == GENERALIZED_TIME;
        if after_time && tag == SEQUENCE && element.header.is_universal() {
            return element.data.is_empty();
        }
        rest = next;
    }
    false
}

/// Why something is not a revocation list.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRevocationList {
    /// It cannot be read.
    #[error("not a certificate revocation list: {0}")]
    Malformed(String),
    /// It is neither DER nor PEM.
    #[error("neither DER nor a `-----BEGIN X509 CRL-----` block in it")]
    Missing,
    /// Something follows it.
    #[error("octets follow the revocation list, which etcd refuses to read")]
    Trailing,
}

/// The first octet of every list as DER.
const DER_SEQUENCE: u8 = 0x30;
const GENERALIZED_TIME: u32 = 24;
const SEQUENCE: u32 = 16;
const UTC_TIME: u32 = 23;
