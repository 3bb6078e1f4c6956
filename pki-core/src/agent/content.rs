//! What an agent puts onto its machine: the same as a play does.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::letters::{self, InvalidLetter};
use crate::base64;
use crate::certificate::bundle::{self, InvalidPem};
use crate::certificate::{AlternativeName, Certificate};
use crate::converge::{ConvergeError, State};
use crate::description::Cluster;
use crate::key::{Fingerprint, PrivateKey};
use crate::leaf::{LeafId, Owner};
use crate::pem;
use crate::role::{Role, Usage};
use crate::store::StoredLeaf;
use crate::verify::{Anchors, PathError, PathValidator, check_name};

/// All that belongs onto the machine of an owner.
#[derive(Debug)]
pub struct Content {
    /// What its members or its client trust: `ca.crt`.
    pub trusted: Vec<Certificate>,
    /// Certificates with their keys: of a node `server` and `peer`, of a client `client`.
    pub pairs: Vec<Pair>,
    /// The list of what is revoked, for members: DER.
    pub revoked: Option<Vec<u8>>,
    /// The members of the cluster, for a node: before it restarts it asks how the others are.
    pub members: Vec<Member>,
}

/// A certificate with its key.
#[derive(Debug)]
pub struct Pair {
    /// What it is for.
    pub role: Role,
    /// The certificate, and what is sent along.
    pub chain: Vec<Certificate>,
    /// Its key.
    pub key: PrivateKey,
}

/// A member of the cluster.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The node.
    pub name: String,
    /// Its full name.
    pub fqdn: String,
    /// Its addresses; others reach it at the first.
    pub addresses: Vec<IpAddr>,
}

impl Content {
    /// What the owner of this name has.
    ///
    /// `key` opens the key of a leaf, `revoked` is the list for etcd.
    ///
    /// # Errors
    ///
    /// When the description has no such node or client, a certificate is missing, or a key does not
    /// open.
    pub fn of(
        cluster: &Cluster,
        state: &State,
        owner: &str,
        key: impl Fn(&StoredLeaf) -> Result<PrivateKey, ConvergeError>,
        revoked: Option<Vec<u8>>,
    ) -> Result<Self, ContentError> {
        let node = cluster
            .nodes
            .iter()
            .find(|node| node.name.as_str() == owner);
        let client = cluster.clients.iter().find(|name| name.as_str() == owner);
        let (ids, trusted) = match (node, client) {
            (Some(node), _) => {
                let id = |role| LeafId::of_node(cluster, &node.name, role);
                let ids = [Role::Server, Role::Peer].map(id).to_vec();
                (ids, &state.bundles.members)
            }
            (None, Some(client)) => {
                let id = LeafId {
                    owner: Owner::Client(client.clone()),
                    role: Role::Client,
                };
                (vec![id], &state.bundles.clients)
            }
            (None, None) => return Err(ContentError::Undescribed(owner.to_owned())),
        };
        let pairs = ids.into_iter().map(|id| {
            let missing = || ConvergeError::Incomplete(format!("certificates/{id}"));
            let leaf = state.leaf(&id).ok_or_else(missing)?;
            Ok(Pair {
                role: id.role,
                chain: leaf.chain.clone(),
                key: key(leaf)?,
            })
        });
        Ok(Self {
            trusted: trusted.clone(),
            pairs: pairs.collect::<Result<_, ConvergeError>>()?,
            revoked: revoked.filter(|_| node.is_some()),
            members: match node {
                Some(_) => members(cluster),
                None => Vec::new(),
            },
        })
    }

