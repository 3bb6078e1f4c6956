//! The answer to the request of an authority, given where the key of the one above it is.

use time::OffsetDateTime;

use super::ConvergeError;
use super::chain::{open_authority, validity};
use crate::certificate::Certificate;
use crate::csr::CertificateRequest;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::lifetime::Lifetime;
use crate::profile::Profile;
use crate::seal::Unlocked;
use crate::store::{Pki, Store};

/// A request of an authority that the description here has too. The certificate says what the
/// description says of that authority; of the request the key is taken, and the generation in its
/// subject.
#[derive(Clone, Debug)]
pub struct AuthorityAnswer<'a> {
    cluster: &'a Cluster,
    name: AuthorityName,
    issuer: AuthorityName,
    profile: Profile,
    request: &'a CertificateRequest,
}

impl<'a> AuthorityAnswer<'a> {
    /// Holds the request against the description.
    ///
    /// # Errors
    ///
    /// When the description has no such authority below another, or calls it by another name.
    pub fn new(
        cluster: &'a Cluster,
        name: AuthorityName,
        request: &'a CertificateRequest,
    ) -> Result<Self, ConvergeError> {
        let issuer = name.issuer(cluster).ok_or(ConvergeError::NoneAbove(name))?;
        let generation = request.subject.rsplit_once(" G").map(|(_, number)| number);
        let generation = generation
            .and_then(|number| number.parse().ok())
            .unwrap_or(1);
        let profile = name.profile(cluster, generation);
        match profile.subject().to_string() == request.subject {
            true => Ok(Self {
                cluster,
                name,
                issuer,
                profile,
                request,
            }),
            false => Err(ConvergeError::OtherSubject {
                asked: request.subject.clone(),
                described: profile.subject().to_string(),
            }),
        }
    }

    /// Signs it. Nothing is kept here: the certificate belongs where its key is.
    ///
    /// # Errors
    ///
    /// When the authority above is missing, its key does not open, or it may not sign this one.
    pub fn issue<S: Store>(
        &self,
        pki: &Pki<S>,
        keys: &Unlocked,
        lifetime: Option<Lifetime>,
        now: OffsetDateTime,
    ) -> Result<Certificate, ConvergeError> {
        let missing = || ConvergeError::Incomplete(format!("authorities/{}", self.issuer));
        let stored = pki.authority(self.issuer)?.ok_or_else(missing)?;
        let issuer = open_authority(&stored, Some(self.name), pki, keys)?;
        let lifetime = lifetime.unwrap_or(self.name.setting(self.cluster).lifetime);
        let validity = validity(self.cluster, lifetime, now);
        Ok(issuer.issue(&self.profile, &self.request.public_key, validity)?)
    }
}
