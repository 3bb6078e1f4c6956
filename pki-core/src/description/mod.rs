//! The cluster description, `etcdpki.yml`: what a person wants, checked as a whole.
//!
//! [`Cluster::from_yaml`] is the only way in. A [`Cluster`] is consistent: every name is valid,
//! every address lies in a network, every name is one that the authorities may sign, no
//! certificate outlives its issuer.

mod check;
mod error;
mod raw;
mod store;
mod yaml;

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

pub use error::{DescriptionError, Position};
pub use store::{StoreFile, StoreSetting};

use crate::certificate::NameConstraints;
use crate::etcd::{EtcdSeries, EtcdVersion};
use crate::hierarchy::OtherName;
use crate::key::KeyAlgorithm;
use crate::lifetime::{Lifetime, RenewBefore};
use crate::name::{ClientName, DnsName, Label, San};
use crate::publication::Publication;

/// An etcd cluster and its certificates, as described.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Cluster {
    /// The cluster's name: it stands in the subjects of its authorities and peers.
    pub name: Label,
    /// The domain of the nodes.
    pub domain: DnsName,
    /// The members.
    pub nodes: Vec<Node>,
    /// The address blocks in which nodes may live.
    pub networks: Vec<IpNet>,
    /// The clients, each an etcd user.
    pub clients: Vec<ClientName>,
    /// How leaves are made.
    pub certificates: CertificateSettings,
    /// How authorities are made.
    pub authorities: AuthoritySettings,
    /// The authority that members trust.
    pub trust_anchor: TrustAnchor,
    /// How long revocation lists hold.
    pub crl: CrlSettings,
    /// Whether members run the gRPC gateway (`--enable-grpc-gateway`, on by default in etcd).
    pub grpc_gateway: bool,
    /// How members are run.
    pub etcd: EtcdSettings,
    /// How Ansible's files are written.
    pub ansible: AnsibleSettings,
    /// Where the PKI is kept, if not in the directory beside the description.
    pub store: Option<StoreSetting>,
}

impl Cluster {
    /// Reads and checks a description.
    ///
    /// # Errors
    ///
    /// The first fault found, with its line and column.
    pub fn from_yaml(text: &str) -> Result<Self, DescriptionError> {
        check::cluster(raw::parse(text)?)
    }

    /// The same of what stands in a file.
    ///
    /// # Errors
    ///
    /// The same, and when it is not UTF-8.
    pub fn from_octets(content: &[u8]) -> Result<Self, DescriptionError> {
        Self::from_yaml(text(content)?)
    }

    /// The subtrees to which the etcd authority is constrained, if it is.
    pub fn name_constraints(&self) -> Option<NameConstraints> {
        match &self.authorities.name_constraints {
            ConstraintSetting::None => None,
            ConstraintSetting::Explicit(constraints) => Some(constraints.clone()),
            ConstraintSetting::Auto => Some(self.automatic_constraints()),
        }
    }

    /// How many members may be lost before the cluster stops: a quorum is more than half of them.
    pub fn tolerated_losses(&self) -> usize {
        self.nodes.len().saturating_sub(1) / 2
    }

    /// The common name of peer certificates, for `--peer-cert-allowed-cn`.
    pub fn peer_common_name(&self) -> String {
        format!("{}-peer", self.name)
    }

    /// The members as `NAME=URL,…`: what etcd calls `--initial-cluster`.
    pub fn join_string(&self) -> String {
        let members = self
            .nodes
            .iter()
            .map(|node| format!("{}={}", node.name, node.peer_url()));
        members.collect::<Vec<_>>().join(",")
    }

    /// The network in which the first node has its first address.
    pub fn first_network(&self) -> IpNet {
        let address = self.nodes[0].addresses[0];
        let found = self.networks.iter().find(|block| block.contains(&address));
        found.copied().unwrap_or_else(|| address.into())
    }

    /// Where clients reach the members, by name.
    pub fn endpoints(&self) -> Vec<String> {
        let urls = self
            .nodes
            .iter()
            .map(|node| format!("https://{}:2379", node.fqdn));
        urls.collect()
    }

    /// The domain, localhost, loopback, the networks, and listed names outside of these.
    fn automatic_constraints(&self) -> NameConstraints {
        let mut dns = vec![self.domain.to_string()];
        let mut addresses = LOOPBACK.to_vec();
        addresses.extend(&self.networks);
        for listed in &self.certificates.server_sans {
            match listed {
                San::Dns(name) | San::Wildcard(name) => dns.push(name.to_string()),
                San::Ip(address) => addresses.push(IpNet::from(*address)),
                // The constraints do not restrict URIs.
                San::Uri(_) => {}
            }
        }
        dns.push("localhost".to_owned());
        NameConstraints {
            dns: without_subdomains(&dns),
            addresses: IpNet::aggregate(&addresses),
        }
    }
}

/// A member of the cluster.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Node {
    /// Its short name, which Ansible sees as `ansible_hostname`.
    pub name: Label,
    /// Its name in the domain.
    pub fqdn: DnsName,
    /// Its addresses, at least one.
    pub addresses: Vec<IpAddr>,
    /// Where it stands in the description.
    pub position: Position,
}

impl Node {
    /// Where other members reach it: `--initial-advertise-peer-urls`.
    pub fn peer_url(&self) -> String {
        format!("https://{}:2380", self.fqdn)
    }

    /// Where it serves clients, by its first address: `--advertise-client-urls`.
    pub fn client_url(&self) -> String {
        format!("https://{}", SocketAddr::new(self.addresses[0], 2379))
    }
}

