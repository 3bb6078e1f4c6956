//! Whole rotations, as planned and proved.

use super::*;

#[test]
fn every_procedure_is_carried_out_as_planned_and_proved() {
    rotations()
        .par_bridge()
        .for_each(|(shape, name, procedure)| {
            let label = format!("{procedure} of {name} with {shape}");
            let mut fixture = Fixture::new(shape);
            let planned = fixture.plan(name, Some(procedure));
            let first = fixture.moment();
            let steps = fixture.rotate(name, procedure);
            let expected: Vec<_> = planned.steps.iter().map(|step| step.step).collect();
            assert_eq!(steps, expected, "{label}");
            // What was signed again is as described.
            let codes = fixture.check();
            assert!(!codes.contains(&"setting-for-next-issue"), "{label}");
            let last = fixture.moment();
            let mut old = first.presented.iter();
            let refused =
                old.all(|leaf| proof::is_refused(&leaf.chain, &last.bundles, fixture.now));
            assert_eq!(refused, planned.old_is_refused, "{label}");
            assert_eq!(
                last.bundles.chain.len(),
                first.bundles.chain.len(),
                "{label}: nothing is carried that is of no use any more"
            );
            let (before, after) = (first.bundles.clients.len(), last.bundles.clients.len());
            assert_eq!(before, after, "{label}");
        });
}

#[test]
fn rotations_follow_one_another() {
    let mut fixture = Fixture::new("trust_anchor: root");
    let all = [
        AuthorityName::Root,
        AuthorityName::Intermediate,
        AuthorityName::Etcd,
    ];
    for name in all.into_iter().chain(all.into_iter().rev()) {
        let procedure = fixture.plan(name, None).procedure;
        fixture.rotate(name, procedure);
    }
}

#[test]
fn restarts_are_as_few_as_can_be() {
    for (shape, expected) in [
        ("trust_anchor: etcd", vec![0, 0, 1]),
        ("trust_anchor: intermediate", vec![0, 1, 0]),
        ("trust_anchor: root", vec![1, 0, 0]),
        ("authorities: { etcd: { issuing: true } }", vec![0, 0, 1, 0]),
        ("authorities: { levels: 1 }", vec![1]),
    ] {
        let fixture = Fixture::new(shape);
        let chain = AuthorityName::chain(&fixture.cluster).iter();
        let restarts: Vec<_> = chain
            .map(|name| fixture.plan(*name, None).restarts)
            .collect();
        assert_eq!(restarts, expected, "{shape}");
    }
}

#[test]
fn where_the_old_authority_may_not_sign_the_names_both_are_trusted() {
    let mut fixture = Fixture::new("trust_anchor: etcd");
    // Beyond the constraints of the authority that is there.
    let text = Fixture::text(3, "trust_anchor: etcd");
    fixture.cluster = Cluster::from_yaml(&text.replace("a.example", "b.example")).unwrap();
    let refused = plan(
        &fixture.cluster,
        &fixture.pki,
        AuthorityName::Etcd,
        Some(Procedure::CrossSign),
        fixture.now,
    );
    let error = refused.unwrap_err();
    assert!(
        matches!(&error, RotationError::Broken { broken, .. }
            if broken.verifier == Verifier::Members && broken.error == crate::verify::PathError::NameConstraints),
        "{error}"
    );
    let plan = fixture.plan(AuthorityName::Etcd, None);
    assert_eq!((plan.procedure, plan.restarts), (Procedure::Bundle, 2));
    let (procedure, why) = &plan.ruled_out[0];
    assert_eq!(*procedure, Procedure::CrossSign);
    assert!(why.contains("name constraints"), "{why}");
    loop {
        let before = fixture.moment();
        let left = fixture.plan(AuthorityName::Etcd, None);
        let step = fixture.next(AuthorityName::Etcd, Procedure::Bundle);
        // What waits for the next step is no error, and is said to.
        let waiting = fixture.check();
        let is_waiting = step == Step::TrustBoth;
        assert_eq!(
            waiting.contains(&"waits-for-rotation"),
            is_waiting,
            "{step}"
        );
        assert_eq!(left.steps[0].clients_need.certificates, step == Step::Trust);
        let proof = prove(&before, &fixture.moment(), None, fixture.now);
        assert!(proof.broken.is_empty(), "{}", proof.broken[0]);
        if fixture.underway().is_none() {
            break;
        }
    }
    fixture.check();
    let state = State::read(&fixture.cluster, &fixture.pki).unwrap();
    let names = &state.leaves[0].certificate().alternative_names;
    assert_eq!(names[0].to_string(), "etcd-0.b.example");
}

