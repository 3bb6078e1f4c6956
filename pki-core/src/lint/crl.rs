//! Certificate revocation lists.

use time::OffsetDateTime;

use super::{Check, Violation, error, run, warning, when};
use crate::crl::Crl;

/// Checks a revocation list. Its signature is not looked at, as etcd does not either.
pub fn crl(list: &Crl, now: OffsetDateTime) -> Vec<Violation> {
    run(CHECKS, |find| find(list, now))
}

type OfList = Check<fn(&Crl, OffsetDateTime) -> Option<String>>;

/// The rules for revocation lists.
pub(super) const CHECKS: &[OfList] = &[
    OfList {
        lint: error(
            "crl-pem",
            "a revocation list is written as DER",
            "etcd 3.6 and later read DER only, and refuse everybody with a list as PEM; older ones read both",
            "write it as DER: openssl crl -in FILE -outform DER",
        ),
        find: is_pem,
    },
    OfList {
        lint: error(
            "crl-version",
            "a revocation list is of version 2",
            "RFC 5280 section 5.1.2.1",
            "make it anew",
        ),
        find: version,
    },
    OfList {
        lint: error(
            "crl-without-number",
            "a revocation list has a number",
            "RFC 5280 section 5.2.3",
            "make it anew",
        ),
        find: without_number,
    },
    OfList {
        lint: error(
            "crl-without-next-update",
            "a revocation list says when the next one is due",
            "RFC 5280 section 5.1.2.5",
            "make it anew",
        ),
        find: without_next_update,
    },
    OfList {
        lint: error(
            "crl-outdated",
            "the time for the next list has not passed",
            "RFC 5280 section 6.3.3; etcd does not look at it, other verifiers refuse everybody",
            "make it anew",
        ),
        find: outdated,
    },
    OfList {
        lint: error(
            "crl-from-the-future",
            "a revocation list was made before now",
            "RFC 5280 section 5.1.2.4",
            "set the clock, or make it anew",
        ),
        find: from_the_future,
    },
    OfList {
        lint: error(
            "crl-without-authority-key-identifier",
            "a revocation list has an authority key identifier",
            "RFC 5280 section 5.2.1",
            "make it anew",
        ),
        find: without_identifier,
    },
    OfList {
        lint: error(
            "crl-empty-list",
            "a revocation list that revokes nothing leaves revokedCertificates out",
            "RFC 5280 section 5.1.2.6",
            "make it anew",
        ),
        find: empty_list,
    },
    OfList {
        lint: error(
            "crl-signature-weak",
            "a revocation list is not signed over MD5 or SHA-1",
            "as of certificates",
            "make it anew with SHA-256 or more",
        ),
        find: weak_signature,
    },
    OfList {
        lint: warning(
            "crl-serial-repeated",
            "a revocation list revokes each certificate once",
            "RFC 5280 section 5.3: of two entries only one can hold",
            "make it anew",
        ),
        find: repeated,
    },
];

fn is_pem(list: &Crl, _: OffsetDateTime) -> Option<String> {
    when(list.was_pem, "the revocation list is PEM, not DER")
}

fn version(list: &Crl, _: OffsetDateTime) -> Option<String> {
    let version = list.version;
    when(
        version != 2,
        format!("the revocation list is of version {version}, not 2"),
    )
}

fn without_number(list: &Crl, _: OffsetDateTime) -> Option<String> {
    when(list.number.is_none(), "the revocation list has no number")
}

fn without_next_update(list: &Crl, _: OffsetDateTime) -> Option<String> {
    when(
        list.next_update.is_none(),
        "the revocation list does not say when the next one is due",
    )
}

fn outdated(list: &Crl, now: OffsetDateTime) -> Option<String> {
    let next = list.next_update.filter(|next| *next < now)?;
    Some(format!(
        "the next revocation list was due on {}",
        next.date()
    ))
}

fn from_the_future(list: &Crl, now: OffsetDateTime) -> Option<String> {
    when(
        list.this_update > now,
        format!("the revocation list is of {}", list.this_update),
    )
}

fn without_identifier(list: &Crl, _: OffsetDateTime) -> Option<String> {
    when(
        list.authority_key_identifier.is_none(),
        "the revocation list has no authority key identifier",
    )
}

fn empty_list(list: &Crl, _: OffsetDateTime) -> Option<String> {
    when(
        list.lists_nothing,
        "the revocation list has an empty list in it",
    )
}

fn weak_signature(list: &Crl, _: OffsetDateTime) -> Option<String> {
    let name = super::algorithm::weak_name(&list.signature_algorithm)?;
    Some(format!("the revocation list is signed over {name}"))
}

fn repeated(list: &Crl, _: OffsetDateTime) -> Option<String> {
    let repeated = list.repeated();
    when(
        repeated > 0,
        format!("{repeated} entries of the revocation list repeat a serial number"),
    )
}
