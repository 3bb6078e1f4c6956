//! Asking a member what it has loaded.

use time::{Duration, OffsetDateTime};

use super::RotationError;
use super::landscape::Landscape;
use super::make::{FromStore, Signers as _};
use crate::certificate::Certificate;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::key::{KeyAlgorithm, PrivateKey};
use crate::lifetime::Validity;
use crate::profile::{Profile, Subject};
use crate::role::Role;
use crate::seal::Unlocked;
use crate::store::{Pki, Store};
use crate::trust::Bundles;

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
    /// When an authority is missing, or the key does not open that has to sign it.
    pub fn new<S: Store>(
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
    ) -> Result<Self, RotationError> {
        let landscape = Landscape::read(cluster, pki)?;
        let anchor = landscape.anchor();
        let trusted = landscape.generations(anchor).into_iter();
        let members = &landscape.bundles.members;
        let mut trusted = trusted.filter(|one| members.contains(&one.certificate));
        let newest = trusted.next();
        let newest = newest.ok_or(crate::trust::StandingError::Missing(anchor))?;
        let in_use = landscape.in_use(anchor)?;
        // Without what leads to an older authority, if leaves carry that.
        let (signer, above) = match newest.certificate.is_twin_of(&in_use.certificate) {
            true => {
                let settled = Bundles::settled(cluster, &landscape.path()?)
                    .map_err(crate::trust::StandingError::Missing)?;
                let above: Vec<_> = settled.presented().cloned().collect();
                (landscape.in_use(AuthorityName::signing(cluster))?, above)
            }
            // One that signs nothing yet, or no more.
            false => (newest, Vec::new()),
        };
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
        let signer = FromStore { pki, keys }.open(signer)?;
        let own = signer.issue(&profile, key.public(), validity)?;
        Ok(Self {
            chain: std::iter::once(own).chain(above).collect(),
            key,
        })
    }
}
