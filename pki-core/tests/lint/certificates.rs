//! Certificates by themselves and under their issuers.

use std::collections::BTreeSet;

use fixtures::forge::{
    AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, CERT_SIGN, CLIENT_AUTH, CRL_SIGN,
    DIGITAL_SIGNATURE, Digest, Extension, Forged, GeneralName, KEY_ENCIPHERMENT, KEY_USAGE, Key,
    KeyKind, Recipe, SERVER_AUTH, SUBJECT_ALTERNATIVE_NAME, SUBJECT_KEY_IDENTIFIER, der,
};
use pki_core::certificate::Certificate;
use pki_core::lint;

use super::codes;

/// What breaks one rule.
pub(crate) struct Case {
    pub(crate) code: &'static str,
    recipe: Recipe,
    key: KeyKind,
}

/// A case for each rule of a certificate by itself.
pub(crate) fn cases() -> Vec<Case> {
    let leaf = |code, change: fn(Recipe) -> Recipe| Case {
        code,
        recipe: change(Recipe::leaf("leaf")),
        key: KeyKind::P256,
    };
    let authority = |code, change: fn(Recipe) -> Recipe| Case {
        recipe: change(Recipe::authority("authority", Some(0))),
        ..leaf(code, |recipe| recipe)
    };
    let with_key = |code, key| Case {
        key,
        ..leaf(code, |recipe| recipe)
    };
    vec![
        leaf("extension-repeated", |recipe| {
            recipe.but(|it| it.extensions.push(it.extensions[3].clone()))
        }),
        leaf("extension-critical-unknown", |recipe| {
            recipe.with(Extension::critical("1.3.6.1.4.1.99999.1", der::utf8("x")))
        }),
        leaf("extension-malformed", |recipe| {
            recipe.with(Extension::plain("2.5.29.32", vec![4, 1, 0]))
        }),
        leaf("unique-identifier", |recipe| {
            recipe.but(|it| it.unique_identifiers = der::tlv(0x81, &[0, 1]))
        }),
        leaf("extended-key-usage-any", |recipe| {
            recipe.with(Extension::extended_key_usage(&[
                SERVER_AUTH,
                CLIENT_AUTH,
                "2.5.29.37.0",
            ]))
        }),
        leaf("serial-negative", |recipe| {
            recipe.but(|it| it.serial = vec![0xff, 1, 2, 3, 4, 5, 6, 7])
        }),
        leaf("serial-zero", |recipe| recipe.but(|it| it.serial = vec![0])),
        leaf("serial-too-long", |recipe| {
            recipe.but(|it| it.serial = vec![1; 21])
        }),
        leaf("serial-short", |recipe| {
            recipe.but(|it| it.serial = vec![1, 2])
        }),
        leaf("signature-algorithm-mismatch", |recipe| {
            recipe.but(|it| {
                it.inner_algorithm = Some(der::sequence(&[&der::oid("1.2.840.10045.4.3.3")]));
            })
        }),
        leaf("signature-weak", |recipe| {
            recipe.but(|it| it.digest = Digest::Sha1)
        }),
        with_key("key-rsa-small", KeyKind::Rsa1024),
        with_key("key-unknown", KeyKind::P224),
        leaf("validity-backwards", |recipe| {
            recipe.but(|it| it.not_after = it.not_before - 1)
        }),
        leaf("validity-not-utc-time", |recipe| {
            recipe.but(|it| it.generalized = true)
        }),
        leaf("issuer-empty", |recipe| {
            recipe.but(|it| it.issuer = Some(der::name(&[])))
        }),
        authority("authority-subject-empty", |recipe| {
            recipe.but(|it| it.subject = der::name(&[]))
        }),
        leaf("subject-empty-without-names", |recipe| {
            recipe
                .without(SUBJECT_ALTERNATIVE_NAME)
                .but(|it| it.subject = der::name(&[]))
        }),
        leaf("common-name-too-long", |recipe| {
            recipe.but(|it| it.subject = der::name(&[("2.5.4.3", &"x".repeat(65))]))
        }),
        leaf("subject-attribute-repeated", |recipe| {
            recipe.but(|it| it.subject = der::name(&[("2.5.4.3", "x"), ("2.5.4.3", "y")]))
        }),
        leaf("names-empty", |recipe| recipe.with(Extension::names(&[]))),
        leaf("names-not-critical", |recipe| {
            recipe.but(|it| it.subject = der::name(&[]))
        }),
        leaf("name-malformed", |recipe| {
            recipe.with(Extension::names(&[GeneralName::Ip(&[10, 0, 0])]))
        }),
        leaf("dns-name-is-address", |recipe| {
            recipe.with(Extension::names(&[GeneralName::Dns("10.0.0.1")]))
        }),
        leaf("dns-name-final-dot", |recipe| {
            recipe.with(Extension::names(&[GeneralName::Dns("a.example.com.")]))
        }),
        leaf("dns-name-syntax", |recipe| {
            recipe.with(Extension::names(&[GeneralName::Dns("a_b.example.com")]))
        }),
        leaf("dns-name-wildcard", |recipe| {
            recipe.with(Extension::names(&[GeneralName::Dns("a*.example.com")]))
        }),
        leaf("name-repeated", |recipe| {
            recipe.with(Extension::names(&[GeneralName::Dns("a.b"); 2]))
        }),
        authority("basic-constraints-not-critical", |recipe| {
            recipe.but(|it| it.extensions[0].critical = false)
        }),
        leaf("path-len-without-authority", |recipe| {
            recipe.with(Extension::basic_constraints(false, Some(0)))
        }),
        authority("path-len-missing", |recipe| {
            recipe.with(Extension::basic_constraints(true, None))
        }),
        leaf("basic-constraints-missing", |recipe| {
            recipe.without(BASIC_CONSTRAINTS)
        }),
        authority("key-usage-missing", |recipe| recipe.without(KEY_USAGE)),
        leaf("key-usage-not-critical", |recipe| {
            recipe.but(|it| it.extensions[1].critical = false)
        }),
        leaf("key-usage-empty", |recipe| {
            recipe.with(Extension::key_usage(0))
        }),
        authority("authority-cannot-sign", |recipe| {
            recipe.with(Extension::key_usage(CRL_SIGN))
        }),
        leaf("leaf-can-sign", |recipe| {
            recipe.with(Extension::key_usage(DIGITAL_SIGNATURE | CERT_SIGN))
        }),
        authority("authority-cannot-revoke", |recipe| {
            recipe.with(Extension::key_usage(CERT_SIGN))
        }),
        leaf("leaf-without-digital-signature", |recipe| {
            recipe.with(Extension::key_usage(0x08))
        }),
        leaf("encipherment-without-rsa", |recipe| {
            recipe.with(Extension::key_usage(DIGITAL_SIGNATURE | KEY_ENCIPHERMENT))
        }),
        authority("authority-without-subject-key-identifier", |recipe| {
            recipe.with(Extension::plain(SUBJECT_KEY_IDENTIFIER, Vec::new()))
        }),
        leaf("leaf-without-subject-key-identifier", |recipe| {
            recipe.with(Extension::plain(SUBJECT_KEY_IDENTIFIER, Vec::new()))
        }),
        leaf("without-authority-key-identifier", |recipe| {
            recipe.without(AUTHORITY_KEY_IDENTIFIER)
        }),
        leaf("key-identifier-critical", |recipe| {
            recipe.with(Extension::critical(
                SUBJECT_KEY_IDENTIFIER,
                der::octet_string(&[1; 20]),
            ))
        }),
        leaf("authority-key-identifier-names-issuer", |recipe| {
            let issuer = der::name(&[("2.5.4.3", "x")]);
            recipe.with(Extension::authority_key_identifier_with_serial(
                &[1; 20], &issuer, &[1; 8],
            ))
        }),
        leaf("name-constraints-in-leaf", |recipe| {
            recipe.with(Extension::name_constraints(&[GeneralName::Dns("a")], &[]))
        }),
        authority("name-constraints-not-critical", |recipe| {
            recipe
                .with(Extension::name_constraints(&[GeneralName::Dns("a")], &[]))
                .but(|it| it.extensions[2].critical = false)
        }),
        authority("name-constraints-empty", |recipe| {
            recipe.with(Extension::name_constraints(&[], &[]))
        }),
        authority("name-constraints-of-other-type", |recipe| {
            recipe.with(Extension::name_constraints(&[], &[GeneralName::Email("a")]))
        }),
        authority("name-constraints-leading-dot", |recipe| {
            recipe.with(Extension::name_constraints(&[GeneralName::Dns(".a")], &[]))
        }),
        // Nothing of version 3 is left in it, which other rules ask for.
        leaf("version-not-3", |recipe| recipe.but(|it| it.version = None)),
        // Another octet in the identifier is put in after it was signed.
        leaf("signature-unknown", |recipe| recipe),
    ]
}