#[test]
fn what_has_expired_is_renewed_from_the_top() {
    for shape in SHAPES {
        let mut fixture = Fixture::new(shape);
        // Everything, the root too.
        fixture.now += Duration::days(21 * 365);
        let before = fixture.moment();
        let names = AuthorityName::chain(&fixture.cluster).to_vec();
        for name in &names {
            let left = fixture.plan(*name, Some(Procedure::SameKey));
            assert_eq!(left.broken.len(), 0, "{name} with {shape}");
            fixture.next(*name, Procedure::SameKey);
            assert_eq!(fixture.underway(), None, "{name} with {shape}");
        }
        fixture.converge();
        fixture.check();
        let after = fixture.moment();
        assert!(
            prove(&after, &after, None, fixture.now).broken.is_empty(),
            "{shape}"
        );
        let is_new = |leaf: &Presented| leaf.chain[0].validity.contains(fixture.now);
        assert!(after.presented.iter().all(is_new), "{shape}");
        assert!(!before.presented.iter().any(is_new), "{shape}");
    }
}

/// An etcd authority that was made elsewhere: no authority may stand below it, and its key
/// identifier is none that would be made here.
fn of_elsewhere() -> Fixture {
    let cluster = Fixture::description("authorities: { levels: 1 }");
    let mut pki = Pki::new(Memory::default());
    let (keys, now) = (keys_of(&mut pki), OffsetDateTime::now_utc());
    let key = PrivateKey::generate(crate::key::KeyAlgorithm::P256).unwrap();
    let other = PrivateKey::generate(crate::key::KeyAlgorithm::P256).unwrap();
    let validity = Validity {
        not_before: now - Duration::days(1),
        not_after: now + Duration::days(3650),
    };
    let profile = AuthorityName::Etcd.profile(&cluster, 1).with_path_len(0);
    let other = Authority::self_signed(&profile, other, validity).unwrap();
    let profile = profile.with_key_identifier_of(other.certificate());
    let authority = Authority::self_signed(&profile, key, validity).unwrap();
    let stored = StoredAuthority {
        name: AuthorityName::Etcd,
        generation: 1,
        certificate: authority.certificate().clone(),
    };
    let mut batch = Batch::default();
    let key = authority.key().unwrap();
    Pki::<Memory>::add_authority(&mut batch, Event::Imported, &stored, key, &keys).unwrap();
    pki.commit(batch).unwrap();
    let mut fixture = Fixture {
        cluster,
        pki,
        keys: Arc::new(keys),
        now,
    };
    fixture.converge();
    fixture
}

#[test]
fn an_authority_of_elsewhere_under_which_none_may_stand_is_replaced() {
    let fixture = of_elsewhere();
    let plan = fixture.plan(AuthorityName::Etcd, None);
    assert_eq!((plan.procedure, plan.restarts), (Procedure::Bundle, 2));
    let (procedure, why) = &plan.ruled_out[0];
    assert_eq!(*procedure, Procedure::CrossSign);
    assert!(why.contains("path length"), "{why}");
    for procedure in [Procedure::Bundle, Procedure::Compromise] {
        let mut fixture = of_elsewhere();
        let planned = fixture.plan(AuthorityName::Etcd, Some(procedure));
        let steps = fixture.rotate(AuthorityName::Etcd, procedure);
        let expected: Vec<_> = planned.steps.iter().map(|step| step.step).collect();
        assert_eq!(steps, expected);
    }
}

