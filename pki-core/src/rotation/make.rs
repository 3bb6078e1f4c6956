//! Making what a step brings.

use time::OffsetDateTime;

use super::landscape::Landscape;
use super::procedure::Place;
use super::{Change, NewAuthority, RotationError, Step};
use crate::authority::Authority;
use crate::certificate::Certificate;
use crate::converge;
use crate::crl::Reason;
use crate::hierarchy::AuthorityName;
use crate::key::{PrivateKey, PublicKey};
use crate::lifetime::Validity;
use crate::profile::Profile;
use crate::revocation::Revocation;
use crate::seal::Unlocked;
use crate::signer::Custody;
use crate::store::{Pki, Store, StoredAuthority};
use crate::trust::Bundles;

/// Who signs.
pub(super) trait Signers {
    /// A certificate with the key of an authority that is kept.
    fn join(
        &self,
        certificate: Certificate,
        kept: &StoredAuthority,
    ) -> Result<Authority, RotationError>;

    /// An authority that is kept, with its key.
    fn open(&self, kept: &StoredAuthority) -> Result<Authority, RotationError> {
        self.join(kept.certificate.clone(), kept)
    }

    /// Where its key is.
    fn custody(&self, stored: &StoredAuthority) -> Result<Custody, RotationError>;

    /// Whether these keys stand for others, so that one that is not here signs all the same.
    fn is_model(&self) -> bool {
        false
    }
}

/// The keys of a store.
pub(super) struct FromStore<'a, S> {
    pub(super) pki: &'a Pki<S>,
    pub(super) keys: &'a Unlocked,
}

impl<S: Store> Signers for FromStore<'_, S> {
    fn join(
        &self,
        certificate: Certificate,
        kept: &StoredAuthority,
    ) -> Result<Authority, RotationError> {
        Ok(converge::join(certificate, kept, self.pki, self.keys)?)
    }

    fn custody(&self, stored: &StoredAuthority) -> Result<Custody, RotationError> {
        Ok(self.pki.custody(stored)?)
    }
}

/// Makes a step of the rotation of `authority`.
pub(super) fn step(
    landscape: &Landscape<'_>,
    authority: AuthorityName,
    step: Step,
    signers: &dyn Signers,
    now: OffsetDateTime,
) -> Result<Change, RotationError> {
    let mut making = Making {
        landscape,
        signers,
        now,
        new: Vec::new(),
    };
    let members = landscape.bundles.members.clone();
    match step {
        Step::Introduce => {
            let successor = making.successor(authority)?;
            let path = making.path_under(&successor)?;
            let bridge = making.bridge(authority, &successor)?;
            let chain = carried(landscape, authority, &path, bridge)?;
            Ok(making.change(path, chain, members))
        }
        Step::TrustBoth => {
            let new = making.successor(authority)?;
            let members = members.into_iter().chain([new.certificate]).collect();
            let chain = landscape.bundles.chain.clone();
            Ok(making.change(landscape.path()?, chain, members))
        }
        Step::Sign => {
            let successor = making.successor(authority)?;
            let path = making.path_under(&successor)?;
            let chain = settled(landscape, &path)?.chain;
            Ok(making.change(path, chain, members))
        }
        Step::Trust => {
            // From here on there is no way back: it is to be there, and to open.
            let current = landscape.in_use(authority)?;
            if signers.custody(current)? == Custody::Sealed {
                signers.open(current)?;
            }
            let path = landscape.path()?;
            let members = settled(landscape, &path)?.members;
            Ok(making.change(path, landscape.bundles.chain.clone(), members))
        }
        Step::Strip => {
            let path = landscape.path()?;
            let chain = settled(landscape, &path)?.chain;
            Ok(making.change(path, chain, members))
        }
        Step::Renew => {
            let path = making.renewed(authority)?;
            let Bundles { chain, members, .. } = settled(landscape, &path)?;
            Ok(making.change(path, chain, members))
        }
        Step::Replace => making.replace(authority),
    }
}

struct Making<'a> {
    landscape: &'a Landscape<'a>,
    signers: &'a dyn Signers,
    now: OffsetDateTime,
    new: Vec<NewAuthority>,
}

