//! CA files and revocation lists.

use std::collections::BTreeSet;

use fixtures::forge::{Digest, Key, KeyKind, Recipe, der};
use pki_core::crl::Crl;
use pki_core::lint::{self, BundleUse};
use time::OffsetDateTime;

use super::codes;

/// The rules that the tests here cover, and two that need a whole PKI.
pub(crate) const COVERED: [&str; 20] = [
    "trust-holds-key",
    "trust-holds-other",
    "trust-empty",
    "trust-malformed",
    "trust-holds-leaf",
    "trust-expired",
    "trust-repeated",
    "trust-without-root",
    "crl-pem",
    "crl-version",
    "crl-without-number",
    "crl-without-next-update",
    "crl-outdated",
    "crl-from-the-future",
    "crl-without-authority-key-identifier",
    "crl-empty-list",
    "crl-signature-weak",
    "crl-serial-repeated",
    // In tests/lint/certificates.rs.
    "serial-repeated",
    // In src/verify/pki/tests.rs.
    "trust-of-siblings",
];

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

#[test]
fn ca_files() {
    let key = Key::new(KeyKind::P256);
    let root = Recipe::authority("root", Some(0)).self_sign(&key);
    let leaf = Recipe::leaf("leaf").sign(&key, &root, &key).pem();
    let below = Recipe::authority("below", Some(0))
        .sign(&key, &root, &key)
        .pem();
    let old = Recipe::authority("old", Some(0)).but(|it| it.not_after = -1);
    let old = old.self_sign(&key).pem();
    let root = root.pem();
    let secret = std::fs::read_to_string(key.file()).unwrap();
    let encrypted = secret.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (code, text) in [
        ("trust-holds-key", format!("{root}{secret}")),
        ("trust-holds-key", format!("{root}{encrypted}")),
        (
            "trust-holds-other",
            root.clone() + &root.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        ),
        ("trust-empty", "nothing\n".to_owned()),
        ("trust-malformed", format!("{root}{broken}")),
        ("trust-holds-leaf", format!("{root}{leaf}")),
        ("trust-expired", format!("{root}{old}")),
        ("trust-repeated", format!("{root}{root}")),
        ("trust-without-root", below.clone()),
    ] {
        let found = codes(&lint::trust(text.as_bytes(), BundleUse::Clients, now()));
        assert_eq!(found, BTreeSet::from([code]));
    }
    let good = format!("{below}{root}");
    assert_eq!(lint::trust(good.as_bytes(), BundleUse::Clients, now()), []);
    assert_eq!(lint::trust(below.as_bytes(), BundleUse::Members, now()), []);
}

/// A revocation list, each part of which can be wrong.
struct ListRecipe {
    version: Option<u8>,
    this_update: &'static str,
    next_update: Option<&'static str>,
    revoked: Option<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
    digest: Digest,
}

impl ListRecipe {
    fn new() -> Self {
        let identifier = der::sequence(&[&der::tlv(0x80, &[1; 20])]);
        Self {
            version: Some(1),
            this_update: "250101000000Z",
            next_update: Some("490101000000Z"),
            revoked: None,
            extensions: vec![
                extension("2.5.29.20", &der::integer(&[1])),
                extension("2.5.29.35", &identifier),
            ],
            digest: Digest::Sha256,
        }
    }

    fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn sign(&self, key: &Key) -> Vec<u8> {
        let time = |text: &str| der::tlv(0x17, text.as_bytes());
        let list: Vec<&[u8]> = self.extensions.iter().map(Vec::as_slice).collect();
        let extensions = match self.version {
            Some(_) => der::tlv(0xa0, &der::sequence(&list)),
            None => Vec::new(),
        };
        let algorithm = key.algorithm(self.digest);
        let tbs = der::sequence(&[
            &self
                .version
                .map(|version| der::integer(&[version]))
                .unwrap_or_default(),
            &algorithm,
            &der::name(&[("2.5.4.3", "issuer")]),
            &time(self.this_update),
            &self.next_update.map(time).unwrap_or_default(),
            self.revoked.as_deref().unwrap_or_default(),
            &extensions,
        ]);
        let signature = der::bit_string(&key.sign(&tbs, self.digest));
        der::sequence(&[&tbs, &algorithm, &signature])
    }
}

fn extension(oid: &str, value: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::oid(oid), &der::octet_string(value)])
}

fn revoked(serials: &[&[u8]]) -> Vec<u8> {
    let at = der::tlv(0x17, b"250101000000Z");
    let entries: Vec<u8> = serials
        .iter()
        .flat_map(|serial| der::sequence(&[&der::integer(serial), &at]))
        .collect();
    der::tlv(0x30, &entries)
}

#[test]
fn revocation_lists() {
    let key = Key::new(KeyKind::P256);
    let list = || ListRecipe::new();
    let cases = [
        (
            "crl-without-number",
            list().but(|it| drop(it.extensions.remove(0))),
        ),
        (
            "crl-without-authority-key-identifier",
            list().but(|it| drop(it.extensions.remove(1))),
        ),
        (
            "crl-without-next-update",
            list().but(|it| it.next_update = None),
        ),
        (
            "crl-outdated",
            list().but(|it| it.next_update = Some("250102000000Z")),
        ),
        (
            "crl-from-the-future",
            list().but(|it| it.this_update = "480101000000Z"),
        ),
        (
            "crl-empty-list",
            list().but(|it| it.revoked = Some(revoked(&[]))),
        ),
        (
            "crl-signature-weak",
            list().but(|it| it.digest = Digest::Sha1),
        ),
        (
            "crl-serial-repeated",
            list().but(|it| it.revoked = Some(revoked(&[&[5], &[5]]))),
        ),
    ];
    for (code, recipe) in cases {
        let read = Crl::read(&recipe.sign(&key)).unwrap();
        assert_eq!(codes(&lint::crl(&read, now())), BTreeSet::from([code]));
    }
    let old = Crl::read(&list().but(|it| it.version = None).sign(&key)).unwrap();
    assert!(codes(&lint::crl(&old, now())).contains("crl-version"));
    let der = list()
        .but(|it| it.revoked = Some(revoked(&[&[5], &[6]])))
        .sign(&key);
    let good = Crl::read(&der).unwrap();
    assert_eq!((lint::crl(&good, now()), good.entries.len()), (vec![], 2));
    let pem = Crl::read(der::pem("X509 CRL", &der).as_bytes()).unwrap();
    assert_eq!(codes(&lint::crl(&pem, now())), BTreeSet::from(["crl-pem"]));
    assert!(Crl::read(&[der, vec![0]].concat()).is_err());
    assert!(Crl::read(b"rubbish").is_err());
}
