//! Certificate revocation lists (RFC 5280 section 5), as etcd and as verifiers after RFC 5280
//! need them.
//!
//! etcd (`--client-crl-file`, `--peer-crl-file`) takes one list and looks at nothing in it but
//! serial numbers: every certificate that a client sent is refused if its serial is there,
//! whichever authority issued it and whoever signed the list. It reads the file at each new
//! connection. Up to 3.5 it takes DER or the first block of a PEM file, from 3.6 on DER alone; a
//! file that is missing or that it cannot read refuses everybody. A verifier after RFC 5280
//! needs a list of each authority whose certificates it checks, signed by that authority.
//!
//! | file | signed by | on it |
//! |---|---|---|
//! | `crl/etcd.crl`, and as PEM `crl/etcd.pem` | the authority that signs leaves now | every revoked serial, whoever issued it |
//! | `crl/authorities/NAME/GENERATION.crl` | each other authority that is here | what that authority issued |
//!
//! The merged list is not an indirect one (section 5.2.5), which would name the issuer of each
//! foreign entry. For that the list must carry a critical issuingDistributionPoint, upon which
//! OpenSSL (without `-extended_crl`) and webpki refuse the whole list. Without it, it is
//! by the letter the complete list of the authority that signed it: right about everything that
//! this authority issued, which is all that a verifier may take from it. The surplus entries
//! match nothing, since serials are random and unique over all authorities ([`crate::serial`]).
//!
//! Every list is of version 2, with an authorityKeyIdentifier and a cRLNumber; without
//! `revokedCertificates` when nothing is revoked (section 5.1.2.6); `thisUpdate` is set back as
//! far as certificates are, against clocks that are late, while the date of a revocation is that
//! of the command. An expired certificate leaves a list when one was signed after its end
//! (section 3.3).
//!
//! What is revoked is kept in records of their own, see [`crate::revocation`]. [`lists`] finds
//! out which lists do not tell it any more.

mod lists;
mod number;
mod reason;
mod sign;

use time::OffsetDateTime;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate};

pub use lists::{Due, List, in_force, lists};
pub use number::CrlNumber;
pub use reason::{Reason, UnknownReason};

use crate::certificate::{Certificate, name_text};
use crate::pem;
use crate::verify;

/// A list, read once into plain values. Reading it checks its form, not its signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Crl {
    der: Vec<u8>,
    /// The issuer as text.
    pub issuer: String,
    /// The cRLNumber, which every list after RFC 5280 has.
    pub number: Option<CrlNumber>,
    /// When it was signed.
    pub this_update: OffsetDateTime,
    /// When the next one is there at the latest. etcd does not look at it.
    pub next_update: Option<OffsetDateTime>,
    /// What is revoked.
    pub entries: Vec<Entry>,
    /// The key identifier of the authority that signed it.
    pub authority_key_identifier: Option<Vec<u8>>,
    raw_issuer: Vec<u8>,
}

/// A revoked certificate on a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The serial number, most significant octet first, as in [`Certificate::serial`].
    pub serial: Vec<u8>,
    /// When it was revoked.
    pub revoked: OffsetDateTime,
    /// Why.
    pub reason: Reason,
    /// Since when the key is not to be trusted, where that is known: the invalidityDate.
    pub invalid_since: Option<OffsetDateTime>,
}

impl Crl {
    /// Reads a list from DER.
    ///
    /// # Errors
    ///
    /// When the octets are not exactly one list.
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidCrl> {
        let (rest, parsed) = CertificateRevocationList::from_der(der)
            .map_err(|error| InvalidCrl(format!("not a CRL in DER: {error}")))?;
        if !rest.is_empty() {
            return Err(InvalidCrl("octets follow the CRL".to_owned()));
        }
        let next_update = parsed.next_update().map(|time| instant(time.timestamp()));
        let mut crl = Self {
            der: der.to_vec(),
            issuer: name_text(parsed.issuer()),
            number: parsed
                .crl_number()
                .map(|number| CrlNumber::new(&number.to_bytes_be())),
            this_update: instant(parsed.last_update().timestamp())?,
            next_update: next_update.transpose()?,
            entries: Vec::new(),
            authority_key_identifier: None,
            raw_issuer: parsed.issuer().as_raw().to_vec(),
        };
        for extension in parsed.extensions() {
            if let x509_parser::prelude::ParsedExtension::AuthorityKeyIdentifier(id) =
                extension.parsed_extension()
            {
                crl.authority_key_identifier = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
        }
        crl.entries = parsed
            .iter_revoked_certificates()
            .map(Entry::read)
            .collect::<Result<_, _>>()?;
        Ok(crl)
    }

    /// The list as DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The list as a PEM block, which etcd up to 3.5 reads too.
    pub fn to_pem(&self) -> String {
        pem::encode(pem::CRL, &self.der)
    }

    /// The entry with this serial number.
    pub fn find(&self, serial: &[u8]) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.serial == serial)
    }

    /// Whether `authority` signed it: it is the issuer by name, and the signature holds. A list
    /// that is not of version 2 or not in strict DER is no authority's here.
    pub fn is_signed_by(&self, authority: &Certificate) -> bool {
        authority.is_named(&self.raw_issuer)
            && verify::is_strict_crl(&self.der)
            && self
                .signed_parts()
                .is_some_and(|(message, algorithm, signature)| {
                    verify::verifies(&authority.public_key, &algorithm, &message, &signature)
                })
    }

    /// What was signed, the object identifier of the algorithm as DER, and the signature.
    fn signed_parts(&self) -> Option<(Vec<u8>, Vec<u8>, Vec<u8>)> {
        let (_, parsed) = CertificateRevocationList::from_der(&self.der).ok()?;
        let algorithm = verify::oid_der(parsed.signature_algorithm.algorithm.as_bytes());
        let message = parsed.tbs_cert_list.as_ref().to_vec();
        Some((message, algorithm, parsed.signature_value.data.to_vec()))
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

/// Octets that are not a list.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidCrl(String);

fn instant(timestamp: i64) -> Result<OffsetDateTime, InvalidCrl> {
    OffsetDateTime::from_unix_timestamp(timestamp)
        .map_err(|_| InvalidCrl("one of its dates is out of range".to_owned()))
}

#[cfg(test)]
mod tests;
