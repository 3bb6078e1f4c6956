//! Making what a step brings.

use time::OffsetDateTime;

use super::landscape::Landscape;
use super::procedure::Place;
use super::standing::replaced;
use super::{Change, NewAuthority, RotationError, Step, Underway};
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
            let (path, extras) = making.introduce(authority)?;
            let chain = carried(landscape, authority, &path, extras)?;
            making.change(path, chain, members)
        }
        Step::TrustBoth => {
            let new = making.successor(authority)?;
            let members = members.into_iter().chain([new.certificate]).collect();
            let chain = landscape.bundles.chain.clone();
            making.change(landscape.path()?, chain, members)
        }
        Step::Sign => {
            let (path, _) = making.introduce(authority)?;
            let chain = settled(landscape, &path)?.chain;
            making.change(path, chain, members)
        }
        Step::Trust => {
            // From here on there is no way back: it is to be there, and to open.
            let current = landscape.in_use(authority)?;
            if signers.custody(current)? == Custody::Sealed {
                signers.open(current)?;
            }
            let path = landscape.path()?;
            let members = settled(landscape, &path)?.members;
            making.change(path, landscape.bundles.chain.clone(), members)
        }
        Step::Strip => {
            let path = landscape.path()?;
            let chain = settled(landscape, &path)?.chain;
            making.change(path, chain, members)
        }
        Step::Renew => {
            let path = making.renewed(authority)?;
            let Bundles { chain, members, .. } = settled(landscape, &path)?;
            making.change(path, chain, members)
        }
        Step::Replace => making.replace(authority),
    }
}

/// Goes back from where a rotation stands, while that shuts nobody out.
pub(super) fn back(landscape: &Landscape<'_>, underway: Underway) -> Result<Change, RotationError> {
    let Underway {
        authority, next, ..
    } = underway;
    let place = Place::of(landscape.cluster, authority);
    match next == Step::Strip && place == Place::Anchor {
        true => Err(RotationError::TooLate(authority)),
        false => before(landscape, underway),
    }
}

/// How it was before the last step of a rotation.
pub(super) fn before(
    landscape: &Landscape<'_>,
    underway: Underway,
) -> Result<Change, RotationError> {
    let Underway {
        authority, next, ..
    } = underway;
    let too_late = || RotationError::TooLate(authority);
    let mut path = landscape.path()?;
    let mut chain = None;
    let mut members = landscape.bundles.members.clone();
    let current = &landscape.in_use(authority)?.certificate;
    match next {
        // Members trust both, and the old one signs.
        Step::Sign => members.retain(|one| one == current),
        // Members trust both, and the new one signs.
        Step::Trust if members.len() > 1 => {
            let mut old = landscape.generations(authority).into_iter();
            let old =
                old.find(|one| one.certificate != *current && members.contains(&one.certificate));
            put_back(landscape, &mut path, old.ok_or_else(too_late)?);
        }
        Step::Trust | Step::Strip => {
            let extra = landscape.extra(&path).ok_or_else(too_late)?;
            let (_, old) = replaced(landscape, extra)?;
            match next == Step::Strip && Place::of(landscape.cluster, authority) == Place::Anchor {
                true => {
                    members = vec![old.certificate.clone()];
                    chain = Some(landscape.bundles.chain.clone());
                }
                false => put_back(landscape, &mut path, old),
            }
        }
        Step::Introduce | Step::Renew | Step::Replace | Step::TrustBoth => {
            return Err(too_late());
        }
    }
    let chain = match chain {
        Some(chain) => chain,
        None => settled(landscape, &path)?.chain,
    };
    let bundles = Bundles::new(landscape.cluster, chain, members, &landscape.kept);
    Ok(Change {
        new: Vec::new(),
        in_use: path,
        revocations: Vec::new(),
        bundles,
    })
}

