//! Taking over a PKI that another tool made, as it is: kubeadm, kubespray, cfssl, easy-rsa, or the
//! variables of an Ansible role.
//!
//! The authority that signed etcd's certificates is found by its name and by what it signed, the
//! roles of certificates by their usages and by what their files are called. Nothing is issued;
//! what is wrong is told. What was taken over stays as it is until it expires, or an address is
//! described that it does not carry (see [`Leaf::fits`](crate::leaf::Leaf::fits)).

mod names;
mod problems;
mod proposal;
mod recognise;

use std::fmt;
use std::net::IpAddr;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::certificate::Certificate;
use crate::description::{Levels, Sharing};
use crate::hierarchy::AuthorityName;
use crate::journal::Event;
use crate::key::PrivateKey;
use crate::leaf::LeafId;
use crate::name::{ClientName, DnsName, Label, San};
use crate::seal::Unlocked;
use crate::signer::Custody;
use crate::store::{Batch, Pki, Store, StoreError, StoredAuthority, StoredLeaf};

/// A file of the other PKI, or one text of its variables.
pub struct Source {
    /// What a person calls it, for messages; roles are guessed from it too.
    pub name: String,
    /// What is in it.
    pub content: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What certificates do not tell, or not surely.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// The nodes with their addresses.
    pub nodes: Vec<(Label, Vec<IpAddr>)>,
    /// The domain of the nodes.
    pub domain: Option<DnsName>,
}

/// A PKI that can be taken over.
#[derive(Debug)]
#[non_exhaustive]
pub struct Adoption {
    /// The description that fits it.
    pub proposal: Proposal,
    /// Its authorities, the top first.
    pub authorities: Vec<AdoptedAuthority>,
    /// Its leaves that the description asks for.
    pub leaves: Vec<AdoptedLeaf>,
    /// What is wrong with it, and what was left out.
    pub problems: Vec<Problem>,
    /// Files of servers and peers of which the node cannot be told: with any of them nothing is
    /// taken over.
    pub undecided: Vec<String>,
    keys: Vec<(String, PrivateKey)>,
}

impl Adoption {
    /// Finds out what is in these files.
    ///
    /// # Errors
    ///
    /// When there is no authority that signed leaves, the chain above it is not whole, or the
    /// nodes cannot be told from the certificates.
    pub fn recognise(
        sources: &[Source],
        hints: &Hints,
        now: OffsetDateTime,
    ) -> Result<Self, AdoptError> {
        recognise::adoption(sources, hints, now)
    }

    /// Whether everything is known that must be to take it over.
    ///
    /// # Errors
    ///
    /// When the node of a server or a peer cannot be told.
    pub fn check(&self) -> Result<(), AdoptError> {
        match &self.undecided[..] {
            [] => Ok(()),
            undecided => Err(AdoptError::Undecided(undecided.join(", "))),
        }
    }

    /// Adds everything to `batch`, each with its key, sealed; an authority without its key is one
    /// that signs elsewhere.
    ///
    /// # Errors
    ///
    /// When the node of a member cannot be told, there are authorities already, or a key cannot be
    /// sealed.
    pub fn add<S: Store>(
        &self,
        batch: &mut Batch,
        pki: &Pki<S>,
        keys: &Unlocked,
    ) -> Result<(), AdoptError> {
        self.check()?;
        for adopted in &self.authorities {
            if let Some(present) = pki.authority(adopted.name)? {
                return Err(AdoptError::Present(pki.locate_authority(&present)));
            }
            let stored = StoredAuthority {
                name: adopted.name,
                generation: pki.next_authority(adopted.name)?,
                certificate: adopted.certificate.clone(),
            };
            match self.key(adopted.key) {
                Some(key) => Pki::<S>::add_authority(batch, Event::Imported, &stored, key, keys)?,
                None => Pki::<S>::add_authority_elsewhere(
                    batch,
                    Event::Imported,
                    &stored,
                    &Custody::Offline,
                ),
            }
        }
        batch.barrier();
        for adopted in &self.leaves {
            let stored = StoredLeaf {
                id: adopted.id.clone(),
                generation: pki.next_leaf(&adopted.id)?,
                chain: adopted.chain.clone(),
            };
            if let Some(key) = self.key(Some(adopted.key)) {
                Pki::<S>::add_adopted(batch, &stored, key, keys)?;
            }
        }
        Ok(())
    }

    fn key(&self, index: Option<usize>) -> Option<&PrivateKey> {
        self.keys.get(index?).map(|(_, key)| key)
    }
}

/// What a description must say to fit a PKI that was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Proposal {
    /// The domain of the nodes, if any certificate tells it.
    pub domain: Option<DnsName>,
    /// The nodes with their addresses.
    pub nodes: Vec<(Label, Vec<IpAddr>)>,
    /// The clients.
    pub clients: Vec<ClientName>,
    /// How many authorities stand one above the other.
    pub levels: Levels,
    /// Whether one more stands under the etcd authority.
    pub issuing: bool,
    /// Whether nodes share their certificates.
    pub sharing: Sharing,
    /// What servers are called beside the names and addresses of their nodes.
    pub server_sans: Vec<San>,
}

/// An authority that was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AdoptedAuthority {
    /// Which one it is to be.
    pub name: AuthorityName,
    /// Where it was.
    pub path: String,
    /// Its certificate.
    pub certificate: Certificate,
    key: Option<usize>,
}

impl AdoptedAuthority {
    /// Whether its key was found.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }
}

/// A leaf that was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AdoptedLeaf {
    /// Whose it is, and for what.
    pub id: LeafId,
    /// Where it was.
    pub path: String,
    /// The leaf, and every authority between it and the top.
    pub chain: Vec<Certificate>,
    key: usize,
}

/// Something that is wrong, or was left out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// Why a PKI cannot be taken over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdoptError {
    /// An authority of the chain is missing.
    #[error(
        "`{subject}` was issued by `{issuer}`, whose certificate is not among the files: add it"
    )]
    Incomplete {
        /// What was issued.
        subject: String,
        /// By whom.
        issuer: String,
    },
    /// No authority was found.
    #[error(
        "no authority that signed certificates among the files: a directory of kubeadm, kubespray, cfssl or easy-rsa, or a file with variables, has its certificate in it"
    )]
    NoAuthority,
    /// The nodes are not to be told.
    #[error(
        "which addresses belong to which node cannot be told from the certificates: name them all with --node NAME=ADDRESS"
    )]
    Nodes,
    /// There are authorities here already.
    #[error("{0} is there already: adopt into a directory without a PKI")]
    Present(String),
    /// The store could not be read, or a key not sealed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// More levels than there are names for.
    #[error(
        "the chain has {0} authorities one above the other, and four are the most that etcdpki keeps"
    )]
    TooDeep(usize),
    /// The node of a certificate is not to be told.
    #[error(
        "{0}: neither names nor addresses tell of which node it is: name all nodes with --node NAME=ADDRESS, or leave the file out if it is no member's"
    )]
    Undecided(String),
}
