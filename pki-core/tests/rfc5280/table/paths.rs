//! Validity, path length, and which way a path goes.

use fixtures::forge::{Extension, Recipe};

use super::{DAY, case};
use crate::scene::{Case, Material, Scene};

pub(super) fn cases() -> Vec<Case> {
    [validity(), path_length(), building(), crossing()]
        .into_iter()
        .flatten()
        .collect()
}

/// RFC 5280 section 6.1.3 (a)(2), and the anchor, which it leaves open.
fn validity() -> Vec<Case> {
    vec![
        case("all right", b"AAAA", "", |it| it.good()),
        case("leaf expired", b"RRRR", "", |it| it.leaf_but(expired)),
        case("leaf not yet valid", b"RRRR", "", |it| it.leaf_but(future)),
        case("issuing authority expired", b"RRRR", "", |it| {
            it.issuing_but(expired)
        }),
        case("intermediate not yet valid", b"RRRR", "", |it| {
            it.intermediate_but(future)
        }),
        case("anchor expired", b"RRRR", "", |it| it.root_but(expired)),
        case("anchor not yet valid", b"RRRR", "", |it| {
            it.root_but(future)
        }),
        case("leaf outlives its issuer", b"AAAA", "", |it| {
            it.leaf_but(|it| it.but(|it| it.not_after = 900 * DAY))
        }),
        case("leaf older than its issuer", b"AAAA", "", |it| {
            it.leaf_but(|it| it.but(|it| it.not_before = -90 * DAY))
        }),
    ]
}

fn expired(recipe: Recipe) -> Recipe {
    recipe.but(|it| (it.not_before, it.not_after) = (-9 * DAY, -DAY))
}

fn future(recipe: Recipe) -> Recipe {
    recipe.but(|it| (it.not_before, it.not_after) = (DAY, 9 * DAY))
}

/// RFC 5280 sections 4.2.1.9 and 6.1.4 (l) and (m).
fn path_length() -> Vec<Case> {
    vec![
        case(
            "path length of the intermediate exceeded",
            b"RRRR",
            "",
            |it| it.intermediate_but(|it| it.with(Extension::basic_constraints(true, Some(0)))),
        ),
        case("path length of the anchor exceeded", b"RRRR", "", |it| {
            it.root_but(|it| it.with(Extension::basic_constraints(true, Some(1))))
        }),
        case("path length of the anchor used up", b"AAAA", "", |it| {
            it.root_but(|it| it.with(Extension::basic_constraints(true, Some(2))))
        }),
        case("no path length anywhere", b"AAAA", "", |it| {
            let unlimited: fn(Recipe) -> Recipe =
                |it| it.with(Extension::basic_constraints(true, None));
            it.with(unlimited, unlimited, unlimited, |it| it)
        }),
        case("path length below larger than above", b"AAAA", "", |it| {
            it.issuing_but(|it| it.with(Extension::basic_constraints(true, Some(9))))
        }),
        case(
            "self-issued authority does not count",
            b"RARR",
            "RFC 5280 section 6.1.4 (l) and OpenSSL leave self-issued certificates out of the count; webpki, Go and GnuTLS count them",
            self_issued,
        ),
        case(
            "path length in a leaf",
            b"RRAA",
            "MUST of RFC 5280 that openssl -x509_strict checks, and Go and GnuTLS do not",
            |it| it.leaf_but(|it| it.with(Extension::basic_constraints(false, Some(0)))),
        ),
    ]
}

/// The issuing authority has signed its own next key: path length 0 above, and that is no path
/// of two authorities (RFC 5280 section 6.1.4 (l)).
fn self_issued(it: &Scene<'_>) -> Material {
    let keys = it.keys;
    let root = it.authority("root", Some(1)).self_sign(&keys.root);
    let old = it
        .authority("issuing", Some(0))
        .sign(&keys.intermediate, &root, &keys.root);
    let new = it
        .authority("issuing", Some(0))
        .sign(&keys.issuing, &old, &keys.intermediate);
    let leaf = it.leaf().sign(&keys.leaf, &new, &keys.issuing);
    it.material([root], [leaf, new, old])
}

