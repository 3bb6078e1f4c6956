//! Subject alternative names.

use std::net::IpAddr;

use super::{OfCertificate, REISSUE, error, warning, when};
use crate::certificate::encoding::oid;
use crate::certificate::{AlternativeName, Certificate};

pub(super) const CHECKS: &[OfCertificate] = &[
    OfCertificate {
        lint: error(
            "names-empty",
            "subjectAltName, where it is, holds at least one name",
            "RFC 5280 section 4.2.1.6",
            REISSUE,
        ),
        find: empty,
    },
    OfCertificate {
        lint: error(
            "names-not-critical",
            "subjectAltName is critical where the subject is empty",
            "RFC 5280 section 4.2.1.6; openssl verify -x509_strict refuses it",
            REISSUE,
        ),
        find: not_critical,
    },
    OfCertificate {
        lint: error(
            "name-malformed",
            "every name is what its type asks for: 4 or 16 octets for an address, ASCII for others",
            "RFC 5280 section 4.2.1.6; Go refuses to read it",
            REISSUE,
        ),
        find: malformed,
    },
    OfCertificate {
        lint: error(
            "dns-name-is-address",
            "an address is an iPAddress, never a dNSName",
            "RFC 5280 section 4.2.1.6; Go holds the address that is dialled against iPAddress alone",
            "issue it anew with the address as IP:…",
        ),
        find: address_as_dns,
    },
    OfCertificate {
        lint: error(
            "dns-name-final-dot",
            "a dNSName does not end in a dot",
            "RFC 1034 section 3.5, preferred name syntax; Go and webpki take it for no name",
            REISSUE,
        ),
        find: final_dot,
    },
    OfCertificate {
        lint: warning(
            "dns-name-syntax",
            "a dNSName is made of letters, digits and hyphens, in labels of 1 to 63",
            "RFC 1034 section 3.5; verifiers differ about others, such as the underscore",
            "rename the host, or issue it anew with its address",
        ),
        find: syntax,
    },
    OfCertificate {
        lint: error(
            "dns-name-wildcard",
            "a wildcard is the whole first label of a name with two more labels at least",
            "RFC 6125 section 6.4.3; Go takes no other than a whole first label, OpenSSL and webpki none of a top-level domain",
            REISSUE,
        ),
        find: wildcard,
    },
    OfCertificate {
        lint: warning(
            "name-repeated",
            "no name is listed twice",
            "names beyond the first are of no use, and hide what was meant",
            REISSUE,
        ),
        find: repeated,
    },
];

fn empty(certificate: &Certificate) -> Option<String> {
    let present = certificate
        .encoding
        .extension_with(oid::SUBJECT_ALTERNATIVE_NAME);
    when(
        present.is_some() && certificate.alternative_names.is_empty(),
        "its subjectAltName holds no name",
    )
}

fn not_critical(certificate: &Certificate) -> Option<String> {
    let names = certificate
        .encoding
        .extension_with(oid::SUBJECT_ALTERNATIVE_NAME)?;
    when(
        !names.critical && certificate.encoding.subject.is_empty(),
        "its subject is empty, and its subjectAltName is not critical",
    )
}

fn malformed(certificate: &Certificate) -> Option<String> {
    let count = certificate.encoding.malformed_names;
    when(count > 0, format!("{count} of its names cannot be read"))
}

fn address_as_dns(certificate: &Certificate) -> Option<String> {
    first_dns(certificate, |name| name.parse::<IpAddr>().is_ok())
        .map(|name| format!("the address `{name}` is listed as a dNSName"))
}

fn final_dot(certificate: &Certificate) -> Option<String> {
    first_dns(certificate, |name| name.ends_with('.'))
        .map(|name| format!("its name `{name}` ends in a dot"))
}

fn syntax(certificate: &Certificate) -> Option<String> {
    let wrong = |label: &str| {
        label.is_empty()
            || label.len() > 63
            || label.starts_with('-')
            || label.ends_with('-')
            || !label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_wrong = |name: &str| {
        let name = name.strip_suffix('.').unwrap_or(name);
        !name.contains('*') && (name.len() > 253 || name.split('.').any(wrong))
    };
    first_dns(certificate, is_wrong).map(|name| format!("`{name}` is no host name"))
}

fn wildcard(certificate: &Certificate) -> Option<String> {
    let is_wrong = |name: &str| match name.strip_prefix("*.") {
        Some(rest) => rest.contains('*') || !rest.contains('.'),
        None => name.contains('*'),
    };
    first_dns(certificate, is_wrong)
        .map(|name| format!("the wildcard of `{name}` is one that verifiers do not match"))
}

fn repeated(certificate: &Certificate) -> Option<String> {
    let names = &certificate.alternative_names;
    let (_, twice) = names
        .iter()
        .enumerate()
        .find(|(index, name)| names[..*index].contains(name))?;
    Some(format!("`{twice}` is listed twice"))
}

fn first_dns(certificate: &Certificate, is_wrong: impl Fn(&str) -> bool) -> Option<&str> {
    let mut names = certificate.alternative_names.iter();
    names.find_map(|name| match name {
        AlternativeName::Dns(name) if is_wrong(name) => Some(name.as_str()),
        _ => None,
    })
}
