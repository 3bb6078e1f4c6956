//! Asking a member what it has loaded.

use std::fmt;

use time::{Duration, OffsetDateTime};

use super::RotationError;
use super::landscape::Landscape;
use super::make::{FromStore, Signers};
use super::procedure::Place;
use crate::authority::Authority;
use crate::certificate::Certificate;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::key::{KeyAlgorithm, PrivateKey};
use crate::lifetime::Validity;
use crate::profile::{Profile, Subject};
use crate::role::Role;
use crate::seal::Unlocked;
use crate::store::{Pki, Store};
use crate::trust::StandingError;

/// How long a probe holds.
const LIFETIME: Duration = Duration::minutes(5);

/// The common name of a probe; no etcd user is called so.
const COMMON_NAME: &str = "etcdpki-probe";

/// A client's certificate that a member takes only if it has loaded what members trust now: etcd
/// reads CA files at its start alone, so that the file on its disk tells nothing.
///
/// It holds for five minutes and is kept nowhere.
#[derive(Debug)]
#[non_exhaustive]
pub struct Probe {
    /// The certificate first.
    pub chain: Vec<Certificate>,
    /// Its key.
    pub key: PrivateKey,
}

impl Probe {
    /// Makes one.
    ///
    /// # Errors
    ///
    /// When an authority is missing, members trust one that is not valid, or no key opens that could
    /// sign it.
    pub fn new<S: Store>(
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
    ) -> Result<Self, RotationError> {
        let landscape = Landscape::read(cluster, pki)?;
        let (signer, above) = signer(&landscape, &FromStore { pki, keys }, now)?;
        Self::signed(cluster, &signer, above, now)
    }

    /// Makes one of each authority that members trusted, or were to trust, and must not trust any
    /// more: who takes it has not been restarted since. Of one whose key does not open, or that has
    /// expired, none is made.
    ///
    /// # Errors
    ///
    /// When the authorities cannot be read, or a certificate cannot be made.
    pub fn replaced<S: Store>(
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
    ) -> Result<Vec<(Replaced, Self)>, RotationError> {
        let landscape = Landscape::read(cluster, pki)?;
        let signers = FromStore { pki, keys };
        let anchor = landscape.anchor();
        let members = &landscape.bundles.members;
        let is_trusted = |one: &Certificate| members.iter().any(|member| member.is_twin_of(one));
        let mut probes = Vec::new();
        for stored in landscape.generations(anchor) {
            let certificate = &stored.certificate;
            if is_trusted(certificate) || !certificate.validity.contains(now) {
                continue;
            }
            let Ok(signer) = signers.open(stored) else {
                continue;
            };
            let replaced = Replaced {
                authority: anchor,
                generation: stored.generation,
            };
            probes.push((replaced, Self::signed(cluster, &signer, Vec::new(), now)?));
        }
        Ok(probes)
    }

    fn signed(
        cluster: &Cluster,
        signer: &Authority,
        above: Vec<Certificate>,
        now: OffsetDateTime,
    ) -> Result<Self, RotationError> {
        let key = PrivateKey::generate(KeyAlgorithm::P256)?;
        let profile = Profile::leaf(
            Subject::common(COMMON_NAME),
            Role::Client.usages(true),
            Vec::new(),
        );
        let validity = Validity {
            not_before: now - cluster.certificates.backdate.as_duration(),
            not_after: now + LIFETIME,
        };
        let own = signer.issue(&profile, key.public(), validity)?;
        Ok(Self {
            chain: std::iter::once(own).chain(above).collect(),
            key,
        })
    }
}

/// An authority that members must not trust any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Replaced {
    /// Its name.
    pub authority: AuthorityName,
    /// Which of that name.
    pub generation: u32,
}

impl fmt::Display for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            authority,
            generation,
        } = self;
        write!(f, "{authority} CA, generation {generation}")
    }
}

/// Who signs it, and what is sent along. The authority that members trust does, of two the newer
/// one, and nothing is sent along: whoever trusts one above it, or below, does not take that. Where
/// its key does not open, the one nearest to it does.
fn signer(
    landscape: &Landscape<'_>,
    signers: &dyn Signers,
    now: OffsetDateTime,
) -> Result<(Authority, Vec<Certificate>), RotationError> {
    let anchor = landscape.anchor();
    let members = &landscape.bundles.members;
    let mut trusted = landscape.generations(anchor).into_iter();
    let newest = trusted.find(|one| members.contains(&one.certificate));
    let newest = newest.ok_or(StandingError::Missing(anchor))?;
    if !newest.certificate.validity.contains(now) {
        return Err(RotationError::Unaskable(anchor));
    }
    let failure = match signers.open(newest) {
        Ok(authority) => return Ok((authority, Vec::new())),
        Err(failure) => failure,
    };
    // What signs nothing yet, or no more, has nothing below it.
    if !newest
        .certificate
        .is_twin_of(&landscape.in_use(anchor)?.certificate)
    {
        return Err(failure);
    }
    let mut above = Vec::new();
    for name in AuthorityName::chain(landscape.cluster) {
        if Place::of(landscape.cluster, *name) != Place::Below {
            continue;
        }
        let stored = landscape.in_use(*name)?;
        above.insert(0, stored.certificate.clone());
        if let Ok(authority) = signers.open(stored) {
            return Ok((authority, above));
        }
    }
    Err(failure)
}
