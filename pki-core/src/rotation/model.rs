//! The PKI as it is, under keys that are thrown away: a plan is proved on it before any key is
//! opened.
//!
//! Every certificate keeps all that it says, octet by octet, but the key of an authority and the
//! signature. So the path validator finds in the model what it would find in what is planned:
//! names, constraints, usages, path lengths, key identifiers and dates are the real ones.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;

use rayon::prelude::*;
use time::OffsetDateTime;
use x509_cert::der::asn1::BitString;
use x509_cert::der::{Any, Decode, Encode};

use super::landscape::Landscape;
use super::left_behind::ByHand;
use super::make::Signers;
use super::proof::{Moment, Presented};
use super::{Change, KeyNeed, LeftBehind, RotationError};
use crate::authority::{Authority, IssueError};
use crate::certificate::Certificate;
use crate::converge::ConvergeError;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::key::{Fingerprint, KeyAlgorithm, PrivateKey, PublicKey};
use crate::leaf::{Leaf, leaves};
use crate::lifetime::Validity;
use crate::profile::Profile;
use crate::progress::{Watched, Watcher, Work};
use crate::signer::{Custody, SignatureAlgorithm, Signer};
use crate::store::{Pki, Store, StoredAuthority, StoredLeaf};
use crate::trust::Bundles;

/// A model of a PKI.
pub(super) struct Model<'a> {
    pub(super) landscape: Landscape<'a>,
    pub(super) moment: Moment,
    /// What is issued by hand, and does not follow a step.
    pub(super) by_hand: Vec<ByHand>,
    /// Who is told how far it is.
    pub(super) watcher: Option<&'a dyn Watcher>,
    keys: Keys,
}

impl<'a> Model<'a> {
    pub(super) fn of<S: Store>(
        cluster: &'a Cluster,
        pki: &'a Pki<S>,
    ) -> Result<Self, RotationError> {
        let real = Landscape::read(cluster, pki)?;
        let keys = Keys::of(pki, &real.kept)?;
        // A signature differs each time: what is one certificate stays one.
        let known: RefCell<HashMap<Fingerprint, Certificate>> = RefCell::default();
        let model = |certificate: &Certificate| -> Result<Certificate, RotationError> {
            let fingerprint = certificate.fingerprint();
            if let Some(known) = known.borrow().get(&fingerprint) {
                return Ok(known.clone());
            }
            let made = keys.authority(certificate, &real.kept)?;
            known.borrow_mut().insert(fingerprint, made.clone());
            Ok(made)
        };
        let all = |certificates: &[Certificate]| {
            certificates
                .iter()
                .map(model)
                .collect::<Result<Vec<_>, _>>()
        };
        let kept = real.kept.iter().map(|stored| {
            Ok(StoredAuthority {
                certificate: model(&stored.certificate)?,
                ..stored.clone()
            })
        });
        let bundles = Bundles {
            chain: all(&real.bundles.chain)?,
            members: all(&real.bundles.members)?,
            clients: all(&real.bundles.clients)?,
        };
        let described = leaves(cluster);
        let watched = pki.begin(Work::Read, described.len());
        let stored = described.iter().map(|leaf| {
            let missing = || ConvergeError::Incomplete(format!("certificates/{}", leaf.id));
            let stored = pki.leaf(&leaf.id)?.ok_or_else(missing)?;
            watched.advance();
            Ok(stored)
        });
        let stored = stored.collect::<Result<Vec<_>, RotationError>>()?;
        drop(watched);
        let undescribed = pki.undescribed_leaves(described.iter().map(|leaf| &leaf.id))?;
        let mut presented = Vec::new();
        let own = keys.leaves(&stored, &real.kept, pki.watcher())?;
        for ((leaf, stored), own) in described.into_iter().zip(&stored).zip(own) {
            let above = stored.chain.get(1..).unwrap_or_default();
            presented.push(Presented {
                usages: leaf.profile.usages(),
                id: leaf.id,
                chain: std::iter::once(own).chain(all(above)?).collect(),
            });
        }
        let mut by_hand = Vec::new();
        let own = keys.leaves(&undescribed, &real.kept, pki.watcher())?;
        for (leaf, own) in undescribed.iter().zip(own) {
            let above = leaf.chain.get(1..).unwrap_or_default();
            by_hand.push(ByHand {
                leaf: LeftBehind {
                    has_key: pki.has_leaf_key(leaf)?,
                    id: leaf.id.clone(),
                },
                chain: std::iter::once(own).chain(all(above)?).collect(),
            });
        }
        Ok(Self {
            by_hand,
            landscape: real.with(kept.collect::<Result<_, RotationError>>()?, bundles.clone()),
            moment: Moment { bundles, presented },
            watcher: pki.watcher(),
            keys,
        })
    }

    /// The model after a step. Leaves follow it as [`plan_step`](crate::converge::plan_step) has
    /// them follow. How many were issued anew.
    pub(super) fn after(
        &self,
        change: Change,
        now: OffsetDateTime,
    ) -> Result<(Self, usize), RotationError> {
        self.changed(change, now, |profile| profile.clone())
    }

