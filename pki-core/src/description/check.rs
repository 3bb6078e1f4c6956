//! From what is written to what is meant: each rule of the description, in the order of its keys.

mod authorities;
mod lifetimes;

use std::collections::HashMap;
use std::fmt::Display;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use ipnet::IpNet;
use serde_saphyr::Spanned;

use super::raw;
use super::{
    AnsibleSettings, CertificateSettings, Cluster, CrlSettings, DescriptionError, EtcdSettings,
    Node, Position, Sharing, StoreFile, StoreSetting, TrustAnchor, VaultFiles,
};
use crate::certificate::AlternativeName;
use crate::etcd::EtcdVersion;
use crate::hierarchy::AuthorityName;
use crate::lifetime::{Lifetime, RenewBefore};
use crate::name::{ClientName, DnsName, Label, MAX_COMMON_NAME, San};

type Checked<T> = Result<T, DescriptionError>;
type Text = Spanned<String>;

pub(super) fn cluster(raw: raw::Description) -> Checked<Cluster> {
    let name = or_default(raw.cluster.as_ref(), "cluster", "etcd")?;
    check_cluster_name(&name, raw.cluster.as_ref())?;
    let domain = domain(&raw.domain)?;
    let nodes = nodes(&raw.nodes, &domain)?;
    let networks = networks(&raw.networks, &nodes)?;
    check_networks(&raw.nodes.value, &networks)?;
    let clients = clients(raw.clients.as_ref())?;
    let ansible = ansible(&raw.ansible, &clients)?;
    let authorities = authorities::settings(&raw.authorities, &name)?;
    let cluster = Cluster {
        name,
        domain,
        nodes,
        networks,
        clients,
        certificates: certificates(&raw.certificates)?,
        authorities,
        trust_anchor: trust_anchor(raw.trust_anchor.as_ref())?,
        crl: crl(&raw.crl)?,
        grpc_gateway: raw.etcd.enable_grpc_gateway,
        etcd: etcd(&raw.etcd)?,
        ansible,
        store: raw.store.as_ref().map(store).transpose()?,
    };
    check_trust_anchor(&raw, &cluster)?;
    check_clients(&raw, &cluster)?;
    lifetimes::check(&raw, &cluster)?;
    check_constraints(&raw, &cluster)?;
    Ok(cluster)
}

fn domain(text: &Text) -> Checked<DnsName> {
    text.value.parse().map_err(|error| {
        let hint = "write the domain of the nodes, such as internal.example";
        fault(text, format!("domain: {error}: {hint}"))
    })
}

fn nodes(raw: &Spanned<Vec<Spanned<raw::Node>>>, domain: &DnsName) -> Checked<Vec<Node>> {
    if raw.value.is_empty() {
        return Err(fault(
            raw,
            "nodes: the list is empty: write at least one node, three for a cluster that survives the loss of one",
        ));
    }
    let mut nodes: Vec<Node> = Vec::new();
    let mut owners: HashMap<IpAddr, Label> = HashMap::new();
    for node in &raw.value {
        let name: Label = value(&node.value.name, "nodes: name")?;
        if nodes.iter().any(|other| other.name == name) {
            return Err(fault(
                &node.value.name,
                format!(
                    "nodes: `{name}` stands here a second time: give each node a name of its own"
                ),
            ));
        }
        let fqdn = domain
            .prefixed(&name)
            .map_err(|error| fault(&node.value.name, format!("nodes: {error}")))?;
        if fqdn.as_str().len() > MAX_COMMON_NAME {
            return Err(fault(
                &node.value.name,
                format!(
                    "nodes: `{fqdn}` is longer than the {MAX_COMMON_NAME} characters of a common name (RFC 5280): shorten the node's name or the domain"
                ),
            ));
        }
        let addresses = addresses(&node.value, &name, &mut owners)?;
        nodes.push(Node {
            name,
            fqdn,
            addresses,
            position: node.value.name.referenced.into(),
        });
    }
    Ok(nodes)
}

fn addresses(
    node: &raw::Node,
    name: &Label,
    owners: &mut HashMap<IpAddr, Label>,
) -> Checked<Vec<IpAddr>> {
    if node.addresses.value.is_empty() {
        return Err(fault(
            &node.addresses,
            format!(
                "nodes: {name} has no address: write at least one, for etcd compares the address of a peer with its certificate"
            ),
        ));
    }
    let mut addresses = Vec::new();
    for text in &node.addresses.value {
        let address = address(text)?;
        if let Some(owner) = owners.insert(address, name.clone()) {
            let message = format!(
                "nodes: {address} of {name} is an address of {owner} already: give each node its own"
            );
            return Err(fault(text, message));
        }
        addresses.push(address);
    }
    Ok(addresses)
}