/// Puts an old generation in the place of the one in use, and of what that signed what the old one
/// has signed.
fn put_back(landscape: &Landscape<'_>, path: &mut [StoredAuthority], old: &StoredAuthority) {
    for place in path.iter_mut() {
        if place.name == old.name {
            *place = old.clone();
        } else if place.name.issuer(landscape.cluster) == Some(old.name) {
            let mut generations = landscape.generations(place.name).into_iter();
            let twin = generations.find(|one| one.certificate.is_issued_by(&old.certificate));
            if let Some(twin) = twin {
                *place = twin.clone();
            }
        }
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
    ) -> Result<Change, RotationError> {
        let kept = self.landscape.kept.iter();
        let kept: Vec<_> = kept
            .chain(self.new.iter().map(|made| &made.stored))
            .cloned()
            .collect();
        Ok(Change {
            bundles: Bundles::new(self.landscape.cluster, chain, members, &kept),
            new: self.new,
            in_use: path,
            revocations: Vec::new(),
        })
    }

    /// The new authority, and below it again everything that the old one has signed. What leads to
    /// the old one: the certificates that leaves have to carry for a while, if somebody trusts it.
    fn introduce(
        &mut self,
        name: AuthorityName,
    ) -> Result<(Vec<StoredAuthority>, Vec<Certificate>), RotationError> {
        let landscape = self.landscape;
        let old = landscape.in_use(name)?.clone();
        let successor = self.successor(name)?;
        let mut path = landscape.path()?;
        replace(&mut path, &successor);
        let mut extras = Vec::new();
        let is_trusted = is_trusted_itself(landscape, name);
        let chained = landscape.below(name);
        for below in landscape.signed_by(name) {
            let current = landscape.in_use(below)?.clone();
            let twin = self.twin(&current, &successor)?;
            if Some(below) == chained {
                replace(&mut path, &twin);
                extras.extend(is_trusted.then_some(current.certificate));
            }
        }
        if chained.is_none() && is_trusted {
            extras.push(self.cross(&old, &successor)?);
        }
        Ok((path, extras))
    }

    /// The next generation with a new key. One that was made before, and that nobody uses yet, will
    /// do.
    fn successor(&mut self, name: AuthorityName) -> Result<StoredAuthority, RotationError> {
        let landscape = self.landscape;
        let current = landscape.in_use(name)?;
        let issuer = name.issuer(landscape.cluster);
        let issuer = issuer.map(|issuer| landscape.in_use(issuer)).transpose()?;
        let newest = landscape.generations(name)[0];
        let is_unused = newest.generation > current.generation
            && newest.certificate.public_key != current.certificate.public_key
            && newest.certificate.validity.contains(self.now)
            && issuer.is_none_or(|issuer| newest.certificate.is_issued_by(&issuer.certificate));
        if is_unused {
            return Ok(newest.clone());
        }
        let generation = landscape.next_generation(name);
        let setting = name.setting(landscape.cluster);
        let key = PrivateKey::generate(setting.key)?;
        let profile = name.profile(landscape.cluster, generation);
        let validity = self.validity(setting.lifetime.as_duration());
        let authority = match issuer {
            None => Authority::self_signed(&profile, key, validity)?,
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
        let profile = self.same_profile(&current)?;
        let lifetime = name.setting(landscape.cluster).lifetime;
        let validity = self.validity(lifetime.as_duration());
        let issuer = name.issuer(landscape.cluster);
        let issuer = issuer.map(|issuer| landscape.in_use(issuer)).transpose()?;
        let newest = landscape.generations(name)[0];
        let is_unused = newest.generation > current.generation
            && newest.certificate.is_twin_of(&current.certificate)
            && newest.certificate.validity.not_after >= current.certificate.validity.not_after
            && issuer.is_none_or(|issuer| newest.certificate.is_issued_by(&issuer.certificate));
        let mut path = landscape.path()?;
        if is_unused {
            replace(&mut path, newest);
            return Ok(path);
        }
        let signed = match issuer {
            None => {
                let authority = self.signers.open(&current)?;
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

    fn replace(mut self, name: AuthorityName) -> Result<Change, RotationError> {
        let landscape = self.landscape;
        let old = landscape.in_use(name)?.clone();
        let (path, _) = self.introduce(name)?;
        let settled = settled(landscape, &path)?;
        let members = match Place::of(landscape.cluster, name) {
            Place::Anchor => settled.members,
            Place::Above | Place::Below => landscape.bundles.members.clone(),
        };
        let now = self.now;
        // A cross-certificate is none here that anybody is to see.
        let mut change = self.change(path, settled.chain, members)?;
        let lost = landscape
            .generations(name)
            .into_iter()
            .filter(|one| one.certificate.public_key == old.certificate.public_key);
        change.revocations = lost
            .map(|one| Revocation::new(&one.certificate, Reason::CaCompromise, now))
            .collect();
        Ok(change)
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
            false => Err(RotationError::NoTwin(new.name)),
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
            None => Ok(self.signers.open(by)?.issue(profile, key, validity)?),
        }
    }

    fn validity(&self, lifetime: time::Duration) -> Validity {
        let backdate = self.landscape.cluster.certificates.backdate.as_duration();
        Validity {
            not_before: self.now - backdate,
            not_after: self.now + lifetime,
        }
    }
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
    extras: Vec<Certificate>,
) -> Result<Vec<Certificate>, RotationError> {
    let mut chain = settled(landscape, path)?.chain;
    // OpenSSL takes the first of two certificates of the same name, and does not come back to the
    // other: it is to find its way to the top that is trusted at this time.
    let twin = |extra: &Certificate| chain.iter().position(|one| one.is_twin_of(extra));
    let is_top = name == AuthorityName::top(landscape.cluster);
    let place = match extras.first().and_then(twin) {
        Some(twin) if is_top && landscape.below(name).is_some() => twin,
        Some(twin) if landscape.below(name).is_none() => twin + 1,
        _ => chain.len(),
    };
    chain.splice(place..place, extras);
    Ok(chain)
}

fn settled(landscape: &Landscape<'_>, path: &[StoredAuthority]) -> Result<Bundles, RotationError> {
    Bundles::settled(landscape.cluster, path)
        .map_err(|name| crate::trust::StandingError::Missing(name).into())
}

fn replace(path: &mut [StoredAuthority], with: &StoredAuthority) {
    for place in path.iter_mut().filter(|place| place.name == with.name) {
        *place = with.clone();
    }
}
