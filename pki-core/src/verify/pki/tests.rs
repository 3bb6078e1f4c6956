use super::*;
use crate::authority::Authority;
use crate::converge;
use crate::leaf::leaves;
use crate::revocation::Revocation;
use crate::seal::{KdfParameters, Keyring, Passphrase};
use crate::store::Memory;

const DESCRIPTION: &str = "\
domain: internal.domain
nodes:
  - { name: etcd-0, addresses: [10.0.0.10] }
  - { name: etcd-1, addresses: [10.0.0.11, \"fd00::11\"] }
";

fn pki(description: &str) -> (Cluster, Memory, Unlocked) {
    let cluster = Cluster::from_yaml(description).unwrap();
    let cheap = KdfParameters {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };
    let keys = Unlocked::generate().unwrap();
    let keyring = Keyring::new("etcd", &keys, &Passphrase::new("x").unwrap(), cheap).unwrap();
    let mut pki = Pki::new(Memory::default());
    pki.put_keyring(&keyring).unwrap();
    let now = OffsetDateTime::now_utc();
    converge::plan(&cluster, &pki, now)
        .unwrap()
        .apply(&cluster, &mut pki, &keys, now)
        .unwrap();
    (cluster, pki.store().clone(), keys)
}

fn findings(cluster: &Cluster, store: Memory, keys: &Unlocked, days: i64) -> Vec<Finding> {
    let now = OffsetDateTime::now_utc() + time::Duration::days(days);
    verify(cluster, &Pki::new(store), Some(keys), now)
        .unwrap()
        .findings
}

/// A setting of the description, for each of which what is made must verify.
#[test]
fn what_is_made_verifies() {
    for setting in [
        "",
        "trust_anchor: root",
        "trust_anchor: intermediate",
        "certificates: { sharing: shared }",
        "certificates: { key: ed25519 }",
        "certificates: { key: rsa2048 }",
        "certificates: { key: p521, server_sans: [api.internal.domain, vip.example.com, \"*.internal.domain\", 192.0.2.7] }",
        "authorities: { root: { key: p521 }, intermediate: { key: p521 }, etcd: { key: p521 } }",
        "authorities: { root: { key: ed25519 }, intermediate: { key: rsa2048 }, etcd: { issuing: true } }",
        "authorities: { etcd: { name_constraints: none } }",
        "etcd: { enable_grpc_gateway: false }",
    ] {
        let (cluster, store, keys) = pki(&format!("{DESCRIPTION}{setting}\n"));
        let report = verify(
            &cluster,
            &Pki::new(store),
            Some(&keys),
            OffsetDateTime::now_utc(),
        )
        .unwrap();
        // Members that trust more than the etcd authority are worth a notice, and no more.
        let siblings = usize::from(setting.starts_with("trust_anchor"));
        assert_eq!(
            report.findings.len(),
            siblings,
            "{setting}: {:?}",
            report.findings
        );
        assert!(
            report
                .findings
                .iter()
                .all(|one| one.lint == &lint::TRUST_OF_SIBLINGS)
        );
        assert_eq!(report.keys, report.authorities + report.leaves);
    }
}

#[test]
fn time_is_checked() {
    let (cluster, store, keys) = pki(DESCRIPTION);
    assert_eq!(findings(&cluster, store.clone(), &keys, 89), []);
    let late = findings(&cluster, store.clone(), &keys, 364);
    assert!(
        matches!(late.as_slice(), [finding] if finding.path == "crl/etcd.crl"),
        "{late:?}"
    );
    let expired = findings(&cluster, store.clone(), &keys, 366);
    assert!(
        expired.iter().any(|one| one.message.contains("expired")),
        "{expired:?}"
    );
    // Once each, whatever it is used for and whoever trusts it.
    let mut leaves: Vec<_> = expired
        .iter()
        .filter(|one| one.path.starts_with("certificates/"))
        .map(|one| &one.path)
        .collect();
    let all = leaves.len();
    leaves.dedup();
    assert!(all > 0 && leaves.len() == all, "{expired:?}");
    let later = findings(&cluster, store, &keys, 6 * 365);
    assert!(
        later
            .iter()
            .any(|finding| finding.path.contains("authorities/etcd"))
    );
}

#[test]
fn every_file_that_is_lost_swapped_or_changed_is_found() {
    let (cluster, store, keys) = pki(DESCRIPTION);
    let paths: Vec<String> = store
        .files()
        .map(|(path, _)| path.to_owned())
        // A person may change how git merges.
        .filter(|path| path != "keyring.yml" && path != ".gitattributes")
        .collect();
    let mut cases = 0;
    for path in &paths {
        let content = store.read(path).unwrap().unwrap();
        let kind = path.rsplit('/').next().unwrap();
        let sibling = paths.iter().find(|other| {
            *other != path && other.rsplit('/').next() == Some(kind) && !path.starts_with("trust")
        });
        let mut wrong = vec![
            None,
            Some(Vec::new()),
            Some(content[..content.len() / 2].to_vec()),
        ];
        for index in [40, content.len() / 2, content.len() - 40] {
            // A changed line end would leave the same certificate.
            let index = index + usize::from(content[index] == b'\n');
            let mut flipped = content.clone();
            flipped[index] ^= 1;
            wrong.push(Some(flipped));
        }
        wrong.push(sibling.map(|sibling| store.read(sibling).unwrap().unwrap()));
        for (case, content) in wrong.into_iter().enumerate() {
            let mut damaged = store.clone();
            damaged.set(path, content);
            if damaged == store {
                continue;
            }
            let found = findings(&cluster, damaged, &keys, 0);
            let directory = path
                .rsplit_once("/1/")
                .map_or(path.as_str(), |(directory, _)| directory);
            assert!(
                found.iter().any(|finding| finding.path.contains(directory)),
                "case {case} of {path}: {found:?}"
            );
            cases += 1;
        }
    }
    assert!(cases > 6 * paths.len() - 5, "{cases}");
}

/// One bit, at many places of every file: that file is blamed, no other, and the rest is checked.
#[test]
fn a_changed_octet_is_blamed_on_its_file_alone() {
    let (cluster, store, keys) = with_history();
    let whole = verify(
        &cluster,
        &Pki::new(store.clone()),
        Some(&keys),
        OffsetDateTime::now_utc(),
    )
    .unwrap();
    assert_eq!(whole.count(Severity::Error), 0, "{:?}", whole.findings);
    let files: Vec<(String, Vec<u8>)> = store
        .files()
        .map(|(path, content)| (path.to_owned(), content.to_vec()))
        .filter(|(path, _)| path != "keyring.yml" && path != ".gitattributes")
        .collect();
    for (path, content) in &files {
        for (turn, place) in (0..content.len())
            .step_by(content.len() / 16 + 1)
            .enumerate()
        {
            // A record is for a person to change; that it is text is all that must be.
            let is_record = path.starts_with("revocations/");
            let bit = if is_record || turn % 2 == 1 { 0x80 } else { 1 };
            let mut changed = content.clone();
            changed[place] ^= bit;
            let mut damaged = store.clone();
            damaged.set(path, Some(changed));
            let now = OffsetDateTime::now_utc();
            let report = verify(&cluster, &Pki::new(damaged), Some(&keys), now).unwrap();
            let at = format!("bit {bit:#x} of {place} in {path}: {:#?}", report.findings);
            let blamed = errors(&report);
            assert!(!blamed.is_empty(), "{at}");
            assert!(blamed.iter().all(|blamed| blamed == path), "{at}");
            // Of a damaged certificate the key cannot be judged either.
            assert!(report.keys + 1 >= whole.keys, "{at}");
            assert!(report.leaves + 1 >= whole.leaves, "{at}");
        }
    }
}

/// The files of which an error was found.
fn errors(report: &Report) -> Vec<&str> {
    let findings = report.findings.iter();
    findings
        .filter(|finding| finding.lint.severity == Severity::Error)
        .map(|finding| finding.path.as_str())
        .collect()
}

/// Keys that nobody describes any more, or that were replaced, are opened too.
#[test]
fn every_sealed_key_is_opened() {
    let (cluster, store, keys) = with_history();
    let sealed: Vec<String> = store
        .files()
        .map(|(path, _)| path.to_owned())
        .filter(|path| path.ends_with(".sealed"))
        .collect();
    let report = |store: Memory| {
        let now = OffsetDateTime::now_utc();
        verify(&cluster, &Pki::new(store), Some(&keys), now).unwrap()
    };
    assert_eq!(report(store.clone()).keys, sealed.len());
    assert!(sealed.len() > 3 + 4 + 2, "{sealed:?}");
    for path in &sealed {
        let other = sealed.iter().find(|other| *other != path).unwrap();
        let mut swapped = store.clone();
        swapped.set(path, store.read(other).unwrap());
        let report = report(swapped);
        assert_eq!(errors(&report), [path]);
        assert_eq!(report.keys, sealed.len() - 1);
    }
}

/// Another data key than the one that the keys are sealed with: that is one fault.
#[test]
fn a_keyring_of_another_pki_is_blamed_once() {
    let (cluster, store, _) = pki(DESCRIPTION);
    let found = findings(&cluster, store, &Unlocked::generate().unwrap(), 0);
    let codes: Vec<_> = found.iter().map(|one| one.lint.code).collect();
    assert_eq!(codes, ["keyring-unusable"], "{found:?}");
}

#[test]
fn a_key_that_is_missing_is_named_with_what_makes_a_new_one() {
    const KEY: &str = "certificates/etcd-0/server/1/tls.key.sealed";
    let (cluster, store, keys) = pki(DESCRIPTION);
    let mut without = store.clone();
    without.set(KEY, None);
    let found = findings(&cluster, without.clone(), &keys, 0);
    assert!(
        matches!(found.as_slice(), [one] if one.path == KEY && *one.lint == rules::KEY_MISSING),
        "{found:?}"
    );
    let pki = Pki::new(without);
    let leaf = leaves(&cluster).remove(0);
    let stored = pki.leaf(&leaf.id).unwrap().unwrap();
    let error = pki.leaf_key(&stored, &keys).unwrap_err().to_string();
    assert!(
        error.ends_with("etcdpki issue etcd-0 --role server --rekey"),
        "{error}"
    );
}

/// With a leaf of an older generation, one that is not described any more, and a revocation.
fn with_history() -> (Cluster, Memory, Unlocked) {
    let more = format!("{DESCRIPTION}  - {{ name: etcd-2, addresses: [10.0.0.12] }}\n");
    let (_, store, keys) = pki(&more);
    let cluster = Cluster::from_yaml(&DESCRIPTION.replace("10.0.0.10", "10.0.0.20")).unwrap();
    let mut pki = Pki::new(store);
    let now = OffsetDateTime::now_utc();
    let plan = converge::plan(&cluster, &pki, now).unwrap();
    plan.apply(&cluster, &mut pki, &keys, now).unwrap();
    let removed = leaves(&Cluster::from_yaml(&more).unwrap());
    let removed = removed
        .iter()
        .find(|leaf| leaf.id.to_string() == "etcd-2/server");
    let revoked = pki.leaf(&removed.unwrap().id).unwrap().unwrap();
    let record = Revocation::new(revoked.certificate(), Reason::KeyCompromise, now);
    converge::revoke(&cluster, &mut pki, &[record], &keys, now).unwrap();
    (cluster, pki.store().clone(), keys)
}

#[test]
fn a_description_that_changed_is_found() {
    let (_, store, keys) = pki(DESCRIPTION);
    let changed = Cluster::from_yaml(&DESCRIPTION.replace("10.0.0.10", "10.0.0.20")).unwrap();
    let found = findings(&changed, store.clone(), &keys, 0);
    assert!(found.iter().all(|finding| finding.path.contains("etcd-0")) && !found.is_empty());
    let codes: Vec<_> = found.iter().map(|finding| finding.lint.code).collect();
    assert_eq!(codes, ["not-as-described", "name-not-matched"].repeat(2));
    let more = format!("{DESCRIPTION}  - {{ name: etcd-2, addresses: [10.0.0.12] }}\n");
    let found = findings(&Cluster::from_yaml(&more).unwrap(), store, &keys, 0);
    assert!(found.iter().all(|finding| *finding.lint == rules::MISSING) && found.len() == 2);
}

#[test]
fn settings_for_the_next_issue_are_told() {
    let (_, store, keys) = pki(DESCRIPTION);
    let told = |setting: &str| {
        let cluster = Cluster::from_yaml(&format!("{DESCRIPTION}{setting}\n")).unwrap();
        let found = findings(&cluster, store.clone(), &keys, 0);
        assert!(
            found.iter().all(|one| *one.lint == rules::FOR_NEXT_ISSUE),
            "{found:?}"
        );
        found
            .into_iter()
            .map(|one| one.message)
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(
        told("certificates: { key: ed25519 }"),
        "6 certificates: the key is P-256, and Ed25519 is described"
    );
    assert_eq!(
        told("certificates: { lifetime: 90d }"),
        "6 certificates: the lifetime is 365 days, and 90d is described"
    );
    assert_eq!(told("certificates: { backdate: 1h }"), "");
    assert_eq!(
        told("authorities: { intermediate: { key: p256 }, etcd: { lifetime: 4y } }"),
        "the key is P-384, and P-256 is described; the lifetime is 1825 days, and 4y is described"
    );
    assert_eq!(
        told("authorities: { etcd: { name_constraints: none } }"),
        "its name constraints are not those described"
    );
}

#[test]
fn a_name_that_was_never_described_is_told() {
    let (_, store, keys) = pki(DESCRIPTION);
    let renamed = Cluster::from_yaml(&format!("{DESCRIPTION}cluster: other\n")).unwrap();
    let found = findings(&renamed, store, &keys, 0);
    let names = found
        .iter()
        .filter(|one| *one.lint == rules::FOR_NEXT_ISSUE);
    let messages: Vec<_> = names.map(|one| one.message.as_str()).collect();
    assert!(
        messages
            .iter()
            .any(|one| one.contains("other root CA G1` is described")),
        "{found:?}"
    );
}

#[test]
fn certificates_besides_are_told() {
    let (cluster, store, keys) = pki(DESCRIPTION);
    let fewer = Cluster::from_yaml(DESCRIPTION.rsplit_once("  -").unwrap().0).unwrap();
    let undescribed = |days| {
        let found = findings(&fewer, store.clone(), &keys, days);
        found
            .into_iter()
            .filter(|one| *one.lint == rules::UNDESCRIBED)
            .count()
    };
    assert_eq!(undescribed(0), 2);
    // What has expired does no harm any more.
    assert_eq!(undescribed(366), 0);

    // A serial number may repeat in copies of one certificate.
    let mut copied = store.clone();
    let authority = store.read("authorities/root/1/ca.crt").unwrap();
    copied.set("authorities/root/2/ca.crt", authority);
    copied.set(
        "authorities/root/2/ca.key.sealed",
        store.read("authorities/root/1/ca.key.sealed").unwrap(),
    );
    let found = findings(&cluster, copied, &keys, 0);
    let codes: Vec<_> = found.iter().map(|one| one.lint.code).collect();
    assert_eq!(codes, ["crl-missing", "journal-incomplete"], "{found:?}");
}

/// A revocation list of the etcd authority over these certificates.
fn revocation_list(store: &Memory, keys: &Unlocked, paths: &[&str]) -> Vec<u8> {
    let pki = Pki::new(store.clone());
    let stored = pki.authority(AuthorityName::Etcd).unwrap().unwrap();
    let key = pki.authority_key(&stored, keys).unwrap();
    let authority = Authority::new(stored.certificate.clone(), key).unwrap();
    let now = OffsetDateTime::now_utc();
    let revoked = paths.iter().map(|path| rcgen::RevokedCertParams {
        serial_number: certificate(store, path).serial.into(),
        revocation_time: now,
        reason_code: None,
        invalidity_date: None,
    });
    let identifier = stored.certificate.subject_key_identifier.unwrap();
    let parameters = rcgen::CertificateRevocationListParams {
        this_update: now - time::Duration::minutes(1),
        next_update: now + time::Duration::days(7),
        crl_number: 1_u64.into(),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: rcgen::KeyIdMethod::PreSpecified(identifier),
    };
    authority.sign_list(&parameters).unwrap().der().to_vec()
}

fn certificate(store: &Memory, path: &str) -> Certificate {
    let text = store.read(path).unwrap().unwrap();
    crate::certificate::bundle::read(&text).unwrap().remove(0)
}

#[test]
fn each_rule_of_a_whole_pki_is_broken() {
    const LEAF: &str = "certificates/etcd-0/server/1/tls.crt";
    const ETCD: &str = "authorities/etcd/1/ca.crt";
    let (cluster, store, keys) = pki(DESCRIPTION);
    let (_, other, _) = pki(DESCRIPTION);
    let codes = |cluster: &Cluster, path: &str, content: Option<Vec<u8>>, days| {
        let mut changed = store.clone();
        changed.set(path, content);
        let found = findings(cluster, changed, &keys, days);
        found
            .into_iter()
            .map(|one| one.lint.code)
            .collect::<Vec<_>>()
    };
    let changed = |path: &str, content: Option<Vec<u8>>| codes(&cluster, path, content, 0);
    let of_other = |path: &str| changed(path, other.read(path).unwrap());

    assert_eq!(changed(LEAF, Some(b"rubbish".to_vec())), ["unreadable"]);
    assert!(of_other(ETCD).contains(&"signature-not-of-issuer"));
    // That is told alone: no other rule has a way out of it.
    assert_eq!(of_other(LEAF), ["certificate-changed"]);
    let alone = certificate(&store, LEAF).to_pem().into_bytes();
    assert!(changed(LEAF, Some(alone)).contains(&"path-not-valid"));
    for path in [LEAF, ETCD, "authorities/root/1/ca.crt"] {
        assert!(of_other(path).contains(&"certificate-changed"));
    }
    assert_eq!(of_other("trust/members.crt"), ["trust-stale"]);
    let mut lost = store.clone();
    lost.set("trust/members.crt", None);
    let found = findings(&cluster, lost, &keys, 0);
    assert!(
        matches!(found.as_slice(), [one] if one.message == "it is missing"),
        "{found:?}"
    );
    // Of several generations only the chain tells which are in use.
    let mut several = store.clone();
    for file in ["ca.crt", "ca.key.sealed"] {
        let content = store.read(&format!("authorities/etcd/1/{file}")).unwrap();
        several.set(&format!("authorities/etcd/2/{file}"), content);
    }
    several.set("trust/chain.crt", None);
    let found = findings(&cluster, several, &keys, 0);
    assert!(
        found.iter().any(|one| one.lint.code == "trust-lost"),
        "{found:?}"
    );
    assert!(codes(&cluster, "x", None, 5 * 365 + 1).contains(&"authority-not-valid"));
    let without = format!("{DESCRIPTION}etcd: {{ enable_grpc_gateway: false }}\n");
    let without = Cluster::from_yaml(&without).unwrap();
    let found = codes(&without, "x", None, 0);
    assert_eq!(
        found,
        ["not-as-described", "usage-unwanted", "usage-unwanted"].repeat(2)
    );

    let list = "crl/etcd.crl";
    assert_eq!(changed(list, Some(b"rubbish".to_vec())), ["crl-unreadable"]);
    // A list that was put there by hand is not the one that is there as PEM.
    assert_eq!(
        changed(list, Some(revocation_list(&store, &keys, &[]))),
        ["crl-stale"]
    );
    assert_eq!(
        changed(list, Some(revocation_list(&store, &keys, &[LEAF]))),
        ["crl-stale", "revoked"]
    );
    // Every leaf is sent with its authority, so etcd refuses them all.
    let all = changed(list, Some(revocation_list(&store, &keys, &[ETCD])));
    let revoked = ["authority-revoked"].repeat(1 + 6);
    assert_eq!(all, [vec!["crl-stale"], revoked].concat());
    let late = codes(&cluster, list, Some(revocation_list(&store, &keys, &[])), 8);
    assert_eq!(late, ["crl-outdated", "crl-stale"]);
    assert_eq!(changed(list, None), ["crl-missing"]);
}
