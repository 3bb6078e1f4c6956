//! What a proof tries, and what it blames a step for.

use std::collections::BTreeSet;

use super::*;
use crate::role::{Role, Usage};
use crate::trust::Bundles;

/// Two PKIs of the same cluster, that know nothing of each other.
fn strangers() -> (Moment, Moment, OffsetDateTime) {
    let own = Fixture::new("trust_anchor: etcd");
    (
        own.moment(),
        Fixture::new("trust_anchor: etcd").moment(),
        own.now,
    )
}

#[test]
fn each_certificate_is_held_against_each_file_that_verifies_it_once() {
    let (own, other, now) = strangers();
    // Three servers by members and both kinds of clients; three peers and a client by members.
    let same = prove(&own, &own, None, now);
    assert_eq!((same.pairs, same.broken.len()), (3 * 3 + 3 + 1, 0));
    assert_eq!(prove(&own, &other, None, now).pairs, 4 * 13);
}

#[test]
fn what_is_presented_is_tried_for_each_purpose_of_who_verifies_it() {
    let (own, other, now) = strangers();
    let proof = prove(&own, &other, None, now);
    for leaf in &own.presented {
        for verifier in [Verifier::Members, Verifier::Clients, Verifier::ClientsOfTop] {
            let broken = proof.broken.iter();
            let tried: BTreeSet<_> = broken
                .filter(|one| one.presenter == leaf.id && one.verifier == verifier)
                .map(|one| format!("{:?}", one.usage))
                .collect();
            let expected: &[Usage] = match (verifier, leaf.id.role) {
                (Verifier::Members, _) => leaf.usages,
                (_, Role::Server) => &[Usage::ServerAuth],
                _ => &[],
            };
            let expected: BTreeSet<_> = expected.iter().map(|usage| format!("{usage:?}")).collect();
            assert_eq!(tried, expected, "{} by {verifier:?}", leaf.id);
        }
    }
}

#[test]
fn what_mends_itself_when_all_have_loaded_is_told_from_what_stays() {
    let (own, other, now) = strangers();
    // Whoever has loaded nothing yet and whoever has loaded all refuse each other.
    let replaced = prove(&own, &other, None, now);
    let sides: BTreeSet<_> = replaced
        .broken
        .iter()
        .map(|one| (one.presents == Side::After, one.trusts == Side::After))
        .collect();
    assert_eq!(sides, BTreeSet::from([(false, true), (true, false)]));
    assert!(replaced.broken.iter().all(|one| !one.is_settled));
    assert!(replaced.refused(Procedure::Compromise).is_empty());
    assert_eq!(
        replaced.refused(Procedure::CrossSign).len(),
        replaced.broken.len()
    );

    // Nobody presents anything that the new file takes.
    let cut_off = Moment {
        bundles: other.bundles,
        presented: own.presented.clone(),
    };
    let cut_off = prove(&own, &cut_off, None, now);
    assert!(!cut_off.broken.is_empty());
    assert!(cut_off.broken.iter().all(|one| one.is_settled));
    assert_eq!(
        cut_off.refused(Procedure::Compromise).len(),
        cut_off.broken.len()
    );
}

#[test]
fn what_was_refused_before_is_no_fault_of_a_step() {
    let (mut own, other, now) = strangers();
    own.presented[0].chain = other.presented[0].chain.clone();
    assert!(prove(&own, &own, None, now).broken.is_empty());
    let after = Moment {
        bundles: Bundles {
            members: other.bundles.members,
            ..own.bundles.clone()
        },
        presented: own.presented.clone(),
    };
    let blamed: BTreeSet<_> = prove(&own, &after, None, now)
        .broken
        .iter()
        .map(|one| one.presenter.to_string())
        .collect();
    let others: BTreeSet<_> = own.presented[1..]
        .iter()
        .map(|leaf| leaf.id.to_string())
        .collect();
    assert_eq!(blamed, others);
}
