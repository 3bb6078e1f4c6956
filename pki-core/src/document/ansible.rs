//! What each role of the article finds in its files.

use std::fmt;

use super::{Document, Tree};
use crate::certificate::{Certificate, bundle};
use crate::converge::{ConvergeError, State};
use crate::description::{Cluster, Sharing};
use crate::hierarchy::AuthorityName;
use crate::leaf::{LeafId, Owner};
use crate::name::ClientName;
use crate::role::Role;
use crate::seal::Unlocked;
use crate::store::{Pki, Store};

/// A role that takes certificates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AnsibleRole {
    /// Every machine: the root for the system's trust, and one client.
    Common,
    /// Clients of etcd.
    EtcdClient,
    /// Members.
    EtcdServer,
}

impl AnsibleRole {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Common, Self::EtcdServer, Self::EtcdClient];

    /// The role's name, which is its directory under `roles`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Common => "common",
            Self::EtcdClient => "etcd-client",
            Self::EtcdServer => "etcd-server",
        }
    }

    /// Where its encrypted variables lie, from the top of the project.
    pub fn vault_path(self) -> String {
        format!("roles/{self}/vars/certificates.vault.yml")
    }
}

impl fmt::Display for AnsibleRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The files of every role: the encrypted one, then the one with references to it.
///
/// # Errors
///
/// When a key does not open, or something that the description asks for is missing.
pub fn documents<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    state: &State,
    keys: &Unlocked,
) -> Result<Vec<Document>, ConvergeError> {
    let source = Source {
        cluster,
        pki,
        state,
        keys,
    };
    let mut documents = Vec::new();
    for role in AnsibleRole::ALL {
        documents.push(Document {
            path: role.vault_path(),
            secret: true,
            header: VAULT_HEADER,
            parents: &["vault", "certificates"],
            owned: source.values(role)?,
        });
        documents.push(Document {
            path: format!("roles/{role}/vars/certificates.yml"),
            secret: false,
            header: REFERENCES_HEADER,
            parents: &["certificates"],
            owned: references(role, cluster),
        });
    }
    Ok(documents)
}

type Owned = Vec<(&'static str, Option<Tree>)>;

struct Source<'a, S> {
    cluster: &'a Cluster,
    pki: &'a Pki<S>,
    state: &'a State,
    keys: &'a Unlocked,
}

impl<S: Store> Source<'_, S> {
    fn values(&self, role: AnsibleRole) -> Result<Owned, ConvergeError> {
        let bundles = self.state.bundles(self.cluster)?;
        match role {
            AnsibleRole::Common => {
                let top = self
                    .state
                    .authority(AuthorityName::top(self.cluster))
                    .cloned();
                let client = self.client(&self.cluster.ansible.common_client)?;
                Ok(vec![
                    ("ca", Some(authority(top.as_slice()))),
                    ("client", Some(client)),
                ])
            }
            AnsibleRole::EtcdClient => {
                let mut clients = Vec::new();
                for name in &self.cluster.clients {
                    clients.push((name.to_string(), self.client(name)?));
                }
                Ok(vec![
                    ("ca", Some(authority(&bundles.clients))),
                    ("client", Some(self.client(&self.cluster.clients[0])?)),
                    ("clients", Some(Tree::Map(clients))),
                ])
            }
            AnsibleRole::EtcdServer => {
                let mut owned = vec![("ca", Some(authority(&bundles.members)))];
                owned.extend(self.members()?);
                Ok(owned)
            }
        }
    }

    /// With `sharing: shared` one pair for all as in the article, else one for each node.
    fn members(&self) -> Result<Owned, ConvergeError> {
        match self.cluster.certificates.sharing {
            Sharing::Shared => Ok(vec![
                ("server", Some(self.leaf(Owner::Nodes, Role::Server)?)),
                ("peer", Some(self.leaf(Owner::Nodes, Role::Peer)?)),
                ("nodes", None),
            ]),
            Sharing::PerNode => {
                let mut nodes = Vec::new();
                for node in &self.cluster.nodes {
                    let server = self.leaf(Owner::Node(node.name.clone()), Role::Server)?;
                    let peer = self.leaf(Owner::Node(node.name.clone()), Role::Peer)?;
                    nodes.push((
                        node.name.to_string(),
                        Tree::map([("server", server), ("peer", peer)]),
                    ));
                }
                Ok(vec![
                    ("server", None),
                    ("peer", None),
                    ("nodes", Some(Tree::Map(nodes))),
                ])
            }
        }
    }

    fn client(&self, name: &ClientName) -> Result<Tree, ConvergeError> {
        self.leaf(Owner::Client(name.clone()), Role::Client)
    }

    fn leaf(&self, owner: Owner, role: Role) -> Result<Tree, ConvergeError> {
        let id = LeafId { owner, role };
        let stored = self
            .state
            .leaf(&id)
            .ok_or_else(|| ConvergeError::Incomplete(format!("certificates/{id}")))?;
        let key = self.pki.leaf_key(stored, self.keys)?;
        Ok(Tree::map([
            ("crt", Tree::text(&bundle::write(&stored.chain))),
            ("key", Tree::text(key.to_pem().as_str())),
        ]))
    }
}

fn authority(certificates: &[Certificate]) -> Tree {
    Tree::map([("crt", Tree::text(&bundle::write(certificates)))])
}

/// The references of `certificates.yml`: the article's names, whatever lies behind them.
fn references(role: AnsibleRole, cluster: &Cluster) -> Owned {
    let pair = |source: &str| {
        let reference = |part| Tree::text(&format!("{{{{ vault.certificates.{source}.{part} }}}}"));
        Some(Tree::map([
            ("crt", reference("crt")),
            ("key", reference("key")),
        ]))
    };
    let ca = Tree::map([("crt", Tree::text("{{ vault.certificates.ca.crt }}"))]);
    let mut owned = vec![("ca", Some(ca))];
    match role {
        AnsibleRole::Common => owned.push(("client", pair("client"))),
        AnsibleRole::EtcdClient => {
            let default = &cluster.clients[0];
            let chosen = format!("clients[etcd_client | default('{default}')]");
            owned.push(("client", pair(&chosen)));
        }
        AnsibleRole::EtcdServer => {
            let source = |role: &str| match cluster.certificates.sharing {
                Sharing::Shared => role.to_owned(),
                Sharing::PerNode => format!("nodes[ansible_hostname].{role}"),
            };
            owned.push(("server", pair(&source("server"))));
            owned.push(("peer", pair(&source("peer"))));
        }
    }
    owned
}

const VAULT_HEADER: &str = "\
Written by etcdpki, which owns the keys it wrote here and leaves all others alone.
Keep this file encrypted: vault edit, or ansible-vault edit.";
const REFERENCES_HEADER: &str = "\
Written by etcdpki. The texts behind these references are in certificates.vault.yml.";
