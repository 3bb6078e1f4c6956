//! One certificate that the description does not ask for.

use time::OffsetDateTime;

use super::chain::{Chain, leaf_key, validity};
use super::plan::LeafKey;
use super::revoke::Lists;
use super::{ConvergeError, Signed};
use crate::certificate::AlternativeName;
use crate::description::{Cluster, Node};
use crate::hierarchy::AuthorityName;
use crate::key::PublicKey;
use crate::leaf::{LeafId, leaves};
use crate::lifetime::Lifetime;
use crate::name::San;
use crate::profile::{Profile, Subject};
use crate::role::Role;
use crate::seal::Unlocked;
use crate::store::{Batch, Pki, Store, StoredLeaf};

/// An order for a certificate: of an owner whom the description does not know, or of a role that
/// it does not give the owner. The signing authority of the chain signs it, or one of another
/// service, within its own constraints and those of every authority above it, and it is kept as
/// every leaf is; [`plan`](super::plan) leaves it alone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Order {
    /// What names it.
    pub id: LeafId,
    /// Who signs it.
    pub issuer: AuthorityName,
    /// What it carries.
    pub profile: Profile,
    /// Its key.
    pub key: OrderKey,
    /// How long it lives; it is cut to its issuer's end.
    pub lifetime: Lifetime,
}

/// The key of an ordered certificate.
#[derive(Clone, Debug)]
pub enum OrderKey {
    /// One that is kept here.
    Here(LeafKey),
    /// One whose owner keeps it: the public key of a request.
    Owners(PublicKey),
}

impl Order {
    /// An order with a new key and the lifetime of the description, signed by the authority that
    /// signs what is described.
    ///
    /// The common name of a peer is that of all peers, of the others the owner's, unless another
    /// is given.
    ///
    /// # Errors
    ///
    /// When the description asks for this leaf itself; when a server or a peer has no names; when
    /// neither a common name nor a name is left.
    pub fn new(
        cluster: &Cluster,
        id: LeafId,
        names: Vec<San>,
        common_name: Option<String>,
    ) -> Result<Self, ConvergeError> {
        let issuer = AuthorityName::signing(cluster);
        Self::under(cluster, issuer, id, names, common_name)
    }

    /// The same, signed by `issuer`: where that is the authority of another service, members
    /// refuse it.
    ///
    /// # Errors
    ///
    /// The same, and when `issuer` signs no such certificates.
    pub fn under(
        cluster: &Cluster,
        issuer: AuthorityName,
        id: LeafId,
        names: Vec<San>,
        common_name: Option<String>,
    ) -> Result<Self, ConvergeError> {
        check_issuer(cluster, issuer, id.role)?;
        let text = id.to_string();
        if leaves(cluster)
            .iter()
            .any(|leaf| leaf.id.to_string() == text)
        {
            return Err(ConvergeError::Described(text));
        }
        let common_name = common_name.unwrap_or_else(|| match id.role {
            Role::Peer => cluster.peer_common_name(),
            Role::Client | Role::Server => id.owner.to_string(),
        });
        let is_of_peers = common_name == cluster.peer_common_name();
        if is_of_peers && id.role != Role::Peer && !issuer.is_other() {
            return Err(ConvergeError::NameOfPeers(common_name));
        }
        if names.is_empty() && (id.role != Role::Client || common_name.is_empty()) {
            return Err(ConvergeError::Nameless(text));
        }
        // The gateway is etcd's.
        let usages = id.role.usages(cluster.grpc_gateway && !issuer.is_other());
        let profile = Profile::leaf(Subject::common(common_name), usages, names);
        let publication = issuer.publication(cluster);
        Ok(Self {
            id,
            issuer,
            profile: profile.with_publication(publication.clone()),
            key: OrderKey::Here(LeafKey::New),
            lifetime: cluster.certificates.lifetime,
        })
    }

    /// The same order with this key.
    #[must_use]
    pub fn with_key(mut self, key: OrderKey) -> Self {
        self.key = key;
        self
    }

    /// The same order with this lifetime.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Lifetime) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// The name of a member among its own, where another authority than etcd's signs it: clients
    /// of etcd trust the root, and would take it for that member.
    pub fn poses_as(&self, cluster: &Cluster) -> Option<&San> {
        let serves = self.issuer.is_other() && self.id.role == Role::Server;
        let mut names = self.profile.names().iter().filter(|_| serves);
        names.find(|name| {
            let of_node = |node: &Node| match name {
                San::Dns(dns) => node.fqdn == *dns,
                San::Ip(address) => node.addresses.contains(address),
                San::Wildcard(parent) => {
                    let (_, rest) = node.fqdn.as_str().split_once('.').unwrap_or_default();
                    rest == parent.as_str()
                }
                San::Uri(_) => false,
            };
            cluster.nodes.iter().any(of_node) || cluster.certificates.server_sans.contains(*name)
        })
    }