    /// What tells it from other content: the SHA-256 of all of it but the keys, which their
    /// certificates stand for.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.head())
    }

    /// Checks that it would work: every pair holds under what is trusted, for what it is used, and a
    /// node's carries the names that it is dialled by.
    ///
    /// # Errors
    ///
    /// Names the pair that does not hold.
    pub fn check(&self, owner: &str, now: OffsetDateTime) -> Result<(), ContentError> {
        let anchors = Anchors::new(&self.trusted).map_err(ContentError::Trusted)?;
        let validator = PathValidator::new();
        for pair in &self.pairs {
            let refused = |source| ContentError::Pair {
                role: pair.role,
                source,
            };
            let leaf = pair.chain.first();
            let leaf = leaf.ok_or_else(|| refused(PathError::Malformed))?;
            if leaf.public_key != *pair.key.public() {
                return Err(ContentError::OtherKey(pair.role));
            }
            for usage in pair.usages() {
                let result = validator.validate(&pair.chain, &anchors, *usage, now);
                result.map_err(refused)?;
            }
            let member = self.members.iter().find(|member| member.name == owner);
            for name in member.map(Member::names).unwrap_or_default() {
                check_name(leaf, &name).map_err(refused)?;
            }
        }
        Ok(())
    }

    /// Its text: a line of JSON without any secret, then the keys as PEM in the order of the pairs.
    pub(super) fn to_text(&self) -> Zeroizing<Vec<u8>> {
        let head = self.head();
        let keys: Vec<_> = self.pairs.iter().map(|pair| pair.key.to_pem()).collect();
        let length: usize = keys.iter().map(|key| key.as_bytes().len()).sum();
        // It never grows, which would leave a copy.
        let mut text = Zeroizing::new(Vec::with_capacity(head.len() + 1 + length));
        text.extend(head);
        text.push(b'\n');
        for key in &keys {
            text.extend(key.as_bytes());
        }
        text
    }

    pub(super) fn from_text(text: &[u8]) -> Result<Self, ContentError> {
        let end = text.iter().position(|octet| *octet == b'\n');
        let (head, keys) = text.split_at(end.unwrap_or(text.len()));
        let head: Head = letters::read("content", head)?;
        let blocks = pem::read(keys).map_err(|_| ContentError::Keys)?;
        if blocks.len() != head.pairs.len() {
            return Err(ContentError::Keys);
        }
        let pairs = head.pairs.into_iter().zip(&blocks).map(|(pair, block)| {
            Ok(Pair {
                role: pair.role.parse().map_err(|_| ContentError::Keys)?,
                chain: bundle::read(pair.chain.as_bytes())?,
                key: PrivateKey::from_der(&block.content).map_err(|_| ContentError::Keys)?,
            })
        });
        Ok(Self {
            pairs: pairs.collect::<Result<_, ContentError>>()?,
            trusted: bundle::read(head.trusted.as_bytes())?,
            revoked: head.revoked.map(|Octets(octets)| octets),
            members: head.members,
        })
    }

    fn head(&self) -> Vec<u8> {
        let pairs = self.pairs.iter().map(|pair| HeadPair {
            role: pair.role.to_string(),
            chain: bundle::write(&pair.chain),
        });
        letters::write(&Head {
            trusted: bundle::write(&self.trusted),
            pairs: pairs.collect(),
            revoked: self.revoked.clone().map(Octets),
            members: self.members.clone(),
        })
    }
}

impl Pair {
    /// What members use a server's for besides is up to their gateway; a peer's is used for both.
    fn usages(&self) -> &'static [Usage] {
        match self.role {
            Role::Client => &[Usage::ClientAuth],
            Role::Peer => &[Usage::ServerAuth, Usage::ClientAuth],
            Role::Server => &[Usage::ServerAuth],
        }
    }
}

impl Member {
    fn names(&self) -> Vec<AlternativeName> {
        let addresses = self.addresses.iter().copied().map(AlternativeName::Ip);
        std::iter::once(AlternativeName::Dns(self.fqdn.clone()))
            .chain(addresses)
            .collect()
    }
}

fn members(cluster: &Cluster) -> Vec<Member> {
    let members = cluster.nodes.iter().map(|node| Member {
        name: node.name.to_string(),
        fqdn: node.fqdn.to_string(),
        addresses: node.addresses.clone(),
    });
    members.collect()
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Head {
    trusted: String,
    pairs: Vec<HeadPair>,
    revoked: Option<Octets>,
    members: Vec<Member>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct HeadPair {
    role: String,
    chain: String,
}

#[derive(Deserialize, Serialize)]
struct Octets(#[serde(with = "base64")] Vec<u8>);

/// Why there is no content, or why it is not to be put onto a machine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// A certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] InvalidPem),
    /// Something that the description asks for is missing.
    #[error(transparent)]
    Converge(#[from] ConvergeError),
    /// Keys and certificates are not one to one.
    #[error("the keys in it are not those of its certificates")]
    Keys,
    /// It is of another version.
    #[error(transparent)]
    Letter(#[from] InvalidLetter),
    /// A key is another one's.
    #[error("the key of its {0} certificate is another one's")]
    OtherKey(Role),
    /// A certificate does not hold.
    #[error("its {role} certificate does not hold: {source}")]
    Pair {
        /// What it is for.
        role: Role,
        /// Why.
        source: PathError,
    },
    /// What is to be trusted cannot be.
    #[error("what it says to trust cannot be trusted: {0}")]
    Trusted(PathError),
    /// Nobody of this name is described.
    #[error(
        "`{0}` is no node and no client of the description: edit etcdpki.yml, or give another name"
    )]
    Undescribed(String),
}