fn address(text: &Text) -> Checked<IpAddr> {
    let address: IpAddr = text.value.parse().map_err(|_| {
        let hint = "write an IPv4 address such as 10.0.0.10 or an IPv6 address such as fd00::10, without port, prefix length, brackets or zone";
        fault(text, format!("nodes: `{}` is not an address: {hint}", text.value))
    })?;
    let of_nobody = match address {
        IpAddr::V4(v4) => v4.is_broadcast(),
        IpAddr::V6(v6) => v6.to_ipv4_mapped().is_some(),
    };
    if address.is_unspecified() || address.is_multicast() || of_nobody {
        let message = format!(
            "nodes: `{}` cannot be the address of a node: write the one that other nodes see",
            text.value
        );
        return Err(fault(text, message));
    }
    Ok(address)
}

/// The networks written, or the /24 and /64 around each address.
fn networks(raw: &[Text], nodes: &[Node]) -> Checked<Vec<IpNet>> {
    if raw.is_empty() {
        let around = nodes
            .iter()
            .flat_map(|node| &node.addresses)
            .filter_map(|address| {
                IpNet::new(*address, if address.is_ipv4() { 24 } else { 64 }).ok()
            });
        return Ok(IpNet::aggregate(
            &around.map(|block| block.trunc()).collect(),
        ));
    }
    raw.iter().map(|text| block(text, "networks")).collect()
}

fn block(text: &Text, field: &str) -> Checked<IpNet> {
    let block: IpNet = text.value.parse().map_err(|_| {
        let hint = "write an address and a prefix length such as 10.0.0.0/24 or fd00::/64";
        fault(
            text,
            format!(
                "{field}: `{}` is not a block of addresses: {hint}",
                text.value
            ),
        )
    })?;
    if block.trunc() != block {
        let message = format!(
            "{field}: `{block}` has bits set after its prefix: write {}",
            block.trunc()
        );
        return Err(fault(text, message));
    }
    Ok(block)
}

fn check_networks(raw: &[Spanned<raw::Node>], networks: &[IpNet]) -> Checked<()> {
    for text in raw.iter().flat_map(|node| &node.value.addresses.value) {
        let address = address(text)?;
        if !networks.iter().any(|block| block.contains(&address)) {
            let message = format!(
                "nodes: {address} lies in none of the networks: add its block to `networks`"
            );
            return Err(fault(text, message));
        }
    }
    Ok(())
}

fn clients(raw: Option<&Spanned<Vec<Text>>>) -> Checked<Vec<ClientName>> {
    let Some(raw) = raw else {
        return DEFAULT_CLIENTS
            .iter()
            .map(|name| default_value(name))
            .collect();
    };
    if raw.value.is_empty() {
        return Err(fault(
            raw,
            "clients: the list is empty: write at least one, such as etcdctl",
        ));
    }
    let mut clients = Vec::new();
    for text in &raw.value {
        let client: ClientName = value(text, "clients")?;
        if clients.contains(&client) {
            return Err(fault(
                text,
                format!("clients: `{client}` stands here a second time: remove it"),
            ));
        }
        let is_alike = |other: &&ClientName| other.as_str().eq_ignore_ascii_case(client.as_str());
        if let Some(other) = clients.iter().find(is_alike) {
            return Err(fault(
                text,
                format!(
                    "clients: `{client}` and `{other}` differ in case alone, and where a file system does not tell case they would have one directory: name one otherwise"
                ),
            ));
        }
        clients.push(client);
    }
    Ok(clients)
}

fn certificates(raw: &raw::Certificates) -> Checked<CertificateSettings> {
    let server_sans = raw
        .server_sans
        .iter()
        .map(|text| value(text, "certificates: server_sans"))
        .collect::<Checked<Vec<San>>>()?;
    Ok(CertificateSettings {
        sharing: word(
            raw.sharing.as_ref(),
            "certificates: sharing",
            &[("per-node", Sharing::PerNode), ("shared", Sharing::Shared)],
        )?,
        server_sans,
        lifetime: or_default(raw.lifetime.as_ref(), "certificates: lifetime", "365d")?,
        renew_before: or_default::<RenewBefore>(
            raw.renew_before.as_ref(),
            "certificates: renew_before",
            "1/3",
        )?,
        key: or_default(raw.key.as_ref(), "certificates: key", "p256")?,
        backdate: or_default(raw.backdate.as_ref(), "certificates: backdate", "10m")?,
    })
}

