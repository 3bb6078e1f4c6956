//! What each role of the article finds in its files.

use std::fmt;

use super::{Document, Tree};
use crate::certificate::{Certificate, bundle};
use crate::converge::{ConvergeError, State};
use crate::description::{Cluster, Sharing, VaultFiles};
use crate::leaf::{LeafId, Owner};
use crate::name::{ClientName, Label};
use crate::role::Role;
use crate::secret_text::SecretText;
use crate::store::StoredLeaf;

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
/// `key` gives the private key of a leaf as PEM.
///
/// # Errors
///
/// When a key does not open, or something that the description asks for is missing.
pub fn documents(
    cluster: &Cluster,
    state: &State,
    key: impl Fn(&StoredLeaf) -> Result<SecretText, ConvergeError>,
) -> Result<Vec<Document>, ConvergeError> {
    let source = Source {
        cluster,
        state,
        key,
    };
    let mut documents = Vec::new();
    for role in AnsibleRole::ALL {
        documents.push(Document {
            path: role.vault_path(),
            secret: true,
            host: None,
            header: VAULT_HEADER,
            parents: &["vault", "certificates"],
            owned: source.values(role)?,
        });
        documents.push(references_document(role, cluster));
    }
    if cluster.ansible.vault_files == VaultFiles::Host {
        for node in &cluster.nodes {
            documents.push(Document {
                path: host_vault_path(&node.name),
                secret: true,
                host: Some(node.name.clone()),
                header: VAULT_HEADER,
                // Not `vault`, which what a role includes would take the place of.
                parents: &["vault_host", "certificates"],
                owned: source.host_values(&node.name)?,
            });
        }
    }
    Ok(documents)
}

/// The files with references alone, for which no key is needed.
pub fn references_documents(cluster: &Cluster) -> Vec<Document> {
    let roles = AnsibleRole::ALL.into_iter();
    roles
        .map(|role| references_document(role, cluster))
        .collect()
}

fn references_document(role: AnsibleRole, cluster: &Cluster) -> Document {
    Document {
        path: format!("roles/{role}/vars/certificates.yml"),
        secret: false,
        host: None,
        header: REFERENCES_HEADER,
        parents: &["certificates"],
        owned: references(role, cluster),
    }
}

/// Where the encrypted variables of a node lie, from the top of the project, if it has its own.
pub fn host_vault_path(node: &Label) -> String {
    format!("host_vars/{node}/certificates.vault.yml")
}

/// An encrypted file that the description asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VaultFile {
    /// Where it lies, from the top of the project.
    pub path: String,
    /// The node for which alone it is.
    pub host: Option<Label>,
    content: VaultContent,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum VaultContent {
    /// What a client trusts, and this one.
    Client(ClientName),
    /// What clients trust, and every one.
    Clients,
    /// What members trust, and these if any.
    Members(Option<Owner>),
    /// What members trust, and each of them.
    EveryMember,
}

impl VaultFile {
    /// Whether the certificate and the key of a leaf stand in it.
    pub fn holds(&self, id: &LeafId) -> bool {
        match &self.content {
            VaultContent::Client(name) => id.owner == Owner::Client(name.clone()),
            VaultContent::Clients => id.role == Role::Client,
            VaultContent::Members(owner) => {
                id.role != Role::Client && owner.as_ref() == Some(&id.owner)
            }
            VaultContent::EveryMember => id.role != Role::Client,
        }
    }
}

/// All encrypted files that the description asks for.
pub fn vault_files(cluster: &Cluster) -> Vec<VaultFile> {
    let per_host = cluster.ansible.vault_files == VaultFiles::Host;
    let roles = AnsibleRole::ALL.into_iter().map(|role| VaultFile {
        path: role.vault_path(),
        host: None,
        content: match role {
            AnsibleRole::Common => VaultContent::Client(cluster.ansible.common_client.clone()),
            AnsibleRole::EtcdClient => VaultContent::Clients,
            AnsibleRole::EtcdServer if per_host => VaultContent::Members(None),
            AnsibleRole::EtcdServer => VaultContent::EveryMember,
        },
    });
    let hosts = cluster.nodes.iter().filter(|_| per_host);
    let hosts = hosts.map(|node| VaultFile {
        path: host_vault_path(&node.name),
        host: Some(node.name.clone()),
        content: VaultContent::Members(Some(match cluster.certificates.sharing {
            Sharing::PerNode => Owner::Node(node.name.clone()),
            Sharing::Shared => Owner::Nodes,
        })),
    });
    roles.chain(hosts).collect()
}

