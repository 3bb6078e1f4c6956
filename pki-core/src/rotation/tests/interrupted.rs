//! Steps that are killed, taken back, or overtaken by a theft.

use super::*;

#[test]
fn a_step_that_is_killed_anywhere_is_done_again() {
    let rotations = [
        (
            "trust_anchor: etcd",
            AuthorityName::Etcd,
            Procedure::CrossSign,
        ),
        ("trust_anchor: etcd", AuthorityName::Etcd, Procedure::Bundle),
        (
            "trust_anchor: etcd",
            AuthorityName::Etcd,
            Procedure::SameKey,
        ),
        (
            "trust_anchor: etcd",
            AuthorityName::Etcd,
            Procedure::Compromise,
        ),
        (
            "trust_anchor: etcd",
            AuthorityName::Root,
            Procedure::Reissue,
        ),
        (
            "trust_anchor: root",
            AuthorityName::Root,
            Procedure::CrossSign,
        ),
        (
            "trust_anchor: root",
            AuthorityName::Etcd,
            Procedure::Reissue,
        ),
    ];
    rotations
        .into_par_iter()
        .for_each(|(shape, name, procedure)| {
            let cluster = Cluster::from_yaml(&Fixture::text(1, shape)).unwrap();
            let mut fixture = Fixture::of(cluster);
            // Every state before a step.
            loop {
                let whole = fixture.failing(usize::MAX, name, procedure).unwrap();
                let done = fixture.at(whole.store);
                for left in 0..whole.written {
                    let killed = fixture.failing(left, name, procedure).unwrap_err();
                    let killed = fixture.at(killed);
                    let label = format!("{procedure} of {name}, killed after {left} writes");
                    fixture.go_on(killed, &done, name, procedure, &label);
                }
                fixture = done;
                if fixture.underway().is_none() {
                    break;
                }
            }
        });
}

#[test]
fn what_has_begun_goes_back_while_that_is_safe() {
    rotations()
        .par_bridge()
        .for_each(|(shape, name, procedure)| {
            let mut fixture = Fixture::new(shape);
            let first = fixture.moment();
            loop {
                fixture.step(name, procedure);
                let Some(underway) = fixture.underway() else {
                    break;
                };
                let mut back = fixture.at(fixture.pki.store().clone());
                let label = format!(
                    "{procedure} of {name} with {shape}, before {}",
                    underway.next
                );
                match abort(&back.cluster, &back.pki) {
                    Err(RotationError::TooLate(_)) => {
                        let replaced = back.moment().bundles.members != first.bundles.members;
                        assert!(replaced, "{label}");
                    }
                    Err(error) => panic!("{label}: {error}"),
                    Ok(step) => {
                        let mut taken = Some(step);
                        while let Some(step) = taken.take() {
                            let before = back.moment();
                            back.take(step.change);
                            assert_eq!(back.underway(), step.left, "{label}");
                            let proof = prove(&before, &back.moment(), None, back.now);
                            assert!(proof.broken.is_empty(), "{label}: {}", proof.broken[0]);
                            assert_eq!(back.converge(), 0, "{label}");
                            back.check();
                            if back.underway().is_some() {
                                taken = Some(abort(&back.cluster, &back.pki).unwrap());
                            }
                        }
                        assert_eq!(back.moment().bundles, first.bundles, "{label}");
                        // What was made for it is not made again, and is planned with; but for a
                        // stolen key, which that may have been stolen with.
                        let mut stolen = back.at(back.pki.store().clone());
                        stolen.compromise(name, &label);
                        assert_eq!(stolen.newest_generation(name), 3, "{label}");
                        let again = back.plan(name, Some(procedure));
                        assert!(again.steps[0].makes.iter().all(|(made, _)| *made != name));
                        back.rotate(name, procedure);
                        assert_eq!(back.newest_generation(name), 2, "{label}");
                    }
                }
            }
        });
}

#[test]
fn a_stolen_key_is_not_brought_back() {
    let cluster = Cluster::from_yaml(&Fixture::text(1, "trust_anchor: etcd")).unwrap();
    let fixture = Fixture::of(cluster);
    let (name, procedure) = (AuthorityName::Etcd, Procedure::Compromise);
    let whole = fixture.failing(usize::MAX, name, procedure).unwrap();
    let mut begun = 0;
    for left in 0..whole.written {
        let killed = fixture.at(fixture.failing(left, name, procedure).unwrap_err());
        let error = abort(&killed.cluster, &killed.pki).unwrap_err();
        match killed.underway() {
            None => assert!(matches!(error, RotationError::NothingUnderway), "{error}"),
            Some(underway) => {
                assert_eq!(underway.procedure, procedure);
                assert!(matches!(error, RotationError::TooLate(_)), "{error}");
                begun += 1;
            }
        }
    }
    assert!(begun > 0, "it is killed between two CA files, too");
}