fn trust_anchor(raw: Option<&Text>) -> Checked<TrustAnchor> {
    let words = [
        ("etcd", TrustAnchor::Etcd),
        ("intermediate", TrustAnchor::Intermediate),
        ("root", TrustAnchor::Root),
    ];
    word(raw, "trust_anchor", &words)
}

fn crl(raw: &raw::Crl) -> Checked<CrlSettings> {
    let lifetime = |text: Option<&Text>, field: &str, default: &str| -> Checked<Lifetime> {
        let lifetime: Lifetime = or_default(text, field, default)?;
        match text {
            // A list that ends before anybody could sign the next one.
            Some(text) if lifetime < Lifetime::days(1) => Err(fault(
                text,
                format!("{field}: {lifetime} is less than 1d: lengthen it"),
            )),
            _ => Ok(lifetime),
        }
    };
    Ok(CrlSettings {
        lifetime: lifetime(raw.lifetime.as_ref(), "crl: lifetime", "90d")?,
        authority_lifetime: lifetime(
            raw.authority_lifetime.as_ref(),
            "crl: authority_lifetime",
            "1y",
        )?,
    })
}

fn etcd(raw: &raw::Etcd) -> Checked<EtcdSettings> {
    let version: Option<EtcdVersion> = raw
        .version
        .as_ref()
        .map(|text| value(text, "etcd: version"))
        .transpose()?;
    if let (Some(text), Some(version)) = (&raw.version, version)
        && version.series().is_none()
    {
        let message = format!(
            "etcd: version: `{version}` is not a release series of etcd that is known here: write 3.4, 3.5, 3.6 or 3.7, in quotes"
        );
        return Err(fault(text, message));
    }
    let data_dir = match &raw.data_dir {
        Some(text) if !is_plain_path(&text.value) => {
            let message = format!(
                "etcd: data_dir: `{}` is not an absolute path of letters, digits and the characters . _ - /: write one such as {DEFAULT_DATA_DIR}",
                text.value
            );
            return Err(fault(text, message));
        }
        Some(text) => text.value.clone(),
        None => DEFAULT_DATA_DIR.to_owned(),
    };
    Ok(EtcdSettings { version, data_dir })
}

/// A path that needs no quoting, in a unit of systemd least of all.
fn is_plain_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    path.starts_with('/') && path.len() > 1 && path.bytes().all(plain)
}

fn ansible(raw: &raw::Ansible, clients: &[ClientName]) -> Checked<AnsibleSettings> {
    let vault_id = match &raw.vault_id {
        // ansible-vault writes no label for `default`.
        Some(text) if text.value != "default" => Some(
            vault_format::Label::new(&text.value)
                .map_err(|error| fault(text, format!("ansible: vault_id: {error}")))?,
        ),
        _ => None,
    };
    let common_client = match &raw.common_client {
        Some(text) => {
            let client: ClientName = value(text, "ansible: common_client")?;
            if !clients.contains(&client) {
                let message = format!(
                    "ansible: common_client: `{client}` is none of `clients`: add it there or name another"
                );
                return Err(fault(text, message));
            }
            client
        }
        None => clients[0].clone(),
    };
    let words = [("role", VaultFiles::Role), ("host", VaultFiles::Host)];
    Ok(AnsibleSettings {
        vault_id,
        common_client,
        vault_files: word(raw.vault_files.as_ref(), "ansible: vault_files", &words)?,
    })
}

/// Where the PKI is kept.
pub(super) fn store(raw: &raw::Store) -> Checked<StoreSetting> {
    let file = |text: &Option<Text>, key: &'static str| match text {
        Some(text) if text.value.is_empty() => Err(fault(
            text,
            format!("store: {key}: it is empty: write the path of a file, as seen from here"),
        )),
        Some(text) => Ok(Some(StoreFile {
            key,
            path: PathBuf::from(&text.value),
            position: text.referenced.into(),
        })),
        None => Ok(None),
    };
    Ok(StoreSetting {
        address: value(&raw.url, "store: url")?,
        position: raw.url.referenced.into(),
        ca: file(&raw.ca, "ca")?,
        certificate: file(&raw.certificate, "certificate")?,
        key: file(&raw.key, "key")?,
    })
}

/// The cluster's name is part of common names and of the label `NAME-peer`.
fn check_cluster_name(name: &Label, raw: Option<&Text>) -> Checked<()> {
    match raw {
        Some(raw) if name.as_str().len() > 40 => Err(fault(
            raw,
            "cluster: the name is longer than 40 characters: shorten it",
        )),
        _ => Ok(()),
    }
}

