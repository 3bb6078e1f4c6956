//! What was issued by hand: it does not follow a rotation, and is named before that breaks it.

use time::OffsetDateTime;

use super::Moment;
use super::landscape::Landscape;
use super::proof::{Side, files};
use crate::certificate::Certificate;
use crate::hierarchy::AuthorityName;
use crate::leaf::LeafId;
use crate::revocation::Revocation;
use crate::role::Usage;
use crate::verify::PathValidator;

/// A certificate that the description does not ask for, and that was signed by an authority that
/// is replaced, or below it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LeftBehind {
    /// Whose it is.
    pub id: LeafId,
    /// Whether its key is here, so that it can be renewed without a new request.
    pub has_key: bool,
}

/// The same with what it carries.
#[derive(Clone, Debug)]
pub(super) struct ByHand {
    pub(super) leaf: LeftBehind,
    pub(super) chain: Vec<Certificate>,
}

/// Those that held before a step under some CA file, and after it under that one not; or that are
/// sent along with what it revokes.
pub(super) fn broken(
    by_hand: &[ByHand],
    before: &Moment,
    after: &Moment,
    revoked: &[Revocation],
    now: OffsetDateTime,
) -> Vec<LeftBehind> {
    let validator = PathValidator::new();
    let old = files(Side::Before, &before.bundles);
    let new = files(Side::After, &after.bundles);
    let breaks = |one: &&ByHand| {
        let is_revoked = |sent: &Certificate| {
            let mut revoked = revoked.iter();
            revoked.any(|revocation| revocation.serial == sent.serial)
        };
        let is_refused = old.iter().zip(&new).any(|(old, new)| {
            [Usage::ClientAuth, Usage::ServerAuth]
                .into_iter()
                .any(|usage| {
                    old.refuses(&validator, &one.chain, usage, now).is_none()
                        && new.refuses(&validator, &one.chain, usage, now).is_some()
                })
        });
        is_refused || one.chain.iter().any(is_revoked)
    };
    let broken = by_hand.iter().filter(breaks);
    broken.map(|one| one.leaf.clone()).collect()
}

/// The authorities that are in use, those of other services too.
pub(super) fn in_use(landscape: &Landscape<'_>) -> Vec<Certificate> {
    let described = AuthorityName::described(landscape.cluster).into_iter();
    let in_use = described.filter_map(|name| landscape.in_use(name).ok());
    in_use.map(|stored| stored.certificate.clone()).collect()
}

/// Those that are valid and carry an authority that is not in use any more.
pub(super) fn not_under(
    by_hand: &[ByHand],
    in_use: &[Certificate],
    now: OffsetDateTime,
) -> Vec<LeftBehind> {
    let is_left = |one: &&ByHand| {
        let is_valid = one
            .chain
            .first()
            .is_some_and(|own| own.validity.contains(now));
        is_valid
            && one
                .chain
                .iter()
                .skip(1)
                .any(|above| !in_use.contains(above))
    };
    let left = by_hand.iter().filter(is_left);
    left.map(|one| one.leaf.clone()).collect()
}