/// The rules of [`issued_certificates_are_held_against_their_issuers`].
pub(crate) const ISSUED: [&str; 7] = [
    "issuer-name-mismatch",
    "issuer-not-authority",
    "authority-key-identifier-mismatch",
    "outside-issuer-validity",
    "path-len-exceeded",
    "extended-key-usage-not-nested",
    "name-outside-constraints",
];

fn read(forged: &Forged) -> Certificate {
    Certificate::from_der(&forged.der).unwrap()
}

#[test]
fn each_rule_is_broken_by_its_case_alone() {
    let issuer_key = Key::new(KeyKind::P256);
    let issuer = Recipe::authority("issuer", Some(1)).self_sign(&issuer_key);
    let keys = [KeyKind::P224, KeyKind::P256, KeyKind::Rsa1024].map(|kind| (kind, Key::new(kind)));
    for case in cases() {
        let (_, key) = keys.iter().find(|(kind, _)| *kind == case.key).unwrap();
        let mut forged = case.recipe.sign(key, &issuer, &issuer_key);
        if case.code == "signature-unknown" {
            replace(&mut forged.der, &[0x3d, 4, 3, 2], &[0x3d, 4, 3, 9]);
        }
        let found = codes(&lint::certificate(&read(&forged)));
        match case.code {
            "version-not-3" => assert!(found.contains(case.code), "{found:?}"),
            code => assert_eq!(found, BTreeSet::from([code])),
        }
    }
}

