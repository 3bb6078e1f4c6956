//! Name constraints, RFC 5280 section 4.2.1.10.

use fixtures::forge::GeneralName::{Directory, Dns, Email, Ip, Uri};
use fixtures::forge::{CLIENT_AUTH, Extension, GeneralName, SUBJECT_ALTERNATIVE_NAME};

use super::case;
use crate::scene::{Case, Material, Scene};

const V4: GeneralName<'_> = Ip(&[10, 0, 0, 1]);
const V4_BLOCK: GeneralName<'_> = Ip(&[10, 0, 0, 0, 255, 255, 255, 0]);
const V4_OTHER_BLOCK: GeneralName<'_> = Ip(&[10, 0, 1, 0, 255, 255, 255, 0]);
const V6: GeneralName<'_> = Ip(&[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
const V6_BLOCK: GeneralName<'_> = Ip(&block(0xfd));
const V6_OTHER_BLOCK: GeneralName<'_> = Ip(&block(0xfc));

/// A block of addresses that begin with an octet.
const fn block(first: u8) -> [u8; 32] {
    let mut block = [0; 32];
    block[0] = first;
    block[16] = 0xff;
    block
}

/// An issuing authority with these constraints, and a leaf with these names.
fn under(
    it: &Scene<'_>,
    permitted: &[GeneralName<'_>],
    excluded: &[GeneralName<'_>],
    names: &[GeneralName<'_>],
) -> Material {
    let keys = it.keys;
    let root = it.authority("root", Some(3)).self_sign(&keys.root);
    let issuing = it
        .authority("issuing", Some(0))
        .with(Extension::name_constraints(permitted, excluded))
        .sign(&keys.issuing, &root, &keys.root);
    let leaf = match names {
        [] => it.leaf().without(SUBJECT_ALTERNATIVE_NAME),
        _ => it.leaf().with(Extension::names(names)),
    };
    let leaf = leaf.sign(&keys.leaf, &issuing, &keys.issuing);
    it.material([root], [leaf, issuing])
}

pub(super) fn cases() -> Vec<Case> {
    [dns(), addresses(), others(), placed()]
        .into_iter()
        .flatten()
        .collect()
}

fn dns() -> Vec<Case> {
    vec![
        case("DNS name permitted", b"AAAA", "", |it| {
            under(it, &[Dns("example.com")], &[], &[Dns("a.example.com")])
        }),
        case("DNS name that is the domain", b"AAAA", "", |it| {
            under(it, &[Dns("example.com")], &[], &[Dns("example.com")])
        }),
        case("DNS name not permitted", b"RRRR", "", |it| {
            under(it, &[Dns("example.com")], &[], &[Dns("a.example.org")])
        }),
        case("DNS name with a like ending", b"RRRR", "", |it| {
            under(it, &[Dns("example.com")], &[], &[Dns("anexample.com")])
        }),
        case("DNS name in other case", b"AAAA", "", |it| {
            under(it, &[Dns("example.com")], &[], &[Dns("A.EXAMPLE.com")])
        }),
        case("DNS name excluded", b"RRRR", "", |it| {
            under(it, &[], &[Dns("example.com")], &[Dns("a.example.com")])
        }),
        case("DNS name not excluded", b"AAAA", "", |it| {
            under(it, &[], &[Dns("example.com")], &[Dns("a.example.org")])
        }),
        case("DNS name permitted and excluded", b"RRRR", "", |it| {
            let excluded = [Dns("a.example.com")];
            under(
                it,
                &[Dns("example.com")],
                &excluded,
                &[Dns("a.example.com")],
            )
        }),
        case("one DNS name of two not permitted", b"RRRR", "", |it| {
            let names = [Dns("a.example.com"), Dns("a.example.org")];
            under(it, &[Dns("example.com")], &[], &names)
        }),
        case("wildcard permitted", b"AAAA", "", |it| {
            under(it, &[Dns("example.com")], &[], &[Dns("*.example.com")])
        }),
        case(
            "wildcard above an excluded name",
            b"RAAA",
            "the wildcard stands for the excluded name too; Go, OpenSSL and GnuTLS compare it as text",
            |it| under(it, &[], &[Dns("a.example.com")], &[Dns("*.example.com")]),
        ),
        case("constraint with a leading dot", b"AAAA", "", |it| {
            under(it, &[Dns(".example.com")], &[], &[Dns("a.example.com")])
        }),
        case(
            "constraint with a leading dot, the domain",
            b"RRRR",
            "",
            |it| under(it, &[Dns(".example.com")], &[], &[Dns("example.com")]),
        ),
        case(
            "DNS names constrained, none there",
            b"AARA",
            "GnuTLS takes the common name of a certificate with serverAuth for a DNS name where there is none; RFC 5280 constrains what is there",
            |it| under(it, &[Dns("example.com")], &[], &[]),
        ),
        case(
            "DNS names constrained, none in a client's",
            b"AAAA",
            "",
            |it| {
                let material = under(it, &[Dns("example.com")], &[], &[]);
                let client = it
                    .leaf()
                    .without(SUBJECT_ALTERNATIVE_NAME)
                    .with(Extension::extended_key_usage(&[CLIENT_AUTH]))
                    .sign(&it.keys.leaf, &material.chain[1], &it.keys.issuing);
                let issuing = material.chain[1].clone();
                it.material(material.anchors, [client, issuing])
            },
        ),
        case(
            "DNS names constrained, an address there",
            b"AARA",
            "GnuTLS takes the common name of a certificate with serverAuth for a DNS name where there is none; RFC 5280 constrains what is there",
            |it| under(it, &[Dns("example.com")], &[], &[V4]),
        ),
    ]
}

fn addresses() -> Vec<Case> {
    vec![
        case("IPv4 permitted", b"AAAA", "", |it| {
            under(it, &[V4_BLOCK], &[], &[V4])
        }),
        case("IPv4 not permitted", b"RRRR", "", |it| {
            under(it, &[V4_OTHER_BLOCK], &[], &[V4])
        }),
        case("IPv4 excluded", b"RRRR", "", |it| {
            under(it, &[], &[V4_BLOCK], &[V4])
        }),
        case("IPv4 not excluded", b"AAAA", "", |it| {
            under(it, &[], &[V4_OTHER_BLOCK], &[V4])
        }),
        case("IPv6 permitted", b"AAAA", "", |it| {
            under(it, &[V6_BLOCK], &[], &[V6])
        }),
        case("IPv6 not permitted", b"RRRR", "", |it| {
            under(it, &[V6_OTHER_BLOCK], &[], &[V6])
        }),
        case("IPv6 excluded", b"RRRR", "", |it| {
            under(it, &[], &[V6_BLOCK], &[V6])
        }),
        case(
            "IPv6 under IPv4 constraints",
            b"RRAR",
            "GnuTLS takes the two families for two types of names; RFC 5280 has one, iPAddress",
            |it| under(it, &[V4_BLOCK], &[], &[V6]),
        ),
        case("IPv4 under both families", b"AAAA", "", |it| {
            under(it, &[V4_BLOCK, V6_BLOCK], &[], &[V4])
        }),
        case(
            "addresses constrained, a DNS name there",
            b"AAAA",
            "",
            |it| under(it, &[V4_BLOCK], &[], &[Dns("a.example.org")]),
        ),
    ]
}

fn others() -> Vec<Case> {
    vec![
        case(
            "email permitted",
            b"RAAA",
            "webpki knows no such constraints and refuses them; etcd has no use for such names",
            |it| under(it, &[Email("example.com")], &[], &[Email("a@example.com")]),
        ),
        case("email not permitted", b"RRRR", "", |it| {
            under(it, &[Email("example.com")], &[], &[Email("a@example.org")])
        }),
        case(
            "URI permitted",
            b"RAAA",
            "webpki knows no such constraints and refuses them; etcd has no use for such names",
            |it| {
                under(
                    it,
                    &[Uri("a.example.com")],
                    &[],
                    &[Uri("https://a.example.com/x")],
                )
            },
        ),
        case(
            "URI not permitted",
            b"RRAR",
            "GnuTLS does not compare URIs",
            |it| {
                under(
                    it,
                    &[Uri("a.example.com")],
                    &[],
                    &[Uri("https://a.example.org/x")],
                )
            },
        ),
        case(
            "directory name excluded, not the subject",
            b"RARR",
            "Go and GnuTLS know no such constraints, and refuse what is critical and not known; ours refuses them by a lint",
            |it| under(it, &[], &[Directory("x")], &[Dns("a.example.com")]),
        ),
        case(
            "directory name permitted, not the subject",
            b"RRAR",
            "GnuTLS leaves out constraints of this type when there is something permitted",
            |it| under(it, &[Directory("x")], &[], &[Dns("a.example.com")]),
        ),
    ]
}

fn placed() -> Vec<Case> {
    vec![
        case("name not permitted by the anchor", b"RRRR", "", |it| {
            it.root_but(|it| it.with(Extension::name_constraints(&[Dns("example.org")], &[])))
        }),
        case("name permitted by the anchor", b"AAAA", "", |it| {
            it.root_but(|it| it.with(Extension::name_constraints(&[Dns("example.com")], &[])))
        }),
        case(
            "constraints not critical",
            b"RAAA",
            "MUST of RFC 5280 that no peer checks when it verifies; ours is made by no good authority",
            |it| {
                it.issuing_but(|it| {
                    it.with(Extension::name_constraints(&[Dns("example.com")], &[]))
                        .but(|it| it.extensions[2].critical = false)
                })
            },
        ),
        case(
            "constraints not critical, name not permitted",
            b"RRRR",
            "",
            |it| {
                it.issuing_but(|it| {
                    it.with(Extension::name_constraints(&[Dns("example.org")], &[]))
                        .but(|it| it.extensions[2].critical = false)
                })
            },
        ),
        case(
            "constraints in a leaf",
            b"RAAA",
            "MUST of RFC 5280 that no peer checks when it verifies; ours is made by no good authority",
            |it| it.leaf_but(|it| it.with(Extension::name_constraints(&[Dns("example.com")], &[]))),
        ),
        case(
            "constraints that list nothing",
            b"RAAR",
            "RFC 5280 forbids it; Go does not read it, OpenSSL and GnuTLS take it for no constraint",
            |it| it.issuing_but(|it| it.with(Extension::name_constraints(&[], &[]))),
        ),
    ]
}
