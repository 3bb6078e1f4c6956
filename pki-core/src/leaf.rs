//! The leaves that a cluster needs: whose they are, and what they carry.

use std::fmt;

use crate::certificate::Certificate;
use crate::description::{Cluster, Node, Sharing};
use crate::hierarchy::AuthorityName;
use crate::name::{ClientName, Label, San};
use crate::profile::{LOCAL_NAMES, Profile, Subject};
use crate::role::Role;

/// Whose certificate it is.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Owner {
    /// A client.
    Client(ClientName),
    /// All nodes together, with `sharing: shared`.
    Nodes,
    /// One node.
    Node(Label),
    /// Somebody whom the description does not know.
    Other(ClientName),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(name) => name.fmt(f),
            // No node or client can be called so: both begin with a letter or a digit.
            Self::Nodes => f.write_str("_nodes"),
            Self::Node(name) => name.fmt(f),
            Self::Other(name) => name.fmt(f),
        }
    }
}

/// What names a leaf: its owner and its role.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LeafId {
    /// Whose it is.
    pub owner: Owner,
    /// What it is for.
    pub role: Role,
}

impl LeafId {
    /// The certificate that a node presents in a role: its own, or the one of all nodes.
    pub fn of_node(cluster: &Cluster, node: &Label, role: Role) -> Self {
        let owner = match cluster.certificates.sharing {
            Sharing::PerNode => Owner::Node(node.clone()),
            Sharing::Shared => Owner::Nodes,
        };
        Self { owner, role }
    }
}

impl fmt::Display for LeafId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.role)
    }
}

/// A leaf that the description asks for.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// What names it.
    pub id: LeafId,
    /// What it carries.
    pub profile: Profile,
}

impl Leaf {
    /// Whether `certificate` is what the description asks for.
    ///
    /// One that was `adopted` need not be as we would have made it, for members and clients work
    /// with it as it is: it stays as long as it carries every address of its nodes, and a
    /// client's common name, which is its etcd user.
    pub fn fits(&self, certificate: &Certificate, adopted: bool) -> bool {
        match adopted {
            true => self.profile.is_covered_by(certificate),
            false => self.profile.matches(certificate),
        }
    }
}

/// Every leaf that a cluster needs, in the order of the description.
pub fn leaves(cluster: &Cluster) -> Vec<Leaf> {
    let members: Vec<(Owner, &[Node])> = match cluster.certificates.sharing {
        Sharing::PerNode => cluster
            .nodes
            .iter()
            .map(|node| (Owner::Node(node.name.clone()), std::slice::from_ref(node)))
            .collect(),
        Sharing::Shared => vec![(Owner::Nodes, cluster.nodes.as_slice())],
    };
    let of_members = members.into_iter().flat_map(|(owner, nodes)| {
        [
            server(cluster, owner.clone(), nodes),
            peer(cluster, owner, nodes),
        ]
    });
    let publication = AuthorityName::signing(cluster).publication(cluster);
    of_members
        .chain(cluster.clients.iter().map(client))
        .map(|leaf| Leaf {
            profile: leaf.profile.with_publication(publication.clone()),
            ..leaf
        })
        .collect()
}

/// The node's names, the local ones, and those listed. The common name is the node's.
fn server(cluster: &Cluster, owner: Owner, nodes: &[Node]) -> Leaf {
    let local = LOCAL_NAMES.iter().filter_map(|name| name.parse().ok());
    let listed = cluster.certificates.server_sans.iter().cloned();
    let names = without_repeats(node_names(nodes).chain(local).chain(listed));
    let common_name = match nodes {
        [node] => node.fqdn.to_string(),
        _ => format!("{}-server", cluster.name),
    };
    let usages = Role::Server.usages(cluster.grpc_gateway);
    Leaf {
        id: LeafId {
            owner,
            role: Role::Server,
        },
        profile: Profile::leaf(Subject::common(common_name), usages, names),
    }
}

/// The node's names alone: etcd holds the address of a dialling peer against them. The common
/// name is the same for all, so that `--peer-cert-allowed-cn` can tell peers from clients.
fn peer(cluster: &Cluster, owner: Owner, nodes: &[Node]) -> Leaf {
    let subject = Subject::common(cluster.peer_common_name());
    let usages = Role::Peer.usages(cluster.grpc_gateway);
    Leaf {
        id: LeafId {
            owner,
            role: Role::Peer,
        },
        profile: Profile::leaf(subject, usages, without_repeats(node_names(nodes))),
    }
}

/// No names: etcd looks at none of a client's, and its common name is the etcd user.
fn client(name: &ClientName) -> Leaf {
    Leaf {
        id: LeafId {
            owner: Owner::Client(name.clone()),
            role: Role::Client,
        },
        profile: Profile::leaf(
            Subject::common(name.as_str()),
            Role::Client.usages(true),
            Vec::new(),
        ),
    }
}

fn node_names(nodes: &[Node]) -> impl Iterator<Item = San> + '_ {
    nodes.iter().flat_map(|node| {
        std::iter::once(San::Dns(node.fqdn.clone()))
            .chain(node.addresses.iter().copied().map(San::Ip))
    })
}

fn without_repeats(names: impl Iterator<Item = San>) -> Vec<San> {
    let mut kept = Vec::new();
    for name in names {
        if !kept.contains(&name) {
            kept.push(name);
        }
    }
    kept
}