impl Making<'_> {
    fn change(
        self,
        path: Vec<StoredAuthority>,
        chain: Vec<Certificate>,
        members: Vec<Certificate>,
    ) -> Change {
        let kept = self.landscape.kept.iter();
        let new = self.new.iter().map(|made| &made.stored);
        let kept: Vec<_> = kept.chain(new).cloned().collect();
        let bundles = Bundles::new(self.landscape.cluster, chain, members, &kept);
        Change {
            new: self.new,
            ..Change::to(path, bundles)
        }
    }

    /// The path with the new authority in it, and below it again everything that the old one has
    /// signed.
    fn path_under(
        &mut self,
        successor: &StoredAuthority,
    ) -> Result<Vec<StoredAuthority>, RotationError> {
        let landscape = self.landscape;
        let name = successor.name;
        let mut path = landscape.path()?;
        replace(&mut path, successor);
        for below in landscape.signed_by(name) {
            let current = landscape.in_use(below)?.clone();
            let twin = self.twin(&current, successor)?;
            replace(&mut path, &twin);
        }
        Ok(path)
    }

    /// What leads to the old authority, where somebody trusts that itself: what leaves have to
    /// carry for a while.
    fn bridge(
        &self,
        name: AuthorityName,
        successor: &StoredAuthority,
    ) -> Result<Vec<Certificate>, RotationError> {
        let landscape = self.landscape;
        match landscape.below(name) {
            _ if !is_trusted_itself(landscape, name) => Ok(Vec::new()),
            Some(below) => Ok(vec![landscape.in_use(below)?.certificate.clone()]),
            None => Ok(vec![self.cross(landscape.in_use(name)?, successor)?]),
        }
    }

    /// The next generation with a new key. One that was made before, and that nobody uses yet, will
    /// do.
    fn successor(&mut self, name: AuthorityName) -> Result<StoredAuthority, RotationError> {
        let current = self.landscape.in_use(name)?;
        let has_new_key = |one: &Certificate| one.public_key != current.certificate.public_key;
        match self.unused(current, |one| {
            has_new_key(one) && one.validity.contains(self.now)
        }) {
            Some(unused) => Ok(unused.clone()),
            None => self.fresh(name),
        }
    }

    /// The newest generation, if it was made before and nobody uses it yet.
    fn unused(
        &self,
        current: &StoredAuthority,
        fits: impl Fn(&Certificate) -> bool,
    ) -> Option<&StoredAuthority> {
        let newest = self
            .landscape
            .generations(current.name)
            .into_iter()
            .next()?;
        let is_signed = match self.issuer(current.name) {
            Ok(Some(issuer)) => newest.certificate.is_issued_by(&issuer.certificate),
            Ok(None) => true,
            Err(_) => false,
        };
        let is_unused = newest.generation > current.generation && is_signed;
        (is_unused && fits(&newest.certificate)).then_some(newest)
    }

    /// Who signs an authority; nobody does the top.
    fn issuer(&self, name: AuthorityName) -> Result<Option<&StoredAuthority>, RotationError> {
        let issuer = name.issuer(self.landscape.cluster);
        issuer
            .map(|issuer| self.landscape.in_use(issuer))
            .transpose()
    }

    /// The next generation with a key that is made now.
    fn fresh(&mut self, name: AuthorityName) -> Result<StoredAuthority, RotationError> {
        let landscape = self.landscape;
        let generation = landscape.next_generation(name);
        let setting = name.setting(landscape.cluster);
        let key = PrivateKey::generate(setting.key)?;
        let profile = name.profile(landscape.cluster, generation);
        let validity = self.validity(setting.lifetime.as_duration());
        let authority = match self.issuer(name)? {
            None => Authority::self_signed(&profile, key, validity)?,
            Some(issuer) if self.is_out_of_reach(issuer)? => {
                return Err(RotationError::OfflineIssuer {
                    issuer: issuer.name,
                    wanted: name,
                });
            }
            Some(issuer) => {
                let certificate = self.sign(issuer, &profile, key.public(), validity)?;
                Authority::new(certificate, key)?
            }
        };
        self.add(name, generation, authority, Custody::Sealed)
    }

    /// The same name and key, signed by another authority, until the same day.
    fn twin(
        &mut self,
        current: &StoredAuthority,
        issuer: &StoredAuthority,
    ) -> Result<StoredAuthority, RotationError> {
        let certificate = &current.certificate;
        let generations = self.landscape.generations(current.name);
        let made = generations.into_iter().find(|one| {
            one.certificate.is_twin_of(certificate)
                && one.certificate.is_issued_by(&issuer.certificate)
        });
        if let Some(made) = made {
            return Ok(made.clone());
        }
        let validity = Validity {
            not_after: certificate.validity.not_after,
            ..self.validity(time::Duration::ZERO)
        };
        let profile = self.same_profile(current)?;
        let signed = self.sign(issuer, &profile, &certificate.public_key, validity)?;
        self.add_twin(current, signed)
    }

    /// The same name and key, until a later day.
    fn renewed(&mut self, name: AuthorityName) -> Result<Vec<StoredAuthority>, RotationError> {
        let landscape = self.landscape;
        let current = landscape.in_use(name)?.clone();
        let mut path = landscape.path()?;
        let holds_as_long = |one: &Certificate| {
            one.is_twin_of(&current.certificate)
                && one.validity.not_after >= current.certificate.validity.not_after
        };
        if let Some(unused) = self.unused(&current, holds_as_long) {
            replace(&mut path, unused);
            return Ok(path);
        }
        let profile = self.same_profile(&current)?;
        let lifetime = name.setting(landscape.cluster).lifetime;
        let validity = self.validity(lifetime.as_duration());
        let signed = match self.issuer(name)? {
            None => {
                let authority = self.open(&current)?;
                authority.sign_itself(&profile, validity)?
            }
            Some(issuer) => {
                let key = &current.certificate.public_key;
                self.sign(issuer, &profile, key, validity)?
            }
        };
        let twin = self.add_twin(&current, signed)?;
        replace(&mut path, &twin);
        Ok(path)
    }

    /// Everything at once. The key is made now: who had the old one may have had those that were
    /// kept beside it. Only where the one above signs elsewhere it was requested before.
    fn replace(mut self, name: AuthorityName) -> Result<Change, RotationError> {
        let landscape = self.landscape;
        let is_requested = match self.issuer(name)? {
            Some(issuer) => self.signers.custody(issuer)? == Custody::Offline,
            None => false,
        };
        let successor = match is_requested {
            true => self.successor(name)?,
            false => self.fresh(name)?,
        };
        let path = self.path_under(&successor)?;
        let settled = settled(landscape, &path)?;
        let members = match Place::of(landscape.cluster, name) {
            Place::Anchor => settled.members,
            Place::Above | Place::Below => landscape.bundles.members.clone(),
        };
        let (now, revocations) = (self.now, lost(landscape, name)?);
        let revocations = revocations
            .into_iter()
            .filter(|one| one.certificate != successor.certificate)
            .map(|one| Revocation::new(&one.certificate, Reason::CaCompromise, now));
        Ok(Change {
            revocations: revocations.collect(),
            ..self.change(path, settled.chain, members)
        })
    }

    /// The new authority's name and key, signed by the old one.
    fn cross(
        &self,
        old: &StoredAuthority,
        new: &StoredAuthority,
    ) -> Result<Certificate, RotationError> {
        let profile = new.name.profile(self.landscape.cluster, new.generation);
        let mut profile = profile.with_key_identifier_of(&new.certificate);
        let room = old.certificate.authority.and_then(|own| own.path_len);
        if let (Some(room), Some(own)) = (room, profile.path_len()) {
            let most = u8::try_from(room.saturating_sub(1)).unwrap_or(u8::MAX);
            profile = profile.with_path_len(own.min(most));
        }
        let validity = new.certificate.validity;
        let key = &new.certificate.public_key;
        let cross = self.sign(old, &profile, key, validity)?;
        match cross.is_twin_of(&new.certificate) {
            true => Ok(cross),
            false => Err(RotationError::NoCross(new.name)),
        }
    }

    /// The profile of which a certificate comes out with the same subject.
    fn same_profile(&self, current: &StoredAuthority) -> Result<Profile, RotationError> {
        let certificate = &current.certificate;
        Profile::of_authority(certificate)
            .map(|profile| {
                let cluster = self.landscape.cluster;
                match current.name.issuer(cluster) {
                    Some(issuer) => profile.with_publication(issuer.publication(cluster).clone()),
                    None => profile,
                }
            })
            .ok_or(RotationError::NoTwin(current.name))
    }

    fn add_twin(
        &mut self,
        current: &StoredAuthority,
        signed: Certificate,
    ) -> Result<StoredAuthority, RotationError> {
        let certificate = &current.certificate;
        if self.is_out_of_reach(current)? {
            return Err(RotationError::Offline(current.name));
        }
        let same = signed.is_twin_of(certificate)
            && signed.authority == certificate.authority
            && signed.subject_key_identifier == certificate.subject_key_identifier
            && signed.name_constraints == certificate.name_constraints
            && signed.excluded_names == certificate.excluded_names
            && signed.extended_key_usages == certificate.extended_key_usages;
        if !same {
            return Err(RotationError::NoTwin(current.name));
        }
        let generation = self.landscape.next_generation(current.name);
        let authority = self.signers.join(signed, current)?;
        let custody = self.signers.custody(current)?;
        self.add(current.name, generation, authority, custody)
    }

    fn add(
        &mut self,
        name: AuthorityName,
        generation: u32,
        authority: Authority,
        custody: Custody,
    ) -> Result<StoredAuthority, RotationError> {
        let stored = StoredAuthority {
            name,
            generation,
            certificate: authority.certificate().clone(),
        };
        self.new.push(NewAuthority {
            stored: stored.clone(),
            authority,
            custody,
        });
        Ok(stored)
    }

    /// Has one sign that was made just now, or one that is kept.
    fn sign(
        &self,
        by: &StoredAuthority,
        profile: &Profile,
        key: &PublicKey,
        validity: Validity,
    ) -> Result<Certificate, RotationError> {
        let mut new = self.new.iter();
        match new.find(|made| made.stored.certificate == by.certificate) {
            Some(made) => Ok(made.authority.issue(profile, key, validity)?),
            None => Ok(self.open(by)?.issue(profile, key, validity)?),
        }
    }

    /// An authority with its key, if that is here.
    fn open(&self, stored: &StoredAuthority) -> Result<Authority, RotationError> {
        match self.is_out_of_reach(stored)? {
            true => Err(RotationError::Offline(stored.name)),
            false => self.signers.open(stored),
        }
    }

    fn is_out_of_reach(&self, stored: &StoredAuthority) -> Result<bool, RotationError> {
        Ok(self.signers.custody(stored)? == Custody::Offline && !self.signers.is_model())
    }

    fn validity(&self, lifetime: time::Duration) -> Validity {
        let backdate = self.landscape.cluster.certificates.backdate.as_duration();
        Validity {
            not_before: self.now - backdate,
            not_after: self.now + lifetime,
        }
    }
}