/// The paths of all encrypted files that the description asks for.
pub fn vault_paths(cluster: &Cluster) -> Vec<String> {
    let files = vault_files(cluster).into_iter();
    files.map(|file| file.path).collect()
}

/// The paths of encrypted files that the description would ask for if `vault_files` were another,
/// and does not.
pub fn unused_vault_paths(cluster: &Cluster) -> Vec<String> {
    match cluster.ansible.vault_files {
        // The file of the role is there in both cases.
        VaultFiles::Host => Vec::new(),
        VaultFiles::Role => {
            let nodes = cluster.nodes.iter();
            nodes.map(|node| host_vault_path(&node.name)).collect()
        }
    }
}

type Owned = Vec<(&'static str, Option<Tree>)>;

struct Source<'a, K> {
    cluster: &'a Cluster,
    state: &'a State,
    key: K,
}

impl<K: Fn(&StoredLeaf) -> Result<SecretText, ConvergeError>> Source<'_, K> {
    fn values(&self, role: AnsibleRole) -> Result<Owned, ConvergeError> {
        let bundles = &self.state.bundles;
        match (role, self.cluster.ansible.vault_files) {
            (AnsibleRole::Common, _) => {
                // Two while it is replaced.
                let tops = bundles.clients.iter().filter(|one| one.is_self_issued());
                let tops: Vec<_> = tops.cloned().collect();
                let client = self.client(&self.cluster.ansible.common_client)?;
                Ok(vec![
                    ("ca", Some(authority(&tops))),
                    ("client", Some(client)),
                ])
            }
            (AnsibleRole::EtcdClient, _) => {
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
            (AnsibleRole::EtcdServer, files) => {
                let mut owned = vec![("ca", Some(authority(&bundles.members)))];
                owned.extend(match files {
                    VaultFiles::Role => self.members()?,
                    // In the files of the nodes; what a run before wrote here must not stay.
                    VaultFiles::Host => ["server", "peer", "nodes"].map(|name| (name, None)).into(),
                });
                Ok(owned)
            }
        }
    }

    /// What the role `etcd-server` takes on one node.
    fn host_values(&self, node: &Label) -> Result<Owned, ConvergeError> {
        let owner = match self.cluster.certificates.sharing {
            Sharing::PerNode => Owner::Node(node.clone()),
            Sharing::Shared => Owner::Nodes,
        };
        let bundles = &self.state.bundles;
        Ok(vec![
            ("ca", Some(authority(&bundles.members))),
            ("server", Some(self.leaf(owner.clone(), Role::Server)?)),
            ("peer", Some(self.leaf(owner, Role::Peer)?)),
        ])
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
        let key = (self.key)(stored)?;
        Ok(Tree::map([
            ("crt", Tree::text(&bundle::write(&stored.chain))),
            ("key", Tree::text(key.as_str())),
        ]))
    }
}

fn authority(certificates: &[Certificate]) -> Tree {
    Tree::map([("crt", Tree::text(&bundle::write(certificates)))])
}

/// The references of `certificates.yml`: the article's names, whatever lies behind them.
fn references(role: AnsibleRole, cluster: &Cluster) -> Owned {
    let per_host =
        role == AnsibleRole::EtcdServer && cluster.ansible.vault_files == VaultFiles::Host;
    let vault = match per_host {
        true => "vault_host",
        false => "vault",
    };
    let reference = |source: &str, part: &str| {
        Tree::text(&format!("{{{{ {vault}.certificates.{source}.{part} }}}}"))
    };
    let pair = |source: &str| {
        Some(Tree::map([
            ("crt", reference(source, "crt")),
            ("key", reference(source, "key")),
        ]))
    };
    let mut owned = vec![("ca", Some(Tree::map([("crt", reference("ca", "crt"))])))];
    match role {
        AnsibleRole::Common => owned.push(("client", pair("client"))),
        AnsibleRole::EtcdClient => {
            let default = &cluster.clients[0];
            let chosen = format!("clients[etcd_client | default('{default}')]");
            owned.push(("client", pair(&chosen)));
        }
        AnsibleRole::EtcdServer => {
            let source = |role: &str| match (per_host, cluster.certificates.sharing) {
                (true, _) | (_, Sharing::Shared) => role.to_owned(),
                (false, Sharing::PerNode) => format!("nodes[ansible_hostname].{role}"),
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