#[test]
fn one_rotation_at_a_time() {
    let mut fixture = Fixture::new("trust_anchor: etcd");
    fixture.step(AuthorityName::Etcd, Procedure::CrossSign);
    for (name, procedure) in [
        (AuthorityName::Root, Procedure::Reissue),
        (AuthorityName::Etcd, Procedure::Bundle),
    ] {
        let refused = plan(
            &fixture.cluster,
            &fixture.pki,
            name,
            Some(procedure),
            fixture.now,
        );
        assert!(matches!(
            refused,
            Err(RotationError::Underway {
                underway: AuthorityName::Etcd,
                procedure: Procedure::CrossSign
            })
        ));
    }
    // Without a procedure what is under way goes on.
    let left = fixture.plan(AuthorityName::Etcd, None);
    assert!(left.underway);
    let steps: Vec<_> = left.steps.iter().map(|step| step.step).collect();
    assert_eq!(steps, [Step::Trust, Step::Strip]);
}

#[test]
fn what_is_left_asks_of_clients_what_the_whole_plan_asks() {
    rotations()
        .par_bridge()
        .for_each(|(shape, name, procedure)| {
            let mut fixture = Fixture::new(shape);
            let whole = fixture.plan(name, Some(procedure));
            for step in &whole.steps {
                let left = fixture.plan(name, Some(procedure));
                let label = format!("{procedure} of {name} with {shape}, {}", step.step);
                assert_eq!(left.steps[0].clients_need, step.clients_need, "{label}");
                assert_eq!(left.steps[0].step, step.step, "{label}");
                fixture.next(name, procedure);
            }
        });
}

#[test]
fn clients_are_waited_for_where_they_would_be_refused() {
    let needs = |shape: &str, name, procedure| {
        let plan = Fixture::new(shape).plan(name, procedure);
        let needs = plan.steps.into_iter().map(|step| {
            let need = step.clients_need;
            assert_eq!(need.any(), need.certificates || need.ca_file);
            (step.step, need.certificates, need.ca_file)
        });
        needs.collect::<Vec<_>>()
    };
    let etcd = needs("trust_anchor: etcd", AuthorityName::Etcd, None);
    let expected = [
        (Step::Introduce, false, false),
        (Step::Trust, true, false),
        (Step::Strip, false, false),
    ];
    assert_eq!(etcd, expected);
    // Where the authority that is replaced is all that clients trust, they need the new one.
    let alone = needs("authorities: { levels: 1 }", AuthorityName::Etcd, None);
    assert_eq!(
        alone[1..],
        [(Step::Trust, true, false), (Step::Strip, false, true)]
    );
}

#[test]
fn without_overlap_the_outage_is_told_and_the_old_authority_revoked() {
    let mut fixture = Fixture::new("trust_anchor: etcd");
    let plan = fixture.plan(AuthorityName::Etcd, Some(Procedure::Compromise));
    assert!(!plan.broken.is_empty());
    assert_eq!(plan.steps[0].restarts, Restarts::AllAtOnce);
    assert!(plan.old_is_refused);
    let old = fixture.pki.authority(AuthorityName::Etcd).unwrap().unwrap();
    fixture.step(AuthorityName::Etcd, Procedure::Compromise);
    let authorities = fixture.pki.authorities().unwrap();
    let list = fixture.pki.crl("crl/etcd.crl", &authorities).unwrap();
    assert!(list.unwrap().find(&old.certificate.serial).is_some());
}

#[test]
fn all_that_a_plan_looks_at_is_told() {
    let mut fixture = Fixture::new("trust_anchor: etcd");
    let seen = Arc::new(Seen::default());
    fixture.pki = fixture.pki.watched_by(seen.clone());
    let planned = fixture.plan(AuthorityName::Etcd, Some(Procedure::CrossSign));
    let leaves = leaves(&fixture.cluster).len();
    let told = seen.all();
    assert!(
        told.iter().all(|(_, pieces, done)| *pieces == Some(*done)),
        "{told:?}"
    );
    let of = |work| {
        told.iter()
            .filter(move |told| told.0 == work)
            .filter_map(|told| told.1)
    };
    assert_eq!(of(Work::Read).collect::<Vec<_>>(), [leaves]);
    // Those that are there, what was issued by hand, which is nothing, and those after each step.
    let expected = [vec![leaves, 0], vec![leaves; planned.steps.len()]].concat();
    assert_eq!(of(Work::Model).collect::<Vec<_>>(), expected);
    assert_eq!(of(Work::Prove).sum::<usize>(), planned.pairs);
}

