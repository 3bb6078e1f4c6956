//! Authorities, key usages and extended key usages.

use fixtures::forge::{
    BASIC_CONSTRAINTS, CERT_SIGN, CLIENT_AUTH, CRL_SIGN, DIGITAL_SIGNATURE, EXTENDED_KEY_USAGE,
    Extension, KEY_USAGE, SERVER_AUTH,
};

use super::case;
use crate::scene::Case;

pub(super) fn cases() -> Vec<Case> {
    [authorities(), key_usages(), extended_key_usages()]
        .into_iter()
        .flatten()
        .collect()
}

/// RFC 5280 sections 4.2.1.9 and 6.1.4 (k).
fn authorities() -> Vec<Case> {
    vec![
        case("intermediate without basicConstraints", b"RRRR", "", |it| {
            it.intermediate_but(|it| it.without(BASIC_CONSTRAINTS))
        }),
        case("intermediate with cA false", b"RRRR", "", |it| {
            it.intermediate_but(|it| it.with(Extension::basic_constraints(false, None)))
        }),
        case(
            "basicConstraints of an authority not critical",
            b"RRAA",
            "MUST of RFC 5280 that openssl -x509_strict checks, and Go and GnuTLS do not",
            |it| it.issuing_but(|it| it.but(|it| it.extensions[0].critical = false)),
        ),
        case("intermediate of version 1", b"RRRR", "", |it| {
            it.intermediate_but(|it| it.but(|it| it.version = None))
        }),
        case(
            "anchor of version 1",
            b"RRAA",
            "Go and GnuTLS take an anchor for an authority because it is trusted; openssl -x509_strict and ours ask for cA",
            |it| it.root_but(|it| it.but(|it| it.version = None)),
        ),
        case(
            "leaf that is an authority",
            b"RRAA",
            "webpki takes no authority for a leaf, and openssl -x509_strict misses its usages; Go and GnuTLS do not look",
            |it| it.leaf_but(|it| it.with(Extension::basic_constraints(true, Some(0)))),
        ),
        case("leaf without basicConstraints", b"AAAA", "", |it| {
            it.leaf_but(|it| it.without(BASIC_CONSTRAINTS))
        }),
        case("leaf as an issuer", b"RRRR", "", |it| {
            it.issuing_but(|it| {
                it.with(Extension::basic_constraints(false, None))
                    .with(Extension::key_usage(DIGITAL_SIGNATURE))
            })
        }),
    ]
}

/// RFC 5280 sections 4.2.1.3 and 6.1.4 (n).
fn key_usages() -> Vec<Case> {
    vec![
        case("authority without keyCertSign", b"RRRR", "", |it| {
            it.issuing_but(|it| it.with(Extension::key_usage(CRL_SIGN)))
        }),
        case("anchor without keyCertSign", b"RRRR", "", |it| {
            it.root_but(|it| it.with(Extension::key_usage(CRL_SIGN)))
        }),
        case(
            "authority without keyUsage",
            b"RRAA",
            "MUST of RFC 5280 that openssl -x509_strict checks, and Go and GnuTLS do not",
            |it| it.issuing_but(|it| it.without(KEY_USAGE)),
        ),
        case("authority without cRLSign", b"AAAA", "", |it| {
            it.issuing_but(|it| it.with(Extension::key_usage(CERT_SIGN)))
        }),
        case("leaf without keyUsage", b"AAAA", "", |it| {
            it.leaf_but(|it| it.without(KEY_USAGE))
        }),
        case(
            "leaf with keyAgreement alone",
            b"RAAA",
            "TLS signs the handshake with it; the peers do not look at a client's, Go at none",
            |it| it.leaf_but(|it| it.with(Extension::key_usage(0x08))),
        ),
        case(
            "leaf with keyCertSign",
            b"RRAA",
            "MUST of RFC 5280 that openssl -x509_strict checks, and Go and GnuTLS do not",
            |it| it.leaf_but(|it| it.with(Extension::key_usage(DIGITAL_SIGNATURE | CERT_SIGN))),
        ),
        case(
            "leaf whose keyUsage is empty",
            b"RRAA",
            "MUST of RFC 5280 that openssl -x509_strict checks, and Go and GnuTLS do not",
            |it| it.leaf_but(|it| it.with(Extension::key_usage(0))),
        ),
        case("keyUsage not critical", b"AAAA", "", |it| {
            it.leaf_but(|it| it.but(|it| it.extensions[1].critical = false))
        }),
    ]
}

/// RFC 5280 section 4.2.1.12; that they nest is what implementations made of it.
fn extended_key_usages() -> Vec<Case> {
    vec![
        case("leaf with serverAuth alone", b"RRRR", "", |it| {
            it.leaf_but(|it| it.with(Extension::extended_key_usage(&[SERVER_AUTH])))
        }),
        case("leaf with clientAuth alone", b"AAAA", "", |it| {
            it.leaf_but(|it| it.with(Extension::extended_key_usage(&[CLIENT_AUTH])))
        }),
        case("leaf without extended key usages", b"AAAA", "", |it| {
            it.leaf_but(|it| it.without(EXTENDED_KEY_USAGE))
        }),
        case(
            "leaf with anyExtendedKeyUsage alone",
            b"RRAA",
            "webpki and OpenSSL ask for the usage by its name; Go and GnuTLS take any for it",
            |it| it.leaf_but(|it| it.with(Extension::extended_key_usage(&["2.5.29.37.0"]))),
        ),
        case("extended key usages critical", b"AAAA", "", |it| {
            it.leaf_but(|it| it.but(|it| it.extensions[2].critical = true))
        }),
        case("authority with serverAuth alone", b"RRRR", "", |it| {
            it.issuing_but(|it| it.with(Extension::extended_key_usage(&[SERVER_AUTH])))
        }),
        case("authority with clientAuth alone", b"AAAA", "", |it| {
            it.issuing_but(|it| it.with(Extension::extended_key_usage(&[CLIENT_AUTH])))
        }),
        case("authority with both", b"AAAA", "", |it| {
            it.issuing_but(|it| it.with(Extension::extended_key_usage(&[SERVER_AUTH, CLIENT_AUTH])))
        }),
        case(
            "anchor with serverAuth alone",
            b"RRAR",
            "GnuTLS does not hold anchors to their usages",
            |it| it.root_but(|it| it.with(Extension::extended_key_usage(&[SERVER_AUTH]))),
        ),
        case("anchor with clientAuth", b"AAAA", "", |it| {
            it.root_but(|it| it.with(Extension::extended_key_usage(&[CLIENT_AUTH])))
        }),
    ]
}
