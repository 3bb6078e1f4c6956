//! Reading a list.

use time::OffsetDateTime;
use x509_parser::asn1_rs::Any;
use x509_parser::prelude::{FromDer, ParsedExtension};
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate};

use super::{Crl, CrlNumber, Entry, InvalidCrl, Reason};
use crate::certificate::name_text;
use crate::pem;

impl Crl {
    /// Reads a list from DER, or from the first block of a PEM text, as etcd up to 3.5 does.
    ///
    /// # Errors
    ///
    /// When it is neither.
    pub fn read(content: &[u8]) -> Result<Self, InvalidCrl> {
        if content.first() == Some(&DER_SEQUENCE) {
            return Self::from_der(content);
        }
        let blocks = pem::read(content)?;
        let list = blocks.iter().find(|block| block.label == pem::CRL);
        let crl = Self::from_der(&list.ok_or(InvalidCrl::Missing)?.content)?;
        Ok(Self {
            was_pem: true,
            ..crl
        })
    }

    /// Reads a list from DER.
    ///
    /// # Errors
    ///
    /// When the octets are not exactly one list.
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidCrl> {
        let (rest, parsed) = CertificateRevocationList::from_der(der)
            .map_err(|error| InvalidCrl::Malformed(pem::instead_of_der(der, "Crl::read", error)))?;
        if !rest.is_empty() {
            return Err(InvalidCrl::Trailing);
        }
        let next_update = parsed.next_update().map(|time| instant(time.timestamp()));
        let number = parsed.crl_number();
        let entries = parsed.iter_revoked_certificates().map(Entry::read);
        let mut identifiers =
            parsed
                .extensions()
                .iter()
                .filter_map(|extension| match extension.parsed_extension() {
                    ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref(),
                    _ => None,
                });
        Ok(Self {
            der: der.to_vec(),
            was_pem: false,
            version: parsed
                .version()
                .map_or(1, |version| version.0.saturating_add(1)),
            issuer: name_text(parsed.issuer()),
            number: number.map(|number| CrlNumber::new(&number.to_bytes_be())),
            this_update: instant(parsed.last_update().timestamp())?,
            next_update: next_update.transpose()?,
            entries: entries.collect::<Result<_, _>>()?,
            lists_nothing: lists_nothing(parsed.tbs_cert_list.as_ref()),
            authority_key_identifier: identifiers.next().map(|id| id.0.to_vec()),
            signature_algorithm: parsed.signature_algorithm.algorithm.to_id_string(),
            raw_issuer: parsed.issuer().as_raw().to_vec(),
        })
    }
}

impl Entry {
    fn read(revoked: &RevokedCertificate<'_>) -> Result<Self, InvalidCrl> {
        let code = revoked.reason_code().map_or(0, |(_, code)| code.0);
        let invalid_since = revoked
            .invalidity_date()
            .map(|(_, time)| instant(time.timestamp()));
        Ok(Self {
            serial: revoked.serial().to_bytes_be(),
            revoked: instant(revoked.revocation_date.timestamp())?,
            reason: Reason::from_code(code).unwrap_or(Reason::Unspecified),
            invalid_since: invalid_since.transpose()?,
        })
    }
}

fn instant(timestamp: i64) -> Result<OffsetDateTime, InvalidCrl> {
    OffsetDateTime::from_unix_timestamp(timestamp).map_err(|_| InvalidCrl::Date)
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

/// The first octet of every list as DER.
const DER_SEQUENCE: u8 = 0x30;
const GENERALIZED_TIME: u32 = 24;
const SEQUENCE: u32 = 16;
const UTC_TIME: u32 = 23;
