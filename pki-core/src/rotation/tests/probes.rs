//! Which members take a certificate of five minutes.

use super::*;

/// Whether a member that has loaded this CA file takes the probe.
fn takes(probe: &Probe, loaded: &crate::trust::Bundles, now: OffsetDateTime) -> bool {
    !proof::is_refused(&probe.chain, loaded, now)
}

#[test]
fn a_probe_is_taken_by_nobody_who_trusts_another_authority() {
    let anchors = ["etcd", "intermediate", "root"];
    for before in anchors {
        for after in anchors.into_iter().filter(|after| *after != before) {
            let mut fixture = Fixture::new(&format!("trust_anchor: {before}"));
            let loaded = fixture.moment().bundles;
            fixture.cluster = Fixture::description(&format!("trust_anchor: {after}"));
            fixture.converge();
            let probe = Probe::new(&fixture.cluster, &fixture.pki, &fixture.keys, fixture.now);
            let probe = probe.unwrap();
            let label = format!("from {before} to {after}");
            assert!(
                takes(&probe, &fixture.moment().bundles, fixture.now),
                "{label}"
            );
            assert!(!takes(&probe, &loaded, fixture.now), "{label}");
        }
    }
}

#[test]
fn a_probe_is_signed_below_a_root_whose_key_is_not_here() {
    let fixture = Fixture::new("trust_anchor: root");
    let mut store = fixture.pki.store().clone();
    store.set("authorities/root/1/ca.key.sealed", None);
    let fixture = fixture.at(store);
    let probe = Probe::new(&fixture.cluster, &fixture.pki, &fixture.keys, fixture.now);
    let probe = probe.unwrap();
    assert_eq!(probe.chain.len(), 2);
    assert!(takes(&probe, &fixture.moment().bundles, fixture.now));
    // Of what nobody takes none is made.
    let late = fixture.now + Duration::days(21 * 365);
    let refused = Probe::new(&fixture.cluster, &fixture.pki, &fixture.keys, late);
    assert!(matches!(
        refused,
        Err(RotationError::Unaskable(AuthorityName::Root))
    ));
}

#[test]
fn a_probe_is_taken_by_who_has_loaded_what_members_trust_now() {
    rotations()
        .par_bridge()
        .for_each(|(shape, name, procedure)| {
            let mut fixture = Fixture::new(shape);
            loop {
                let before = fixture.moment().bundles;
                let step = fixture.next(name, procedure);
                let label = format!("{step} of {procedure} of {name} with {shape}");
                let after = fixture.moment().bundles;
                let probe = Probe::new(&fixture.cluster, &fixture.pki, &fixture.keys, fixture.now);
                let probe = probe.unwrap();
                assert!(takes(&probe, &after, fixture.now), "{label}");
                let keys = |bundles: &crate::trust::Bundles| {
                    let members = bundles.members.iter();
                    let newest: Vec<_> = members.map(|one| one.public_key.clone()).collect();
                    newest
                };
                // What has another key is seen; a newer certificate of the same one needs not be.
                let new_key = keys(&after).iter().any(|key| !keys(&before).contains(key));
                if new_key {
                    assert!(!takes(&probe, &before, fixture.now), "{label}");
                }
                if fixture.underway().is_none() {
                    break;
                }
            }
        });
}

#[test]
fn who_still_trusts_what_was_replaced_is_seen() {
    rotations()
        .par_bridge()
        .for_each(|(shape, name, procedure)| {
            let mut fixture = Fixture::new(shape);
            let replaced = |fixture: &Fixture| {
                let Fixture {
                    cluster, pki, keys, ..
                } = fixture;
                Probe::replaced(cluster, pki, keys, fixture.now).unwrap()
            };
            assert!(replaced(&fixture).is_empty());
            let before = fixture.moment().bundles;
            loop {
                let step = fixture.next(name, procedure);
                let label = format!("{step} of {procedure} of {name} with {shape}");
                let after = fixture.moment().bundles;
                for (what, probe) in replaced(&fixture) {
                    assert!(!takes(&probe, &after, fixture.now), "{what}: {label}");
                }
                if fixture.underway().is_none() {
                    break;
                }
            }
            // Where another key is trusted at the end, whoever has loaded the old one is found.
            let after = fixture.moment().bundles;
            let is_kept = |old: &Certificate| after.members.iter().any(|new| new.is_twin_of(old));
            if !before.members.iter().any(is_kept) {
                let probes = replaced(&fixture);
                assert!(
                    probes
                        .iter()
                        .any(|(_, probe)| takes(probe, &before, fixture.now)),
                    "{procedure} of {name} with {shape}"
                );
            }
        });
}