#[test]
fn what_is_right_breaks_no_rule() {
    let issuer_key = Key::new(KeyKind::P256);
    let issuer = Recipe::authority("issuer", Some(1)).self_sign(&issuer_key);
    assert_eq!(lint::certificate(&read(&issuer)), []);
    for kind in [KeyKind::Ed25519, KeyKind::P256, KeyKind::Rsa2048] {
        let leaf = Recipe::leaf("leaf").sign(&Key::new(kind), &issuer, &issuer_key);
        assert_eq!(lint::certificate(&read(&leaf)), []);
        assert_eq!(lint::issued(&read(&leaf), &read(&issuer)), []);
    }
    let far = Recipe::leaf("leaf").but(|it| it.not_after = 30 * 365 * 86_400);
    let far = far.sign(&issuer_key, &issuer, &issuer_key);
    assert_eq!(lint::certificate(&read(&far)), []);
}

#[test]
fn wildcards_that_break_the_rule_are_those_that_openssl_does_not_match() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let (issuer_key, key) = (Key::new(KeyKind::P256), Key::new(KeyKind::P256));
    let issuer = Recipe::authority("issuer", Some(1)).self_sign(&issuer_key);
    std::fs::write(path("ca.crt"), issuer.pem()).unwrap();
    for (listed, dialled, matches) in [
        ("*.etcd.local", "etcd-0.etcd.local", true),
        ("*.local", "etcd-0.local", false),
        ("etcd-*.example.com", "etcd-0.example.com", false),
    ] {
        let names = Extension::names(&[GeneralName::Dns(listed)]);
        let leaf = Recipe::leaf("leaf").with(names);
        let leaf = leaf.sign(&key, &issuer, &issuer_key);
        std::fs::write(path("leaf.crt"), leaf.pem()).unwrap();
        let verified = fixtures::openssl()
            .args(["verify", "-verify_hostname", dialled, "-CAfile"])
            .args([path("ca.crt"), path("leaf.crt")])
            .output()
            .unwrap();
        assert_eq!(verified.status.success(), matches, "{listed}: {verified:?}");
        let found = codes(&lint::certificate(&read(&leaf)));
        assert_eq!(!found.contains("dns-name-wildcard"), matches, "{listed}");
    }
}

