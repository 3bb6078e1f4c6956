//! Serial numbers. etcd matches its CRL by them alone, whoever issued the certificate.

use std::collections::BTreeMap;

use super::{Lint, OfCertificate, Violation, error, warning, when};
use crate::certificate::Certificate;

pub(super) const CHECKS: &[OfCertificate] = &[
    OfCertificate {
        lint: error(
            "serial-negative",
            "a serial number is positive",
            "RFC 5280 section 4.1.2.2; Go 1.23, which etcd 3.5.17 and later are built with, refuses to read it",
            "issue it anew with a positive serial number",
        ),
        find: negative,
    },
    OfCertificate {
        lint: error(
            "serial-zero",
            "a serial number is not zero",
            "RFC 5280 section 4.1.2.2",
            "issue it anew with a random serial number",
        ),
        find: zero,
    },
    OfCertificate {
        lint: error(
            "serial-too-long",
            "a serial number has at most 20 octets",
            "RFC 5280 section 4.1.2.2",
            "issue it anew with a serial number of at most 159 bits",
        ),
        find: too_long,
    },
    OfCertificate {
        lint: warning(
            "serial-short",
            "a serial number has at least 8 octets, for it is random",
            "etcd matches its CRL by serial number alone, over all authorities: short ones meet",
            "issue it anew with a random serial number",
        ),
        find: short,
    },
];

/// The rules for all certificates of a PKI together.
pub(super) const OF_ALL: &[Lint] = &[error(
    "serial-repeated",
    "no two certificates of a PKI have the same serial number, whoever issued them",
    "RFC 5280 section 4.1.2.2; etcd matches its CRL by serial number alone",
    "issue one of them anew: revoking either would revoke both",
)];

/// Two certificates with one serial number: their places in the list given to [`serials`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SharedSerial {
    /// The place of the first.
    pub first: usize,
    /// The place of the other.
    pub other: usize,
    /// What is wrong.
    pub violation: Violation,
}

/// Finds different certificates that have the same serial number.
pub fn serials<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> Vec<SharedSerial> {
    let mut seen: BTreeMap<&[u8], (usize, &Certificate)> = BTreeMap::new();
    let mut shared = Vec::new();
    for (place, certificate) in certificates.into_iter().enumerate() {
        let (first, before) = *seen
            .entry(&certificate.serial)
            .or_insert((place, certificate));
        if before.der() != certificate.der() {
            let message = format!(
                "its serial number {} is that of `{}` too",
                certificate.serial_text(),
                before.subject
            );
            shared.push(SharedSerial {
                first,
                other: place,
                violation: Violation {
                    lint: &OF_ALL[0],
                    message,
                },
            });
        }
    }
    shared
}

fn negative(certificate: &Certificate) -> Option<String> {
    let first = certificate.encoding.serial.first();
    when(
        first.is_some_and(|octet| octet & 0x80 != 0),
        "its serial number is negative",
    )
}

fn zero(certificate: &Certificate) -> Option<String> {
    let zero = certificate.encoding.serial.iter().all(|octet| *octet == 0);
    when(zero, "its serial number is zero")
}

fn too_long(certificate: &Certificate) -> Option<String> {
    let octets = certificate.encoding.serial.len();
    when(
        octets > 20,
        format!("its serial number has {octets} octets, more than 20"),
    )
}

fn short(certificate: &Certificate) -> Option<String> {
    let serial = certificate.encoding.serial.as_slice();
    let octets = serial.len();
    let is_other_fault = negative(certificate)
        .or_else(|| zero(certificate))
        .is_some();
    when(
        octets < 8 && !is_other_fault,
        format!("its serial number has only {octets} octets"),
    )
}
