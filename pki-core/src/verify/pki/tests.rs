use super::*;
use crate::converge;
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
        assert_eq!(report.findings, [], "{setting}");
        assert_eq!(report.keys, report.authorities + report.leaves);
    }
}

#[test]
fn time_is_checked() {
    let (cluster, store, keys) = pki(DESCRIPTION);
    assert_eq!(findings(&cluster, store.clone(), &keys, 364), []);
    assert!(
        findings(&cluster, store.clone(), &keys, 366)[0]
            .message
            .contains("expired")
    );
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
        .filter(|path| path != "keyring.yml")
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

#[test]
fn a_description_that_changed_is_found() {
    let (_, store, keys) = pki(DESCRIPTION);
    let changed = Cluster::from_yaml(&DESCRIPTION.replace("10.0.0.10", "10.0.0.20")).unwrap();
    let found = findings(&changed, store.clone(), &keys, 0);
    assert!(found.iter().all(|finding| finding.path.contains("etcd-0")) && !found.is_empty());
    let more = format!("{DESCRIPTION}  - {{ name: etcd-2, addresses: [10.0.0.12] }}\n");
    let found = findings(&Cluster::from_yaml(&more).unwrap(), store, &keys, 0);
    assert!(
        found
            .iter()
            .all(|finding| finding.message.contains("missing"))
            && found.len() == 2
    );
}