#[test]
fn issued_certificates_are_held_against_their_issuers() {
    let key = Key::new(KeyKind::P256);
    let good = Recipe::authority("issuer", Some(1)).self_sign(&key);
    let leaf = || Recipe::leaf("leaf");
    let under = |recipe: Recipe| recipe.self_sign(&key);
    let authority = || Recipe::authority("issuer", Some(1));
    let cases = [
        (
            "issuer-name-mismatch",
            leaf(),
            under(Recipe::authority("another", Some(1))),
        ),
        (
            "issuer-not-authority",
            leaf(),
            under(authority().with(Extension::basic_constraints(false, None))),
        ),
        (
            "authority-key-identifier-mismatch",
            leaf().with(Extension::authority_key_identifier(&[7; 20])),
            good.clone(),
        ),
        (
            "outside-issuer-validity",
            leaf().but(|it| it.not_after = 400 * 86_400),
            good.clone(),
        ),
        (
            "path-len-exceeded",
            Recipe::authority("below", Some(1)).but(|it| it.not_after = 86_400),
            good.clone(),
        ),
        (
            "extended-key-usage-not-nested",
            leaf(),
            under(authority().with(Extension::extended_key_usage(&[SERVER_AUTH]))),
        ),
        (
            "name-outside-constraints",
            leaf(),
            under(authority().with(Extension::name_constraints(
                &[],
                &[GeneralName::Dns("example.com")],
            ))),
        ),
    ];
    assert_eq!(cases.each_ref().map(|(code, ..)| *code), ISSUED);
    for (code, recipe, issuer) in cases {
        let certificate = recipe.sign(&key, &good, &key);
        let found = codes(&lint::issued(&read(&certificate), &read(&issuer)));
        assert_eq!(found, BTreeSet::from([code]));
    }
}

#[test]
fn serial_numbers_are_compared_over_all_authorities() {
    let key = Key::new(KeyKind::P256);
    let first = Recipe::authority("first", Some(0)).self_sign(&key);
    let second = Recipe::authority("second", Some(0)).self_sign(&key);
    let leaf = Recipe::leaf("leaf").but(|it| it.serial = vec![1; 16]);
    let made = [
        read(&leaf.sign(&key, &first, &key)),
        read(&leaf.sign(&key, &second, &key)),
    ];
    let shared = lint::serials(&made);
    assert_eq!(shared.len(), 1);
    assert_eq!((shared[0].first, shared[0].other), (0, 1));
    assert_eq!(shared[0].violation.lint.code, "serial-repeated");
    // The same certificate twice is one certificate.
    assert_eq!(lint::serials([&made[0], &made[0]]), []);
}

fn replace(octets: &mut [u8], old: &[u8], new: &[u8]) {
    for start in 0..octets.len() - old.len() {
        if octets[start..].starts_with(old) {
            octets[start..start + new.len()].copy_from_slice(new);
        }
    }
}