/// Which certificates are at hand.
fn building() -> Vec<Case> {
    vec![
        case("intermediate as the anchor", b"AAAA", "", |it| {
            let Material { mut chain, .. } = it.good();
            let anchor = chain.remove(2);
            it.material([anchor], chain)
        }),
        case("issuing authority as the anchor", b"AAAA", "", |it| {
            let Material { mut chain, .. } = it.good();
            let anchor = chain.remove(1);
            it.material([anchor], [chain.remove(0)])
        }),
        case("intermediate missing", b"RRRR", "", |it| {
            let mut material = it.good();
            material.chain.remove(2);
            material
        }),
        case("intermediates in the other order", b"AAAA", "", |it| {
            let mut material = it.good();
            material.chain.swap(1, 2);
            material
        }),
        case("root sent too", b"AAAA", "", |it| {
            let mut material = it.good();
            material.chain.push(material.anchors[0].clone());
            material
        }),
        case("stranger among the intermediates", b"AAAA", "", |it| {
            let mut material = it.good();
            let stranger = it.authority("stranger", None).self_sign(&it.keys.other);
            material.chain.push(stranger);
            material
        }),
        case(
            "anchor of another key and the same name",
            b"RRRR",
            "",
            |it| {
                let material = it.good();
                let other = it.authority("root", Some(3)).self_sign(&it.keys.other);
                it.material([other], material.chain)
            },
        ),
        case("leaf signed by another key", b"RRRR", "", |it| {
            let mut material = it.good();
            let issuing = material.chain[1].clone();
            material.chain[0] = it.leaf().sign(&it.keys.leaf, &issuing, &it.keys.other);
            material
        }),
        case("issuer named otherwise", b"RRRR", "", |it| {
            it.leaf_but(|it| {
                it.but(|it| it.issuer = Some(fixtures::forge::der::name(&[("2.5.4.3", "x")])))
            })
        }),
    ]
}

/// Rotations: an intermediate signed by two roots, and a root signed by the one before it.
fn crossing() -> Vec<Case> {
    vec![
        case("twice signed, old first, old trusted", b"AAAA", "", |it| {
            crossed(it, [0, 1], 0)
        }),
        case(
            "twice signed, new first, old trusted",
            b"ARRA",
            "OpenSSL and GnuTLS take the first issuer of that name and never come back; Go and webpki try the others",
            |it| crossed(it, [1, 0], 0),
        ),
        case(
            "twice signed, old first, new trusted",
            b"ARRA",
            "OpenSSL and GnuTLS take the first issuer of that name and never come back; Go and webpki try the others",
            |it| crossed(it, [0, 1], 1),
        ),
        case("twice signed, new first, new trusted", b"AAAA", "", |it| {
            crossed(it, [1, 0], 1)
        }),
        case("new root signed by the old, with room", b"AAAA", "", |it| {
            new_root(it, 3)
        }),
        case(
            "new root signed by the old, without room",
            b"RRRR",
            "",
            |it| new_root(it, 2),
        ),
    ]
}

fn crossed(it: &Scene<'_>, order: [usize; 2], trusted: usize) -> Material {
    let keys = it.keys;
    let roots = [
        it.authority("root old", Some(3)).self_sign(&keys.root),
        it.authority("root new", Some(3)).self_sign(&keys.other),
    ];
    let intermediate = || it.authority("intermediate", Some(1));
    let both = [
        intermediate().sign(&keys.intermediate, &roots[0], &keys.root),
        intermediate().sign(&keys.intermediate, &roots[1], &keys.other),
    ];
    let issuing =
        it.authority("issuing", Some(0))
            .sign(&keys.issuing, &both[0], &keys.intermediate);
    let leaf = it.leaf().sign(&keys.leaf, &issuing, &keys.issuing);
    let [first, second] = order.map(|place| both[place].clone());
    it.material([roots[trusted].clone()], [leaf, issuing, first, second])
}

fn new_root(it: &Scene<'_>, path_len: u8) -> Material {
    let keys = it.keys;
    let old = it
        .authority("root old", Some(path_len))
        .self_sign(&keys.other);
    let new = it
        .authority("root new", Some(2))
        .sign(&keys.root, &old, &keys.other);
    let intermediate =
        it.authority("intermediate", Some(1))
            .sign(&keys.intermediate, &new, &keys.root);
    let issuing =
        it.authority("issuing", Some(0))
            .sign(&keys.issuing, &intermediate, &keys.intermediate);
    let leaf = it.leaf().sign(&keys.leaf, &issuing, &keys.issuing);
    it.material([old], [leaf, issuing, intermediate, new])
}