    /// The model before the last step. Its leaves had names that the authorities of that time let
    /// in; these are not known any more, nor of use.
    pub(super) fn before(
        &self,
        change: Change,
        now: OffsetDateTime,
    ) -> Result<Self, RotationError> {
        let (before, _) = self.changed(change, now, Profile::without_names)?;
        Ok(before)
    }

    fn changed(
        &self,
        change: Change,
        now: OffsetDateTime,
        profile: impl Fn(&Profile) -> Profile + Sync,
    ) -> Result<(Self, usize), RotationError> {
        let landscape = self.landscape.after(&change);
        let cluster = landscape.cluster;
        let keys = self.keys.with(&change)?;
        let signing = landscape.in_use(AuthorityName::signing(cluster))?;
        let signer = keys.joined(signing.certificate.clone(), signing)?;
        let above: Vec<_> = change.bundles.presented().cloned().collect();
        let described = leaves(cluster);
        let validity = Validity::starting(
            now,
            cluster.certificates.lifetime,
            cluster.certificates.backdate.as_duration(),
        );
        let follow = |leaf: &Leaf, before: &Presented| -> Result<_, RotationError> {
            let own = &before.chain[0];
            let carries = before.chain.iter().skip(1).eq(&above);
            let follows = carries && own.is_issued_by(&signing.certificate);
            if follows || !signing.certificate.validity.contains(now) {
                return Ok((before.clone(), false));
            }
            let own = signer.issue(&profile(&leaf.profile), &own.public_key, validity)?;
            let chain = std::iter::once(own).chain(above.iter().cloned()).collect();
            let after = Presented {
                chain,
                id: before.id.clone(),
                usages: before.usages,
            };
            Ok((after, true))
        };
        let watched = Watched::begin(self.watcher, Work::Model, described.len());
        let both = described.par_iter().zip(&self.moment.presented);
        let followed = both
            .map(|(leaf, before)| follow(leaf, before).inspect(|_| watched.advance()))
            .collect::<Result<Vec<_>, _>>()?;
        let issued = followed.iter().filter(|(_, is_new)| *is_new).count();
        let presented = followed.into_iter().map(|(one, _)| one).collect();
        if issued > 0 {
            keys.note(signing);
        }
        let moment = Moment {
            bundles: change.bundles,
            presented,
        };
        let after = Self {
            landscape,
            moment,
            by_hand: Vec::new(),
            watcher: self.watcher,
            keys,
        };
        Ok((after, issued))
    }

    pub(super) fn signers(&self) -> &dyn Signers {
        &self.keys
    }

    /// The keys of authorities that were there before the rotation, and that were used since this
    /// was asked last.
    pub(super) fn used_keys(&self) -> Vec<KeyNeed> {
        self.keys.used.take()
    }
}

/// A key for each real one of an authority.
struct Keys {
    /// By the fingerprint of the real key, and of the model's own.
    by_key: RefCell<HashMap<Fingerprint, Vec<u8>>>,
    /// Where the real ones are.
    custody: Rc<HashMap<(AuthorityName, u32), Custody>>,
    /// Those that were used.
    used: RefCell<Vec<KeyNeed>>,
}

impl Keys {
    fn of<S: Store>(pki: &Pki<S>, kept: &[StoredAuthority]) -> Result<Self, RotationError> {
        let custody = kept
            .iter()
            .map(|stored| Ok(((stored.name, stored.generation), pki.custody(stored)?)));
        Ok(Self {
            by_key: RefCell::default(),
            custody: Rc::new(custody.collect::<Result<_, RotationError>>()?),
            used: RefCell::default(),
        })
    }

    /// Takes down that a key is used, if it is one that is there before the rotation.
    fn note(&self, stored: &StoredAuthority) {
        let Some(custody) = self.custody.get(&(stored.name, stored.generation)) else {
            return;
        };
        let need = KeyNeed {
            authority: stored.name,
            generation: stored.generation,
            custody: custody.clone(),
        };
        let mut used = self.used.borrow_mut();
        if !used.contains(&need) {
            used.push(need);
        }
    }

    fn joined(
        &self,
        certificate: Certificate,
        kept: &StoredAuthority,
    ) -> Result<Authority, RotationError> {
        let key = self.of_key(&kept.certificate.public_key)?;
        Ok(Authority::new(certificate, key)?)
    }

    /// The model of an authority's certificate.
    fn authority(
        &self,
        certificate: &Certificate,
        kept: &[StoredAuthority],
    ) -> Result<Certificate, RotationError> {
        let key = self.of_key(&certificate.public_key)?;
        let mut issuers = kept.iter().map(|stored| &stored.certificate);
        let issuer = issuers.find(|issuer| certificate.is_issued_by(issuer));
        let issuer = self.of_issuer(issuer)?;
        resigned(certificate, Some(key.public()), &issuer)
    }

