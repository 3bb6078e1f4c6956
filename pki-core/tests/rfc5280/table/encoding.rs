//! Serial numbers, identifiers, extensions, algorithms and names as they are written.

use fixtures::forge::{
    AUTHORITY_KEY_IDENTIFIER, Digest, Extension, GeneralName, Recipe, SUBJECT_ALTERNATIVE_NAME,
    SUBJECT_KEY_IDENTIFIER, der,
};

use super::case;
use crate::scene::Case;

pub(super) fn cases() -> Vec<Case> {
    [
        serials(),
        identifiers(),
        extensions(),
        algorithms(),
        names(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// RFC 5280 section 4.1.2.2.
fn serials() -> Vec<Case> {
    vec![
        case(
            "serial number negative",
            b"RAAA",
            "RFC 5280 and Go 1.23 and later refuse it, this etcd is built with an older Go",
            |it| it.leaf_but(|it| it.but(|it| it.serial = vec![0xff, 1, 2, 3, 4, 5, 6, 7])),
        ),
        case(
            "serial number zero",
            b"RAAA",
            "MUST of RFC 5280 that no peer checks when it verifies; ours is made by no good authority",
            |it| it.leaf_but(|it| it.but(|it| it.serial = vec![0])),
        ),
        case("serial number of 20 octets", b"AAAA", "", |it| {
            it.leaf_but(|it| it.but(|it| it.serial = vec![0x7f; 20]))
        }),
        case(
            "serial number of 21 octets",
            b"RAAA",
            "MUST of RFC 5280 that no peer checks when it verifies; ours is made by no good authority",
            |it| it.leaf_but(|it| it.but(|it| it.serial = vec![0x7f; 21])),
        ),
        case("serial number of one octet", b"AAAA", "", |it| {
            it.leaf_but(|it| it.but(|it| it.serial = vec![1]))
        }),
        case("serial number twice in a path", b"AAAA", "", |it| {
            let same: fn(Recipe) -> Recipe = |it| it.but(|it| it.serial = vec![9; 9]);
            it.with(|it| it, same, same, same)
        }),
    ]
}

/// RFC 5280 sections 4.2.1.1 and 4.2.1.2.
fn identifiers() -> Vec<Case> {
    vec![
        case(
            "authority key identifier of another key",
            b"RRRA",
            "OpenSSL and GnuTLS look for another issuer; Go orders candidates by it and no more",
            |it| it.leaf_but(|it| it.with(Extension::authority_key_identifier(&[7; 20]))),
        ),
        case(
            "no authority key identifier",
            b"RRAA",
            "MUST of RFC 5280 that openssl -x509_strict checks, and Go and GnuTLS do not",
            |it| it.leaf_but(|it| it.without(AUTHORITY_KEY_IDENTIFIER)),
        ),
        case(
            "authority without subject key identifier",
            b"RRAA",
            "MUST of RFC 5280 that openssl -x509_strict checks, and Go and GnuTLS do not",
            |it| it.issuing_but(|it| it.with(Extension::plain(SUBJECT_KEY_IDENTIFIER, Vec::new()))),
        ),
        case("leaf without subject key identifier", b"AAAA", "", |it| {
            it.leaf_but(|it| it.with(Extension::plain(SUBJECT_KEY_IDENTIFIER, Vec::new())))
        }),
        case(
            "subject key identifier critical",
            b"RRAA",
            "MUST of RFC 5280 that openssl -x509_strict checks, and Go and GnuTLS do not",
            |it| {
                let id = Extension::critical(SUBJECT_KEY_IDENTIFIER, der::octet_string(&[1; 20]));
                let mut material = it.good();
                let issuing = material.chain[1].clone();
                material.chain[0] =
                    it.leaf()
                        .with(id)
                        .sign(&it.keys.leaf, &issuing, &it.keys.issuing);
                material
            },
        ),
        case(
            "authority key identifier with another serial number",
            b"RRAA",
            "OpenSSL looks for an issuer with that serial number; Go and GnuTLS do not look at it",
            |it| {
                let mut material = it.good();
                let issuing = material.chain[1].clone();
                let id = Extension::authority_key_identifier_with_serial(
                    &it.keys.issuing.identifier(),
                    &der::name(&[("2.5.4.3", "nobody")]),
                    &[1; 8],
                );
                material.chain[0] =
                    it.leaf()
                        .with(id)
                        .sign(&it.keys.leaf, &issuing, &it.keys.issuing);
                material
            },
        ),
    ]
}

/// RFC 5280 section 4.2.
fn extensions() -> Vec<Case> {
    vec![
        case("unknown extension", b"AAAA", "", |it| {
            it.leaf_but(|it| it.with(Extension::plain(UNKNOWN, der::utf8("x"))))
        }),
        case(
            "unknown critical extension in the leaf",
            b"RRRR",
            "",
            |it| it.leaf_but(|it| it.with(Extension::critical(UNKNOWN, der::utf8("x")))),
        ),
        case(
            "unknown critical extension in an authority",
            b"RRRR",
            "",
            |it| it.issuing_but(|it| it.with(Extension::critical(UNKNOWN, der::utf8("x")))),
        ),
        case(
            "unknown critical extension in the anchor",
            b"RRRR",
            "",
            |it| it.root_but(|it| it.with(Extension::critical(UNKNOWN, der::utf8("x")))),
        ),
        case("extension twice", b"RRRR", "", |it| {
            it.leaf_but(|it| it.but(|it| it.extensions.push(it.extensions[2].clone())))
        }),
        case(
            "unknown extension twice",
            b"RARR",
            "RFC 5280 section 4.2; OpenSSL counts only those that it knows",
            |it| {
                it.leaf_but(|it| {
                    it.but(|it| {
                        for _ in 0..2 {
                            it.extensions
                                .push(Extension::plain(UNKNOWN, der::utf8("x")));
                        }
                    })
                })
            },
        ),
        case(
            "keyUsage that is no BIT STRING",
            b"RRAR",
            "GnuTLS passes over what it cannot read",
            |it| it.leaf_but(|it| it.with(Extension::critical("2.5.29.15", der::utf8("x")))),
        ),
        case(
            "certificate policies malformed",
            b"RAAR",
            "Go reads every extension that it knows; OpenSSL and GnuTLS only those they need",
            |it| it.leaf_but(|it| it.with(Extension::plain("2.5.29.32", vec![4, 1, 0]))),
        ),
        case(
            "unique identifier",
            b"RAAA",
            "MUST of RFC 5280 that no peer checks when it verifies; ours is made by no good authority",
            |it| it.leaf_but(|it| it.but(|it| it.unique_identifiers = der::tlv(0x82, &[0, 1]))),
        ),
        case(
            "leaf of version 1",
            b"RAAA",
            "without extensions nothing says what it is for, and the peers take that for anything; webpki reads version 3 alone",
            |it| it.leaf_but(|it| it.but(|it| it.version = None)),
        ),
    ]
}

/// RFC 5280 section 4.1.1.2, and what is too weak.
fn algorithms() -> Vec<Case> {
    vec![
        case("signature algorithms differ", b"RRRR", "", |it| {
            it.leaf_but(|it| it.but(|it| it.inner_algorithm = Some(ecdsa_with_sha384())))
        }),
        case(
            "leaf signed over SHA-1",
            b"RARR",
            "openssl verify has no lowest digest at its default level; the others refuse SHA-1",
            |it| it.leaf_but(|it| it.but(|it| it.digest = Digest::Sha1)),
        ),
        case(
            "intermediate signed over SHA-1",
            b"RARR",
            "openssl verify has no lowest digest at its default level; the others refuse SHA-1",
            |it| it.intermediate_but(|it| it.but(|it| it.digest = Digest::Sha1)),
        ),
        case("anchor that signed itself over SHA-1", b"AAAA", "", |it| {
            it.root_but(|it| it.but(|it| it.digest = Digest::Sha1))
        }),
        case(
            "leaf with RSA of 1024 bits",
            b"RAAA",
            "too weak, see the lint key-rsa-small; the peers go by their security level",
            |it| {
                let root = (&it.keys.root, it.authority("root", Some(0)));
                it.short(root, (&it.keys.small, it.leaf()))
            },
        ),
        case(
            "authority with RSA of 1024 bits",
            b"RAAA",
            "too weak, see the lint key-rsa-small; the peers go by their security level",
            |it| {
                let root = (&it.keys.small, it.authority("root", Some(0)));
                it.short(root, (&it.keys.leaf, it.leaf()))
            },
        ),
        case("RSA of 2048 bits", b"AAAA", "", |it| {
            let root = (&it.keys.rsa, it.authority("root", Some(0)));
            it.short(root, (&it.keys.rsa, it.leaf()))
        }),
        case("Ed25519", b"AAAA", "", |it| {
            let root = (&it.keys.ed25519, it.authority("root", Some(0)));
            it.short(root, (&it.keys.leaf, it.leaf()))
        }),
        case(
            "validity as GeneralizedTime",
            b"RAAA",
            "MUST of RFC 5280 that no peer checks when it verifies; ours is made by no good authority",
            |it| it.leaf_but(|it| it.but(|it| it.generalized = true)),
        ),
    ]
}

/// RFC 5280 sections 4.1.2.4, 4.1.2.6 and 4.2.1.6.
fn names() -> Vec<Case> {
    vec![
        case("no names", b"AAAA", "", |it| {
            it.leaf_but(|it| it.without(SUBJECT_ALTERNATIVE_NAME))
        }),
        case("empty subject, names critical", b"AAAA", "", |it| {
            it.leaf_but(|it| {
                it.but(|it| {
                    it.subject = der::name(&[]);
                    it.extensions[3].critical = true;
                })
            })
        }),
        case(
            "empty subject, names not critical",
            b"RRAA",
            "MUST of RFC 5280 that openssl -x509_strict checks, and Go and GnuTLS do not",
            |it| it.leaf_but(|it| it.but(|it| it.subject = der::name(&[]))),
        ),
        case(
            "empty subject, no names",
            b"RRAA",
            "MUST of RFC 5280 that openssl -x509_strict checks, and Go and GnuTLS do not",
            |it| {
                it.leaf_but(|it| {
                    it.without(SUBJECT_ALTERNATIVE_NAME)
                        .but(|it| it.subject = der::name(&[]))
                })
            },
        ),
        case(
            "authority with an empty subject",
            b"RRRA",
            "RFC 5280 section 4.1.2.6; Go compares the empty names and finds them equal",
            |it| it.issuing_but(|it| it.but(|it| it.subject = der::name(&[]))),
        ),
        case(
            "subjectAltName without a name",
            b"RRAA",
            "MUST of RFC 5280 that openssl -x509_strict checks, and Go and GnuTLS do not",
            |it| it.leaf_but(|it| it.with(Extension::names(&[]))),
        ),
        case(
            "address of three octets",
            b"RAAR",
            "Go and webpki read every name; OpenSSL and GnuTLS only those they compare",
            |it| it.leaf_but(|it| it.with(Extension::names(&[GeneralName::Ip(&[10, 0, 0])]))),
        ),
        case(
            "DNS name with a final dot",
            b"RAAA",
            "such a name is matched by no client, see the lint dns-name-final-dot",
            |it| it.leaf_but(|it| it.with(Extension::names(&[GeneralName::Dns("a.example.com.")]))),
        ),
        case(
            "common name of 65 characters",
            b"RAAA",
            "MUST of RFC 5280 that no peer checks when it verifies; ours is made by no good authority",
            |it| {
                it.leaf_but(|it| {
                    it.but(|it| it.subject = der::name(&[("2.5.4.3", &"x".repeat(65))]))
                })
            },
        ),
    ]
}

const UNKNOWN: &str = "1.3.6.1.4.1.99999.1";

fn ecdsa_with_sha384() -> Vec<u8> {
    der::sequence(&[&der::oid("1.2.840.10045.4.3.3")])
}
