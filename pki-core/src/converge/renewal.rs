//! Which leaves are to be renewed by now, and with which key.

use time::{Duration, OffsetDateTime};

use super::{LeafKey, State, Terms};
use crate::certificate::Certificate;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::leaf::{LeafId, leaves};
use crate::lifetime::{RenewBefore, spread};
use crate::store::{Pki, Store, StoreError, StoredAuthority, StoredLeaf};

/// A leaf that is there, and when its renewal comes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Renewal {
    /// Which one.
    pub id: LeafId,
    /// From when on it is renewed: up to a tenth of its validity before it is due, by its serial
    /// number.
    pub from: OffsetDateTime,
    /// With which key: the same one, so that the certificate alone is swapped and no handshake
    /// sees a pair that does not match; a new one every second time.
    pub key: LeafKey,
    /// Whether it ends with the authority that signs, so that a new one would hold no longer: that
    /// authority has to be replaced first.
    pub ends_with_issuer: bool,
}

impl Renewal {
    /// Whether it has come, and is of use.
    pub fn is_due(&self, now: OffsetDateTime) -> bool {
        self.from <= now && !self.ends_with_issuer
    }

    /// How the leaf is issued.
    pub fn terms(&self) -> Terms {
        Terms {
            key: self.key,
            ..Terms::default()
        }
    }
}

/// The described leaves that are there, in the order of the description.
///
/// # Errors
///
/// When the store cannot be read.
pub fn renewals<S: Store>(cluster: &Cluster, pki: &Pki<S>) -> Result<Vec<Renewal>, StoreError> {
    let signing = pki.authority(AuthorityName::signing(cluster))?;
    let issuer_ends = signing.map(|signing| signing.certificate.validity.not_after);
    let mut renewals = Vec::new();
    for leaf in leaves(cluster) {
        if let Some(present) = pki.leaf(&leaf.id)? {
            let from = renewed_from(present.certificate(), cluster.certificates.renew_before);
            let key = next_key(pki, &present)?;
            renewals.push(Renewal {
                id: leaf.id,
                from,
                key,
                ends_with_issuer: ends_with(present.certificate(), issuer_ends),
            });
        }
    }
    Ok(renewals)
}

/// The first renewal that is to come and of use, of what is there.
pub fn next_renewal(cluster: &Cluster, state: &State) -> Option<(LeafId, OffsetDateTime)> {
    let leaves = state.leaves.iter();
    let useful = leaves.filter(|leaf| ending_before(cluster, state, leaf).is_none());
    let from = |leaf: &StoredLeaf| {
        let from = renewed_from(leaf.certificate(), cluster.certificates.renew_before);
        (leaf.id.clone(), from)
    };
    useful.map(from).min_by_key(|(_, from)| *from)
}

/// The authority that signs, if a leaf ends with it, so that no renewal lengthens its life.
pub fn ending_before<'a>(
    cluster: &Cluster,
    state: &'a State,
    leaf: &StoredLeaf,
) -> Option<&'a StoredAuthority> {
    let signing = AuthorityName::signing(cluster);
    let signing = state.authorities.iter().find(|one| one.name == signing)?;
    let issuer_ends = Some(signing.certificate.validity.not_after);
    ends_with(leaf.certificate(), issuer_ends).then_some(signing)
}

fn ends_with(certificate: &Certificate, issuer_ends: Option<OffsetDateTime>) -> bool {
    issuer_ends.is_some_and(|issuer_ends| issuer_ends <= certificate.validity.not_after)
}

fn renewed_from(certificate: &Certificate, renew_before: RenewBefore) -> OffsetDateTime {
    let validity = &certificate.validity;
    renew_before.due_from(validity) - early(&certificate.serial, spread(validity))
}

/// A part of `spread` that differs from certificate to certificate and stays with each: serial
/// numbers are random.
fn early(serial: &[u8], spread: Duration) -> Duration {
    let random = serial.iter().rev().take(2).enumerate();
    let random: u32 = random
        .map(|(at, octet)| u32::from(*octet) << (8 * at))
        .sum();
    spread * f64::from(random) / f64::from(u16::MAX)
}

/// The same key, unless that was kept the last time, too.
fn next_key<S: Store>(pki: &Pki<S>, present: &StoredLeaf) -> Result<LeafKey, StoreError> {
    let before = pki.previous(present)?;
    let kept = before.is_some_and(|before| before.public_key == present.certificate().public_key);
    Ok(match kept {
        true => LeafKey::New,
        false => LeafKey::Same,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_used_and_not_exceeded() {
        let day = Duration::days(1);
        assert_eq!(early(&[], day), Duration::ZERO);
        assert_eq!(early(&[9, 0, 0], day), Duration::ZERO);
        assert_eq!(early(&[9, 0xff, 0xff], day), day);
        let half: Duration = early(&[0x80, 0], day);
        let (least, most) = (
            Duration::hours(12),
            Duration::hours(12) + Duration::seconds(2),
        );
        assert!((least..most).contains(&half), "{half}");
    }
}