    /// Whether it can be made, as far as that can be seen without a key.
    ///
    /// # Errors
    ///
    /// When an authority is missing; when a name lies outside what one of them may sign; when the
    /// key was revoked as compromised.
    pub fn check<S: Store>(&self, cluster: &Cluster, pki: &Pki<S>) -> Result<(), ConvergeError> {
        self.check_under(&Chain::present(cluster, pki, self.issuer)?, pki)
    }

    fn check_under<S: Store>(&self, chain: &Chain, pki: &Pki<S>) -> Result<(), ConvergeError> {
        self.check_names(chain)?;
        match &self.key {
            OrderKey::Owners(key) => self.check_key(pki, key),
            OrderKey::Here(LeafKey::Same) => match pki.leaf(&self.id)? {
                Some(present) => self.check_key(pki, &present.certificate().public_key),
                None => Ok(()),
            },
            OrderKey::Here(_) => Ok(()),
        }
    }

    fn check_key<S: Store>(&self, pki: &Pki<S>, key: &PublicKey) -> Result<(), ConvergeError> {
        match pki.is_compromised(key)? {
            true => Err(ConvergeError::CompromisedKey(self.id.to_string())),
            false => Ok(()),
        }
    }

    /// Makes it in memory, and signs the revocation lists that are due. Nothing is written yet.
    ///
    /// # Errors
    ///
    /// The same, and when a key does not open or the authority may not sign.
    pub fn issue<S: Store>(
        self,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
    ) -> Result<Ordered, ConvergeError> {
        let chain = Chain::present(cluster, pki, self.issuer)?;
        self.check_under(&chain, pki)?;
        let signer = chain.signer(pki, keys)?;
        let (kept, public_key) = match self.key {
            OrderKey::Here(wanted) => {
                let key = leaf_key(&self.id, wanted, cluster, pki, keys)?;
                let public_key = key.public().clone();
                (Some(key), public_key)
            }
            OrderKey::Owners(public_key) => (None, public_key),
        };
        let validity = validity(cluster, self.lifetime, now);
        let issuer = signer.authority();
        let certificate = issuer.issue(&self.profile, &public_key, validity)?;
        let generation = pki.next_leaf(&self.id)?;
        let leaf = chain.stored_leaf(self.id, generation, certificate);
        let mut batch = Batch::default();
        match &kept {
            Some(key) => Pki::<S>::add_leaf(&mut batch, &leaf, key, keys)?,
            None => Pki::<S>::add_certificate(&mut batch, &leaf),
        }
        let signing = pki.authority(AuthorityName::signing(cluster))?;
        let lists = Lists {
            signing: signing.as_ref(),
            authorities: &pki.authorities()?,
            fresh: &[],
            revocations: &pki.revocations()?,
        };
        let lists = lists.sign(cluster, pki, keys, now, &mut batch)?;
        Ok(Ordered { leaf, lists, batch })
    }

    fn check_names(&self, chain: &Chain) -> Result<(), ConvergeError> {
        for name in self
            .profile
            .names()
            .iter()
            .cloned()
            .map(AlternativeName::from)
        {
            for stored in &chain.stored {
                if !stored.certificate.may_sign(&name) {
                    return Err(ConvergeError::OutsideConstraints {
                        position: None,
                        name: name.to_string(),
                        authority: stored.certificate.subject.clone(),
                    });
                }
            }
        }
        Ok(())
    }
}

fn check_issuer(cluster: &Cluster, issuer: AuthorityName, role: Role) -> Result<(), ConvergeError> {
    let signs_leaves = issuer.is_other() || issuer == AuthorityName::signing(cluster);
    match () {
        () if !issuer.is_described(cluster) => Err(ConvergeError::UndescribedIssuer {
            name: issuer,
            known: known_issuers(cluster),
        }),
        () if !signs_leaves => Err(ConvergeError::NoIssuer {
            name: issuer,
            known: known_issuers(cluster),
        }),
        () if issuer.is_other() && role == Role::Peer => Err(ConvergeError::NoPeers(issuer)),
        () => Ok(()),
    }
}

fn known_issuers(cluster: &Cluster) -> String {
    let signing = std::iter::once(AuthorityName::signing(cluster));
    let signing = signing.chain(AuthorityName::others(cluster));
    let known: Vec<_> = signing.map(|name| name.to_string()).collect();
    known.join(", ")
}

/// An ordered certificate, in memory.
#[derive(Debug)]
pub struct Ordered {
    leaf: StoredLeaf,
    lists: Signed,
    batch: Batch,
}

impl Ordered {
    /// The certificate and every authority between it and the top.
    pub fn leaf(&self) -> &StoredLeaf {
        &self.leaf
    }

    /// The revocation lists that were signed.
    pub fn lists(&self) -> &Signed {
        &self.lists
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn commit<S: Store>(self, pki: &mut Pki<S>) -> Result<StoredLeaf, ConvergeError> {
        pki.commit(self.batch)?;
        Ok(self.leaf)
    }
}
