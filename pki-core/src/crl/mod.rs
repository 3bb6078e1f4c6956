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
mod read;
mod reason;
mod sign;

use std::collections::HashSet;

use time::OffsetDateTime;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

pub use lists::{Due, List, in_force, lists};
pub(crate) use lists::{each_list, lists_under};
pub use number::CrlNumber;
pub use reason::{Reason, UnknownReason};

use crate::certificate::Certificate;
use crate::pem::{self, InvalidBlock};
use crate::verify;

/// A list, read once into plain values. Reading it checks its form, not its signature.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Crl {
    der: Vec<u8>,
    /// Whether it was read from PEM, which etcd 3.6 and later do not take.
    pub(crate) was_pem: bool,
    /// The version: 2 for every list with extensions.
    pub version: u32,
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
    /// Whether revokedCertificates is there and empty, as it must not be.
    pub(crate) lists_nothing: bool,
    /// The key identifier of the authority that signed it.
    pub authority_key_identifier: Option<Vec<u8>>,
    /// The object identifier of the signature algorithm, as dotted numbers.
    pub signature_algorithm: String,
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

    /// Whether the time for the next list has passed.
    pub fn is_outdated(&self, at: OffsetDateTime) -> bool {
        self.next_update.is_some_and(|next| next < at)
    }

    /// How many entries repeat a serial number.
    pub fn repeated(&self) -> usize {
        let serials: HashSet<_> = self.entries.iter().map(|entry| &entry.serial).collect();
        self.entries.len() - serials.len()
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

/// Why octets are not a list.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCrl {
    /// One of its dates is not one of a calendar.
    #[error("not a CRL: one of its dates is out of range")]
    Date,
    /// A PEM block is cut or holds characters that are not base64.
    #[error("not a CRL: {0}")]
    Block(#[from] InvalidBlock),
    /// It cannot be read.
    #[error("not a CRL in DER: {0}")]
    Malformed(String),
    /// It is neither DER nor PEM.
    #[error("not a CRL: neither DER nor a `-----BEGIN X509 CRL-----` block")]
    Missing,
    /// Something follows it.
    #[error("octets follow the CRL, and etcd refuses to read that")]
    Trailing,
}

#[cfg(test)]
mod tests;