    /// The models of leaves' certificates: their own keys do not matter.
    fn leaves(
        &self,
        leaves: &[StoredLeaf],
        kept: &[StoredAuthority],
        watcher: Option<&dyn Watcher>,
    ) -> Result<Vec<Certificate>, RotationError> {
        let mut keys = HashMap::new();
        let mut signed = Vec::new();
        for leaf in leaves {
            let above = leaf.chain.get(1..).unwrap_or_default();
            let kept = kept.iter().map(|stored| &stored.certificate);
            let mut issuers = above.iter().chain(kept);
            let issuer = issuers.find(|issuer| leaf.certificate().is_issued_by(issuer));
            let name = issuer.map(|issuer| issuer.public_key.fingerprint());
            if let Entry::Vacant(vacant) = keys.entry(name) {
                vacant.insert(self.of_issuer(issuer)?);
            }
            signed.push((leaf.certificate(), name));
        }
        let watched = Watched::begin(watcher, Work::Model, signed.len());
        signed
            .par_iter()
            .map(|(certificate, issuer)| {
                resigned(certificate, None, &keys[issuer]).inspect(|_| watched.advance())
            })
            .collect()
    }

    /// With the keys that a step made.
    fn with(&self, change: &Change) -> Result<Self, RotationError> {
        let mut by_key = self.by_key.borrow().clone();
        for made in &change.new {
            if let Some(key) = made.authority.key() {
                by_key.insert(key.public().fingerprint(), key.pkcs8_der().to_vec());
            }
        }
        Ok(Self {
            by_key: RefCell::new(by_key),
            custody: Rc::clone(&self.custody),
            used: RefCell::default(),
        })
    }

    /// One that nobody here has signed is signed with a key that belongs to nobody.
    fn of_issuer(&self, issuer: Option<&Certificate>) -> Result<PrivateKey, RotationError> {
        match issuer {
            Some(issuer) => self.of_key(&issuer.public_key),
            None => Ok(PrivateKey::generate(KeyAlgorithm::P256)?),
        }
    }

    /// The key that stands for a real one.
    fn of_key(&self, real: &PublicKey) -> Result<PrivateKey, RotationError> {
        if let Some(der) = self.by_key.borrow().get(&real.fingerprint()) {
            return Ok(PrivateKey::from_der(der)?);
        }
        let key = PrivateKey::generate(KeyAlgorithm::P256)?;
        let mut by_key = self.by_key.borrow_mut();
        for public in [real, key.public()] {
            by_key.insert(public.fingerprint(), key.pkcs8_der().to_vec());
        }
        Ok(key)
    }
}

impl Signers for Keys {
    fn join(
        &self,
        certificate: Certificate,
        kept: &StoredAuthority,
    ) -> Result<Authority, RotationError> {
        self.note(kept);
        self.joined(certificate, kept)
    }

    fn custody(&self, stored: &StoredAuthority) -> Result<Custody, RotationError> {
        let custody = self.custody.get(&(stored.name, stored.generation));
        Ok(custody.cloned().unwrap_or(Custody::Sealed))
    }

    fn is_model(&self) -> bool {
        true
    }
}

/// The same certificate with another key, where one is given, signed by another.
fn resigned(
    certificate: &Certificate,
    key: Option<&PublicKey>,
    issuer: &PrivateKey,
) -> Result<Certificate, RotationError> {
    let sign = |message: &[u8]| {
        let signature = issuer.sign(SignatureAlgorithm::EcdsaSha256, message);
        signature.ok()
    };
    let unreadable = || RotationError::Unmodelled(certificate.subject.clone());
    let der = rebuilt(certificate, key, sign).ok_or_else(unreadable)?;
    Ok(Certificate::from_der(&der).map_err(IssueError::from)?)
}

/// RFC 5280 section 4.1: a certificate is what is signed, the algorithm and the signature; in what
/// is signed, after the optional version, the second field is the algorithm and the sixth the key.
fn rebuilt(
    certificate: &Certificate,
    key: Option<&PublicKey>,
    sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let parts = Vec::<Any>::from_der(certificate.der()).ok()?;
    let mut signed = Vec::<Any>::from_der(&parts.first()?.to_der().ok()?).ok()?;
    let has_version = signed.first()?.to_der().ok()?.first() == Some(&VERSION);
    let first = usize::from(has_version);
    let algorithm = Any::from_der(&ECDSA_WITH_SHA256).ok()?;
    *signed.get_mut(first + 1)? = algorithm.clone();
    if let Some(key) = key {
        *signed.get_mut(first + 5)? = Any::from_der(key.spki_der()).ok()?;
    }
    let message = signed.to_der().ok()?;
    let signature = BitString::from_bytes(&sign(&message)?).ok()?;
    let parts = vec![
        Any::from_der(&message).ok()?,
        algorithm,
        Any::from_der(&signature.to_der().ok()?).ok()?,
    ];
    parts.to_der().ok()
}

/// The algorithm of the model's keys, as an AlgorithmIdentifier (RFC 5758 section 3.2).
const ECDSA_WITH_SHA256: [u8; 12] = [
    0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
];
/// The tag of the version, `[0]`.
const VERSION: u8 = 0xa0;
