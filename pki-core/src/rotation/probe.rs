//! Asking a member what it has loaded.

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
