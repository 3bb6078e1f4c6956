//! Authorities that come from elsewhere: a certificate with its key, or the answer to a request.
//!
//! Everything is checked before anything is kept, for an authority that breaks later breaks a
//! cluster: the signatures up to the top, usages and path lengths, validity, that its name comes
//! out octet by octet in what it signs, and that every name of the description may be signed.

mod check;

use time::OffsetDateTime;

use self::check::Place;
use crate::authority::{Authority, IssueError};
use crate::certificate::Certificate;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::journal::Event;
use crate::key::PrivateKey;
use crate::lifetime::Validity;
use crate::lint::Violation;
use crate::seal::Unlocked;
use crate::signer::{Custody, ExternalCommand, SignerConfig};
use crate::store::{Batch, Pki, Store, StoreError, StoredAuthority, StoredRequest};

/// An authority that was checked and is to be kept, with those above it that are not here yet.
#[derive(Clone, Debug)]
pub struct Import {
    name: AuthorityName,
    certificate: Certificate,
    /// Those above that were given with it, the nearest first.
    above: Vec<(AuthorityName, Certificate)>,
    /// What is not wrong and still worth a look.
    pub notes: Vec<String>,
}

impl Import {
    /// Checks the authority `name` whose certificate is among `given`, together with those above
    /// it that are not in the store yet. `is_own` tells its certificate.
    ///
    /// # Errors
    ///
    /// When anything would break: see [`ImportError`].
    pub fn check<S: Store>(
        cluster: &Cluster,
        pki: &Pki<S>,
        name: AuthorityName,
        given: &[Certificate],
        is_own: impl Fn(&Certificate) -> bool,
        now: OffsetDateTime,
    ) -> Result<Self, ImportError> {
        check::import(cluster, pki, name, given, &is_own, Place::Own, now)
    }

    /// Checks the answer to a request.
    ///
    /// # Errors
    ///
    /// The same, and when it is of another subject.
    pub fn answer<S: Store>(
        cluster: &Cluster,
        pki: &Pki<S>,
        stored: &StoredRequest,
        given: &[Certificate],
        now: OffsetDateTime,
    ) -> Result<Self, ImportError> {
        let request = &stored.request;
        let is_own = |certificate: &Certificate| certificate.public_key == request.public_key;
        let place = match pki.authority(stored.name)? {
            Some(_) => Place::Successor,
            None => Place::Own,
        };
        let mut import = check::import(cluster, pki, stored.name, given, &is_own, place, now)?;
        import
            .notes
            .extend(check::shorter_than_described(cluster, &import));
        match import.certificate.subject == request.subject {
            true => Ok(import),
            false => Err(ImportError::OtherSubject {
                found: import.certificate.subject,
                asked: request.subject.clone(),
            }),
        }
    }

    /// The authority's certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The authorities above it that are kept with it, as ones whose keys are elsewhere.
    pub fn above(&self) -> &[(AuthorityName, Certificate)] {
        &self.above
    }

    /// Has a command sign, to see that it signs with the authority's key.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn try_signer(&self, config: &SignerConfig) -> Result<(), ImportError> {
        let key = self.certificate.public_key.clone();
        let command = ExternalCommand::new(key, config.clone());
        let authority = Authority::with_signer(self.certificate.clone(), Box::new(command))?;
        Ok(authority.try_key()?)
    }

    /// Keeps the authority with its key.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or the key cannot be sealed.
    pub fn add_with_key<S: Store>(
        &self,
        batch: &mut Batch,
        pki: &Pki<S>,
        key: &PrivateKey,
        keys: &Unlocked,
    ) -> Result<StoredAuthority, StoreError> {
        self.add_above(batch, pki)?;
        let stored = self.stored(pki)?;
        Pki::<S>::add_authority(batch, Event::Imported, &stored, key, keys)?;
        Ok(stored)
    }

    /// Keeps the authority, whose key is elsewhere.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn add_elsewhere<S: Store>(
        &self,
        batch: &mut Batch,
        pki: &Pki<S>,
        custody: &Custody,
    ) -> Result<StoredAuthority, StoreError> {
        self.add_above(batch, pki)?;
        let stored = self.stored(pki)?;
        Pki::<S>::add_authority_elsewhere(batch, Event::Imported, &stored, custody);
        Ok(stored)
    }

    /// Keeps the answer beside the request.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn add_answer<S: Store>(
        &self,
        batch: &mut Batch,
        pki: &Pki<S>,
        request: &StoredRequest,
    ) -> Result<StoredAuthority, StoreError> {
        self.add_above(batch, pki)?;
        Pki::<S>::add_answer(batch, request, &self.certificate);
        Ok(StoredAuthority {
            name: self.name,
            generation: request.generation,
            certificate: self.certificate.clone(),
        })
    }

    /// The top first, so that there is no gap when the writing is cut short.
    fn add_above<S: Store>(&self, batch: &mut Batch, pki: &Pki<S>) -> Result<(), StoreError> {
        for (name, certificate) in self.above.iter().rev() {
            let stored = StoredAuthority {
                name: *name,
                generation: pki.next_authority(*name)?,
                certificate: certificate.clone(),
            };
            Pki::<S>::add_authority_elsewhere(batch, Event::Imported, &stored, &Custody::Offline);
        }
        batch.barrier();
        Ok(())
    }

    fn stored<S: Store>(&self, pki: &Pki<S>) -> Result<StoredAuthority, StoreError> {
        Ok(StoredAuthority {
            name: self.name,
            generation: pki.next_authority(self.name)?,
            certificate: self.certificate.clone(),
        })
    }
}