#[test]
fn procedures_and_steps_are_called_as_they_are_written() {
    let names = ["reissue", "cross-sign", "bundle", "same-key", "compromise"];
    for (procedure, name) in Procedure::ALL.into_iter().zip(names) {
        assert_eq!(procedure.to_string(), name);
        assert_eq!(name.parse::<Procedure>().unwrap(), procedure);
    }
    let error = "replace".parse::<Procedure>().unwrap_err();
    assert!(error.to_string().contains("`replace`"), "{error}");
    for (step, name) in [
        (Step::Introduce, "introduce"),
        (Step::Renew, "renew"),
        (Step::Replace, "replace"),
        (Step::Sign, "sign"),
        (Step::Strip, "strip"),
        (Step::Trust, "trust"),
        (Step::TrustBoth, "trust-both"),
    ] {
        assert_eq!(step.to_string(), name);
    }
}

#[test]
fn what_a_step_changes_and_which_keys_it_needs_is_told() {
    let told = |procedure| {
        let plan = Fixture::new("trust_anchor: etcd").plan(AuthorityName::Etcd, Some(procedure));
        let short = |subjects: &[String]| {
            let names = subjects.iter().map(|subject| {
                let name = subject.strip_prefix("O=a.example, CN=").unwrap();
                name.replace("etcd CA", "etcd")
                    .replace("etcd intermediate CA", "intermediate")
                    .replace("etcd root CA", "root")
            });
            names.collect::<Vec<_>>().join(", ")
        };
        let steps = plan.steps.into_iter().map(|step| {
            let keys = step.keys.iter();
            let keys = keys.map(|key| (key.authority, key.generation));
            (
                step.step,
                step.makes,
                step.members.as_deref().map(short),
                step.clients.as_deref().map(short),
                keys.collect::<Vec<_>>(),
            )
        });
        steps.collect::<Vec<_>>()
    };
    let is = |file: &str| Some(file.to_owned());
    let new = || vec![(AuthorityName::Etcd, 2)];
    let both = "etcd G2, etcd G1, intermediate G1, root G1";
    let issuer = (AuthorityName::Intermediate, 1);
    let old = (AuthorityName::Etcd, 1);
    assert_eq!(
        told(Procedure::CrossSign),
        [
            // The old one signs the new one.
            (Step::Introduce, new(), None, is(both), vec![issuer, old]),
            (Step::Trust, vec![], is("etcd G2"), None, vec![]),
            (
                Step::Strip,
                vec![],
                None,
                is("etcd G2, intermediate G1, root G1"),
                vec![]
            ),
        ]
    );
    assert_eq!(
        told(Procedure::Bundle),
        [
            (
                Step::TrustBoth,
                new(),
                is("etcd G1, etcd G2"),
                is(both),
                vec![issuer]
            ),
            (Step::Sign, vec![], None, None, vec![]),
            (
                Step::Trust,
                vec![],
                is("etcd G2"),
                is("etcd G2, intermediate G1, root G1"),
                vec![]
            ),
        ]
    );
}

#[test]
fn what_members_trust_is_what_they_have_and_not_what_is_described() {
    let mut fixture = Fixture::new("trust_anchor: etcd");
    fixture.cluster = Fixture::description("trust_anchor: root");
    let (cluster, pki) = (&fixture.cluster, &fixture.pki);
    let refused = plan(cluster, pki, AuthorityName::Root, None, fixture.now);
    let error = refused.unwrap_err();
    assert!(matches!(error, RotationError::OtherTrust { .. }), "{error}");
    fixture.converge();
    fixture.plan(AuthorityName::Root, None);
}

#[test]
fn a_broken_pair_is_told_in_words() {
    let fixture = Fixture::new("trust_anchor: etcd");
    let plan = fixture.plan(AuthorityName::Etcd, Some(Procedure::Compromise));
    let told: Vec<_> = plan.broken.iter().map(ToString::to_string).collect();
    for pair in [
        "the old certificate of backup/client would be refused as clientAuth by members with the new CA file: the path does not lead to a trusted authority",
        "the new certificate of etcd-0/peer would be refused as serverAuth by members with the old CA file: the path does not lead to a trusted authority",
    ] {
        assert!(told.iter().any(|one| one == pair), "{told:?}");
    }
}
