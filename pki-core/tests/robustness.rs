//! Whatever stands in a file, reading and checking it ends in a value or an error.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use fixtures::forge::{Extension, GeneralName, Key, KeyKind, Recipe, der};
use pki_core::Cluster;
use pki_core::certificate::{Certificate, bundle};
use pki_core::crl::Crl;
use pki_core::etcd::settings::{Settings, Source};
use pki_core::lint::{self, BundleUse};
use pki_core::role::{Role, Usage};
use pki_core::verify::validate;
use pki_core::{inspect, pem};
use proptest::prelude::*;
use time::OffsetDateTime;

/// Does everything with it that can be done with a certificate.
fn handle(der: &[u8]) {
    if let Ok(certificate) = Certificate::from_der(der) {
        assert_eq!(
            Certificate::from_der(certificate.der()).unwrap(),
            certificate
        );
        let _ = lint::certificate(&certificate);
        let _ = lint::issued(&certificate, &certificate);
        for role in [Role::Client, Role::Peer, Role::Server] {
            let _ = lint::role(&certificate, role, true);
        }
        let chain = [certificate.clone(), certificate];
        let _ = validate(&chain, &chain, Usage::ClientAuth, OffsetDateTime::now_utc());
    }
    if let Ok(list) = Crl::read(der) {
        let _ = lint::crl(&list, OffsetDateTime::now_utc());
    }
    let _ = inspect::inspect(der);
    let text = pem::encode(pem::CERTIFICATE, der);
    let _ = lint::trust(
        text.as_bytes(),
        BundleUse::Clients,
        OffsetDateTime::now_utc(),
    );
}

/// Real certificates with as many kinds of content as can be.
fn seeds() -> Vec<Vec<u8>> {
    let key = Key::new(KeyKind::P256);
    let block = GeneralName::Ip(&[10, 0, 0, 0, 255, 0, 0, 0]);
    let constraints = [GeneralName::Dns("a"), block, GeneralName::Directory("x")];
    let root = Recipe::authority("root", Some(1))
        .with(Extension::name_constraints(&constraints, &constraints))
        .self_sign(&key);
    let names = [
        GeneralName::Dns("a"),
        GeneralName::Uri("x"),
        GeneralName::Email("x"),
    ];
    let leaf = Recipe::leaf("leaf")
        .with(Extension::names(&names))
        .sign(&key, &root, &key);
    let rsa = Recipe::leaf("rsa").self_sign(&Key::new(KeyKind::Rsa2048));
    let policies = der::sequence(&[&der::sequence(&[&der::oid("2.5.29.32.0")])]);
    let more = Recipe::leaf("more")
        .with(Extension::plain("2.5.29.32", policies))
        .but(|it| it.generalized = true)
        .self_sign(&key);
    [root, leaf, rsa, more]
        .into_iter()
        .map(|forged| forged.der)
        .collect()
}

#[test]
fn no_change_to_a_certificate_is_too_much() {
    let seeds = seeds();
    let config = ProptestConfig {
        cases: 4096,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let cut = prop::option::weighted(0.1, any::<prop::sample::Index>());
    let seed = prop::sample::select(seeds);
    proptest!(config, |(seed in seed, changes in changes, cut in cut)| {
        let mut der = seed;
        for (place, octet) in changes {
            let place = place.index(der.len());
            der[place] = octet;
        }
        if let Some(cut) = cut {
            der.truncate(cut.index(der.len()));
        }
        handle(&der);
    });
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn octets_are_no_certificate(mut octets in prop::collection::vec(any::<u8>(), 0..300)) {
        handle(&octets);
        octets.insert(0, 0x30);
        handle(&octets);
    }

    #[test]
    fn text_is_no_bundle(text in "(-----(BEGIN|END) (CERTIFICATE|X509 CRL|PRIVATE KEY)-----\n|[A-Za-z0-9+/=]{0,70}\n|\\PC{0,20}){0,12}") {
        let _ = bundle::read(text.as_bytes());
        let _ = inspect::inspect(text.as_bytes());
        let _ = Crl::read(text.as_bytes());
        let _ = lint::trust(text.as_bytes(), BundleUse::Members, OffsetDateTime::now_utc());
    }

    #[test]
    fn any_text_is_settings_or_an_error(files in prop::collection::vec(
        "(\\[Service\\]\n|ExecStart=|Environment=|EnvironmentFile=-?|ExecReload=/bin/kill -HUP|etcd |--|-|=|config-file|client-cert-auth|peer-cert-allowed-cn|initial-cluster|listen-client-urls|cipher-suites|tls-min-version|discovery-srv|https?://|\\[::1\\]:1|TLS1.3|true|ETCD_|NAME|\\$\\{?NAME\\}?|%H|%%|\\{\\{ x \\}\\}|kind: Pod\n|spec:\n|containers:\n|  - |command: \\[|\\]|client-transport-security:|cert-file: |[ ,:\"'\\\\\n#\\-]|\\PC{0,5}){0,24}",
        1..3,
    )) {
        judge(&files);
    }
}

/// Does everything with the settings in `files` that can be done.
fn judge(files: &[String]) {
    let cluster =
        Cluster::from_yaml("domain: a.b\nnodes: [{ name: a, addresses: [10.0.0.1] }]").unwrap();
    let read = |text: &String| Source::read("file", text.as_bytes()).ok();
    let settings = Settings::of(files.iter().filter_map(read));
    let mut member = lint::Member::new(&cluster, &cluster.nodes[0]);
    member.has_revoked = true;
    for version in [None, Some("3.4"), Some("3.6"), Some("3.99.1")] {
        member.version = version.map(|version| version.parse().unwrap());
        let _ = lint::settings(&settings, &member);
    }
}