/// The generations whose keys have to be counted as lost with the one in use: those of the same
/// key, those that somebody trusts or that leaves carry, and those that are kept for later.
fn lost<'a>(
    landscape: &'a Landscape<'_>,
    name: AuthorityName,
) -> Result<Vec<&'a StoredAuthority>, RotationError> {
    let current = landscape.in_use(name)?.generation;
    let Bundles {
        chain,
        members,
        clients,
    } = &landscape.bundles;
    let in_force: Vec<_> = [chain, members, clients].into_iter().flatten().collect();
    let generations = landscape.generations(name);
    let is_lost = |one: &&StoredAuthority| {
        let carried = in_force
            .iter()
            .any(|other| other.is_twin_of(&one.certificate));
        one.generation >= current || carried
    };
    let keys: Vec<_> = generations
        .iter()
        .copied()
        .filter(is_lost)
        .map(|one| &one.certificate.public_key)
        .collect();
    let has_lost_key = |one: &&StoredAuthority| keys.contains(&&one.certificate.public_key);
    Ok(generations.into_iter().filter(has_lost_key).collect())
}

/// Whether members, or clients that hold the top alone, trust an authority itself.
fn is_trusted_itself(landscape: &Landscape<'_>, name: AuthorityName) -> bool {
    name == landscape.anchor() || name == AuthorityName::top(landscape.cluster)
}