/// By the common name of peers members tell them from clients.
fn check_clients(raw: &raw::Description, cluster: &Cluster) -> Checked<()> {
    let name_of_peers = cluster.peer_common_name();
    let mut clients = raw.clients.iter().flat_map(|clients| &clients.value);
    match clients.find(|client| client.value == name_of_peers) {
        Some(client) => Err(fault(
            client,
            format!(
                "clients: `{name_of_peers}` is the common name of members among themselves, and they would take this client for one: name it otherwise"
            ),
        )),
        None => Ok(()),
    }
}

/// What members trust must be there.
fn check_trust_anchor(raw: &raw::Description, cluster: &Cluster) -> Checked<()> {
    let anchor = AuthorityName::from(cluster.trust_anchor);
    match &raw.trust_anchor {
        Some(text) if !AuthorityName::chain(cluster).contains(&anchor) => Err(fault(
            text,
            format!(
                "trust_anchor: there is no {anchor} authority with the `levels` of authorities: write etcd"
            ),
        )),
        Some(text) if anchor != AuthorityName::Etcd && !raw.authorities.others.is_empty() => {
            Err(fault(
                text,
                format!(
                    "trust_anchor: members that trust the {anchor} authority take clients of `others` of authorities too: write etcd; with `issuing: true` of authorities: etcd, what signs leaves is replaced without a restart all the same"
                ),
            ))
        }
        _ => Ok(()),
    }
}

/// Every name that a certificate will carry must be one that the etcd authority may sign.
fn check_constraints(raw: &raw::Description, cluster: &Cluster) -> Checked<()> {
    let Some(constraints) = cluster.name_constraints() else {
        return Ok(());
    };
    let check = |name: AlternativeName, position: Position, what: &str| {
        if constraints.permits(&name) {
            return Ok(());
        }
        let message = format!(
            "{what}: `{name}` lies outside authorities: etcd: name_constraints: add it there"
        );
        Err(DescriptionError::at(position, message))
    };
    for (node, written) in cluster.nodes.iter().zip(&raw.nodes.value) {
        check(
            AlternativeName::Dns(node.fqdn.to_string()),
            raw.domain.referenced.into(),
            "domain",
        )?;
        for (address, text) in node.addresses.iter().zip(&written.value.addresses.value) {
            check(
                AlternativeName::Ip(*address),
                text.referenced.into(),
                "nodes",
            )?;
        }
    }
    for (san, text) in cluster
        .certificates
        .server_sans
        .iter()
        .zip(&raw.certificates.server_sans)
    {
        check(
            san.clone().into(),
            text.referenced.into(),
            "certificates: server_sans",
        )?;
    }
    let Some(written) = &raw.authorities.etcd.name_constraints else {
        return Ok(());
    };
    for name in crate::profile::LOCAL_NAMES {
        let name = name.parse::<San>().map_err(|error| fault(written, error))?;
        check(
            name.into(),
            written.referenced.into(),
            "every server certificate",
        )?;
    }
    Ok(())
}

fn or_default<T: FromStr<Err: Display>>(
    text: Option<&Text>,
    field: &str,
    default: &str,
) -> Checked<T> {
    match text {
        Some(text) => value(text, field),
        None => default_value(default),
    }
}

/// Reads one of our own defaults; a fault in one shows in every test.
fn default_value<T: FromStr<Err: Display>>(text: &str) -> Checked<T> {
    text.parse()
        .map_err(|error| DescriptionError::at(Position::default(), error))
}

fn value<T: FromStr<Err: Display>>(text: &Text, field: &str) -> Checked<T> {
    text.value
        .parse()
        .map_err(|error| fault(text, format!("{field}: {error}")))
}

/// One of a few words; the first is the default.
fn word<T: Copy>(text: Option<&Text>, field: &str, words: &[(&str, T)]) -> Checked<T> {
    let Some(text) = text else {
        return Ok(words[0].1);
    };
    words
        .iter()
        .find(|(word, _)| *word == text.value)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            fault(
                text,
                format!(
                    "{field}: `{}` is not known: write {}",
                    text.value,
                    known.join(" or ")
                ),
            )
        })
}

fn fault<T>(at: &Spanned<T>, message: impl Display) -> DescriptionError {
    DescriptionError::at(at.referenced, message)
}

const DEFAULT_DATA_DIR: &str = "/var/lib/etcd";
const DEFAULT_CLIENTS: [&str; 2] = ["kube-apiserver", "etcdctl"];
