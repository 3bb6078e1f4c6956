//! What clients on OpenSSL need besides.
//!
//! A plan is proved for Go, and so for members and most clients of etcd. OpenSSL does not come
//! back from the first of two authorities of one name that it finds, so that there are mixtures
//! which it refuses alone. These do not stop a step: who has such clients is told what they need.

use time::OffsetDateTime;

use super::Moment;
use super::proof::Side;
use super::told_apart::told_apart;
use crate::certificate::Certificate;
use crate::role::{Role, Usage};
use crate::trust::Bundles;
use crate::verify::{Anchors, PathValidator, openssl};

/// A CA file with which clients on OpenSSL do not get through a step, and others do.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct OpensslNeed {
    /// What they trust, by subject.
    pub trusting: Vec<String>,
    /// Whose certificates they refuse: those of members that have what is new, or of the others.
    pub refuse: Side,
    /// What they get through with; none if no file of this step will do.
    pub need: Option<Vec<String>>,
}

/// What a step asks of them that was not so before it.
pub(super) fn needs(before: &Moment, after: &Moment, now: OffsetDateTime) -> Vec<OpensslNeed> {
    let clients = Clients {
        validator: PathValidator::new(),
        now,
    };
    let presented: Vec<_> = [(Side::Before, before), (Side::After, after)]
        .into_iter()
        .filter_map(|(side, moment)| Some((side, server(moment)?)))
        .collect();
    let (old, new) = (&before.bundles, &after.bundles);
    let at_hand = [
        roots(old),
        old.clients.clone(),
        roots(new),
        new.clients.clone(),
    ];
    let of_both = [
        union(roots(old), roots(new)),
        union(old.clients.clone(), new.clients.clone()),
    ];
    let mut needs = Vec::new();
    for (number, trusted) in at_hand.iter().enumerate() {
        let is_old = number < 2;
        for (side, chain) in &presented {
            let was_before = is_old && *side == Side::Before;
            if was_before || !clients.are_refused_alone(chain, trusted) {
                continue;
            }
            let takes_all = |file: &&Vec<Certificate>| {
                let mut presented = presented.iter();
                presented.all(|(_, chain)| clients.take(chain, file))
            };
            let need = OpensslNeed {
                trusting: told_apart(trusted),
                refuse: *side,
                need: of_both.iter().find(takes_all).map(|file| told_apart(file)),
            };
            if !needs.contains(&need) {
                needs.push(need);
            }
        }
    }
    needs
}

struct Clients {
    validator: PathValidator,
    now: OffsetDateTime,
}

impl Clients {
    /// Whether those on OpenSSL take what a server presents.
    fn take(&self, chain: &[Certificate], trusted: &[Certificate]) -> bool {
        let taken = openssl::validate(&self.validator, chain, trusted, USAGE, self.now);
        taken.is_ok()
    }

    /// Whether those on OpenSSL refuse it, and others do not.
    fn are_refused_alone(&self, chain: &[Certificate], trusted: &[Certificate]) -> bool {
        let others_take = || {
            let anchors = Anchors::new(trusted).ok()?;
            self.validator
                .validate(chain, &anchors, USAGE, self.now)
                .ok()
        };
        !self.take(chain, trusted) && others_take().is_some()
    }
}

const USAGE: Usage = Usage::ServerAuth;

/// What one server presents; the others carry the same behind their own.
pub(super) fn server(moment: &Moment) -> Option<&[Certificate]> {
    let mut presented = moment.presented.iter();
    let server = presented.find(|leaf| leaf.id.role == Role::Server)?;
    Some(&server.chain)
}

/// What clients have that trust the top alone.
pub(super) fn roots(bundles: &Bundles) -> Vec<Certificate> {
    let roots = bundles.clients.iter().filter(|one| one.is_self_issued());
    roots.cloned().collect()
}

fn union(mut all: Vec<Certificate>, more: Vec<Certificate>) -> Vec<Certificate> {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}