/// The chain of a path, with what leads to the old authority.
fn carried(
    landscape: &Landscape<'_>,
    name: AuthorityName,
    path: &[StoredAuthority],
    bridge: Vec<Certificate>,
) -> Result<Vec<Certificate>, RotationError> {
    let mut chain = settled(landscape, path)?.chain;
    // OpenSSL takes the first of two certificates of the same name, and does not come back to the
    // other: it is to find its way to the top that is trusted at this time.
    let twin = |extra: &Certificate| chain.iter().position(|one| one.is_twin_of(extra));
    let is_top = name == AuthorityName::top(landscape.cluster);
    let place = match bridge.first().and_then(twin) {
        Some(twin) if is_top && landscape.below(name).is_some() => twin,
        Some(twin) if landscape.below(name).is_none() => twin + 1,
        _ => chain.len(),
    };
    chain.splice(place..place, bridge);
    Ok(chain)
}

pub(super) fn settled(
    landscape: &Landscape<'_>,
    path: &[StoredAuthority],
) -> Result<Bundles, RotationError> {
    Bundles::settled(landscape.cluster, path)
        .map_err(|name| crate::trust::StandingError::Missing(name).into())
}

fn replace(path: &mut [StoredAuthority], with: &StoredAuthority) {
    for place in path.iter_mut().filter(|place| place.name == with.name) {
        *place = with.clone();
    }
}