#[test]
fn keys_that_may_be_stolen_with_it_are_revoked_and_no_others() {
    let name = AuthorityName::Etcd;
    let cluster = || Cluster::from_yaml(&Fixture::text(1, "trust_anchor: etcd")).unwrap();
    let mut replaced_long_ago = Fixture::of(cluster());
    replaced_long_ago.rotate(name, Procedure::CrossSign);
    let mut left_for_later = Fixture::of(cluster());
    left_for_later.step(name, Procedure::CrossSign);
    let step = abort(&left_for_later.cluster, &left_for_later.pki).unwrap();
    left_for_later.take(step.change);
    assert_eq!(left_for_later.underway(), None);

    for (mut fixture, is_stolen_too) in [(replaced_long_ago, false), (left_for_later, true)] {
        let stolen = fixture.pki.authority(name).unwrap().unwrap();
        let older = fixture.pki.authorities().unwrap();
        fixture.compromise(name, "stolen");
        let authorities = fixture.pki.authorities().unwrap();
        let list = fixture.pki.crl("crl/etcd.crl", &authorities).unwrap();
        let list = list.unwrap();
        let own: Vec<_> = older.iter().filter(|one| one.name == name).collect();
        assert!(own.len() > 1);
        for one in own {
            let same_key = one.certificate.public_key == stolen.certificate.public_key;
            let is_revoked = list.find(&one.certificate.serial).is_some();
            assert_eq!(is_revoked, same_key || is_stolen_too, "{}", one.generation);
        }
    }
}

#[test]
fn a_newer_certificate_that_members_do_not_trust_yet_is_told() {
    let cluster = Cluster::from_yaml(&Fixture::text(1, "trust_anchor: etcd")).unwrap();
    let fixture = Fixture::of(cluster);
    let (name, procedure) = (AuthorityName::Etcd, Procedure::SameKey);
    let whole = fixture.failing(usize::MAX, name, procedure).unwrap();
    let killed = (0..whole.written).map(|left| fixture.failing(left, name, procedure).unwrap_err());
    let begun: Vec<_> = killed
        .filter_map(|store| fixture.at(store).underway())
        .collect();
    assert!(!begun.is_empty());
    for underway in begun {
        assert_eq!((underway.authority, underway.procedure), (name, procedure));
        assert_eq!(underway.next, Step::Trust);
    }
}

#[test]
fn both_are_trusted_and_go_back_below_a_root_that_was_replaced() {
    let mut fixture = Fixture::new("trust_anchor: etcd");
    fixture.rotate(AuthorityName::Root, Procedure::Reissue);
    fixture.rotate(AuthorityName::Intermediate, Procedure::Reissue);
    let first = fixture.moment();
    for steps in 1..=2 {
        for _ in 0..steps {
            fixture.step(AuthorityName::Etcd, Procedure::Bundle);
        }
        while fixture.underway().is_some() {
            let step = abort(&fixture.cluster, &fixture.pki).unwrap();
            fixture.take(step.change);
            assert_eq!(fixture.converge(), 0);
            fixture.check();
        }
        assert_eq!(fixture.moment().bundles, first.bundles);
    }
}

#[test]
fn a_stolen_key_does_not_wait_for_a_rotation() {
    rotations()
        .par_bridge()
        .for_each(|(shape, name, procedure)| {
            let cluster = Cluster::from_yaml(&Fixture::text(1, shape)).unwrap();
            let mut fixture = Fixture::of(cluster);
            loop {
                fixture.step(name, procedure);
                let Some(underway) = fixture.underway() else {
                    break;
                };
                for stolen in AuthorityName::chain(&fixture.cluster) {
                    let label = format!(
                        "{stolen} stolen with {shape}, {procedure} of {name} before {}",
                        underway.next
                    );
                    let mut met = fixture.at(fixture.pki.store().clone());
                    let members = met.moment().bundles.members;
                    met.compromise(*stolen, &label);
                    // Members load nothing new for a key that they do not trust themselves.
                    let is_anchor = *stolen == met.cluster.trust_anchor.into();
                    let loaded = met.moment().bundles.members;
                    let is_known = loaded.iter().all(|one| members.contains(one));
                    assert_eq!(is_known, !is_anchor, "{label}");
                    // What was begun begins again.
                    met.rotate(name, procedure);
                }
            }
        });
}