/// How leaves are made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CertificateSettings {
    /// One certificate a node, or one for all.
    pub sharing: Sharing,
    /// Names that every server certificate carries besides the node's own.
    pub server_sans: Vec<San>,
    /// How long a leaf lives.
    pub lifetime: Lifetime,
    /// When it is renewed.
    pub renew_before: RenewBefore,
    /// Its key.
    pub key: KeyAlgorithm,
    /// How far before its making it begins to hold, against clocks that are late.
    pub backdate: Lifetime,
}

/// Who shares a server and a peer certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sharing {
    /// Each node has its own, with its own names alone.
    PerNode,
    /// All nodes use the same ones, with the names of all.
    Shared,
}

/// How authorities are made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthoritySettings {
    /// How many authorities stand one above the other, an issuing one not counted.
    pub levels: Levels,
    /// What each writes about itself into what it signs.
    pub publications: Publications,
    /// The root authority.
    pub root: AuthoritySetting,
    /// The intermediate authority.
    pub intermediate: AuthoritySetting,
    /// The etcd authority, and the issuing one under it.
    pub etcd: AuthoritySetting,
    /// The names that the etcd authority may sign.
    pub name_constraints: ConstraintSetting,
    /// Whether leaves are signed by one more authority under the etcd authority.
    pub issuing: bool,
    /// Authorities of other services.
    pub others: Vec<OtherAuthority>,
}

impl AuthoritySettings {
    /// The authority of another service.
    pub fn other(&self, name: OtherName) -> Option<&OtherAuthority> {
        self.others.iter().find(|other| other.name == name)
    }
}

/// An authority that signs for another service than etcd, such as Kubernetes itself. It stands
/// beside the etcd authority, which alone members trust.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OtherAuthority {
    /// Its name, which stands in its subject and its path.
    pub name: OtherName,
    /// How it is made.
    pub setting: AuthoritySetting,
    /// Its pathLenConstraint: how many authorities it may have below it.
    pub path_length: u8,
    /// The names that it may sign; none is any.
    pub name_constraints: Option<NameConstraints>,
    /// What it writes about itself into what it signs.
    pub publication: Publication,
}

impl OtherAuthority {
    /// Room for one authority, so that a successor can be cross-signed.
    pub(crate) const PATH_LENGTH: u8 = 1;
}

/// What authorities write about themselves into what they sign.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Publications {
    /// The root authority.
    pub root: Publication,
    /// The intermediate authority.
    pub intermediate: Publication,
    /// The etcd authority, and the issuing one under it.
    pub etcd: Publication,
}

/// How many authorities stand one above the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Levels {
    /// The etcd authority alone, which signs itself: as kubeadm, kubespray, and most PKIs that
    /// were made with cfssl or easy-rsa have it.
    One,
    /// The root and the etcd authority.
    Two,
    /// The root, the intermediate and the etcd authority.
    Three,
}

/// How one authority is made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AuthoritySetting {
    /// Its key.
    pub key: KeyAlgorithm,
    /// How long it lives.
    pub lifetime: Lifetime,
}

/// The names that the etcd authority may sign.
#[derive(Clone, Debug)]
pub enum ConstraintSetting {
    /// Those that the description needs, and every address of its networks.
    Auto,
    /// These.
    Explicit(NameConstraints),
    /// Any.
    None,
}

/// The authority whose certificate members hold in `--trusted-ca-file`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TrustAnchor {
    /// The etcd authority: a client of a sibling authority is refused.
    Etcd,
    /// The intermediate: a client of any authority under it is accepted.
    Intermediate,
    /// The root: a client of any authority under it is accepted.
    Root,
}

/// How long revocation lists hold: their nextUpdate. They are signed anew when two thirds of it
/// have passed. etcd does not look at it, but every verifier after RFC 5280 refuses all
/// certificates when it has passed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CrlSettings {
    /// Of the list of the authority that signs leaves.
    pub lifetime: Lifetime,
    /// Of the lists of other authorities, whose keys may be offline.
    pub authority_lifetime: Lifetime,
}

/// How members are run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EtcdSettings {
    /// The version; none is what is installed.
    pub version: Option<EtcdVersion>,
    /// Where a member keeps its data (`--data-dir`), an absolute path.
    pub data_dir: String,
}

impl EtcdSettings {
    /// The release series, which decides about flags.
    pub fn series(&self) -> Option<EtcdSeries> {
        self.version?.series()
    }
}

/// How Ansible's files are written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AnsibleSettings {
    /// The vault id that encrypted files are labelled with; none is ansible-vault's `default`.
    pub vault_id: Option<vault_format::Label>,
    /// The client whose certificate the role `common` installs on every machine.
    pub common_client: ClientName,
    /// How the variables of nodes are split into files.
    pub vault_files: VaultFiles,
}

/// How the encrypted variables of nodes are split into files.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VaultFiles {
    /// One file a node, each under a vault id of its own: the node's name.
    Host,
    /// One file a role, with the certificates of all nodes.
    Role,
}

/// The text of a description.
fn text(content: &[u8]) -> Result<&str, DescriptionError> {
    std::str::from_utf8(content).map_err(|error| yaml::not_text(content, error))
}

/// The loopback addresses, which every server certificate carries.
const LOOPBACK: [IpNet; 2] = [
    IpNet::V4(ipnet::Ipv4Net::new_assert(
        std::net::Ipv4Addr::new(127, 0, 0, 0),
        8,
    )),
    IpNet::V6(ipnet::Ipv6Net::new_assert(
        std::net::Ipv6Addr::LOCALHOST,
        128,
    )),
];

/// Each name once, without those that lie under another.
fn without_subdomains(names: &[String]) -> Vec<String> {
    let under = |name: &String, other: &String| {
        name != other
            && name
                .strip_suffix(other.as_str())
                .is_some_and(|rest| rest.ends_with('.'))
    };
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        if !kept.contains(name) && !names.iter().any(|other| under(name, other)) {
            kept.push(name.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests;