/// Why an authority from elsewhere is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It cannot sign for us.
    #[error(transparent)]
    Authority(#[from] IssueError),
    /// A certificate below it in the store is another's.
    #[error(
        "the {below} authority that is here was not signed by `{subject}`, which is another {name} authority: give the one that signed it"
    )]
    Below {
        /// The one that is here.
        below: AuthorityName,
        /// The one that was given.
        name: AuthorityName,
        /// Its subject.
        subject: String,
    },
    /// A name of the description lies outside of what it may sign.
    #[error(
        "`{subject}` may not sign `{name}`, which the description asks for: it lies outside its name constraints: have it made anew with others, or change the name in etcdpki.yml"
    )]
    Constraints {
        /// The authority.
        subject: String,
        /// The name.
        name: String,
    },
    /// Its extended key usages rule out what members and clients need.
    #[error(
        "the extended key usages of `{subject}` lack {usage}, and an authority's count for everything below it: no certificate under it could be used for that: have it made anew with {usage} among them, or without any"
    )]
    ExtendedKeyUsages {
        /// The authority.
        subject: String,
        /// What it lacks.
        usage: &'static str,
    },
    /// It does not hold now.
    #[error(
        "`{subject}` does not hold now: it is valid {validity}: have it made anew, or set the clock"
    )]
    NotValid {
        /// The authority.
        subject: String,
        /// When it does.
        validity: Validity,
    },
    /// The issuer's certificate is neither given nor here.
    #[error(
        "`{subject}` was issued by `{issuer}`, which is neither given nor here: add the certificate of the {name} authority to the file"
    )]
    NoIssuer {
        /// What was issued.
        subject: String,
        /// By whom.
        issuer: String,
        /// Whose place that is.
        name: AuthorityName,
    },
    /// None of the certificates is the one that is wanted.
    #[error(
        "none of the {count} certificates given has the key that is to be its own: give the file that holds it too"
    )]
    NotThere {
        /// How many there were.
        count: usize,
    },
    /// The answer to a request is of another subject.
    #[error("the certificate is of `{found}`, and `{asked}` was asked for: have it signed again")]
    OtherSubject {
        /// Its subject.
        found: String,
        /// The subject of the request.
        asked: String,
    },
    /// It may not have as many authorities below it as there are.
    #[error(
        "`{subject}` allows {allowed} authorities below it, and {needed} are needed: have it made with pathlen:{needed} or more"
    )]
    PathTooShort {
        /// The authority.
        subject: String,
        /// Its path length.
        allowed: u32,
        /// How many there are below it.
        needed: u32,
    },
    /// There is one already.
    #[error(
        "the {name} authority is there already, at {path}: work in another directory, or replace the one here (`etcdpki rotate ca`)"
    )]
    Present {
        /// Which one.
        name: AuthorityName,
        /// Where it is.
        path: String,
    },
    /// The top does not sign itself.
    #[error(
        "`{subject}` stands at the top and does not sign itself (its issuer is `{issuer}`): give the chain up to the root, or set `levels` of authorities in etcdpki.yml"
    )]
    NotAtTop {
        /// The authority.
        subject: String,
        /// Its issuer.
        issuer: String,
    },
    /// It signs itself, and others should stand above it.
    #[error(
        "`{subject}` signs itself, and a {name} authority should stand above it: set `levels` of authorities in etcdpki.yml (1: the etcd authority signs itself; 2: no intermediate)"
    )]
    SelfSigned {
        /// The authority.
        subject: String,
        /// What should stand above it.
        name: AuthorityName,
    },
    /// A signature is not its issuer's.
    #[error(
        "the signature of `{subject}` is not that of `{issuer}`, or is too weak to count (SHA-1, RSA below 2048 bits): have it signed anew by that one"
    )]
    Signature {
        /// The certificate.
        subject: String,
        /// The issuer it names.
        issuer: String,
    },
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Every verifier would refuse what it signs.
    #[error(
        "no verifier would take anything below `{subject}`: {violation}; {}",
        .violation.lint.hint
    )]
    Unreadable {
        /// The authority.
        subject: String,
        /// The rule that it breaks.
        violation: Violation,
    },
    /// The description has no such authority.
    #[error(
        "the description has no {0} authority: set `levels`, `issuing` or `others` of authorities in etcdpki.yml"
    )]
    Unknown(AuthorityName),
}
