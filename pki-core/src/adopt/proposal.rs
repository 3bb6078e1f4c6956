//! From leaves to a description.

use std::net::IpAddr;

use super::{AdoptError, Hints, Proposal, names};
use crate::certificate::{AlternativeName, Certificate};
use crate::description::{Levels, Sharing};
use crate::hierarchy::AuthorityName;
use crate::leaf::{LeafId, Owner};
use crate::name::{ClientName, DnsName, Label};
use crate::role::Role;

/// A leaf whose role is known and whose owner is not yet.
pub(super) struct Candidate {
    pub(super) path: String,
    pub(super) certificate: Certificate,
    pub(super) role: Role,
    pub(super) key: usize,
}

/// What the candidates are.
pub(super) struct Made {
    /// The description.
    pub(super) proposal: Proposal,
    /// For each candidate the leaf that it is.
    pub(super) ids: Vec<Option<LeafId>>,
    /// The files of servers and peers of which no node can be told.
    pub(super) undecided: Vec<String>,
}

/// The description, and what each candidate is in it.
pub(super) fn make(
    candidates: &[Candidate],
    hints: &Hints,
    levels: Levels,
    authorities: &[AuthorityName],
) -> Result<Made, AdoptError> {
    let (nodes, undecided) = match hints.nodes.is_empty() {
        true => nodes(candidates)?,
        false => (hints.nodes.clone(), Vec::new()),
    };
    let sharing = match is_shared(candidates, &nodes) {
        true => Sharing::Shared,
        false => Sharing::PerNode,
    };
    let ids: Vec<_> = candidates
        .iter()
        .map(|candidate| id(candidate, &nodes, sharing))
        .collect();
    let mut clients: Vec<ClientName> = Vec::new();
    for id in ids.iter().flatten() {
        if let Owner::Client(name) = &id.owner
            && !clients.contains(name)
        {
            clients.push(name.clone());
        }
    }
    clients.sort_by_cached_key(ToString::to_string);
    let domain = hints.domain.clone().or_else(|| domain(candidates, &nodes));
    let proposal = Proposal {
        server_sans: names::of_servers(candidates, &ids, &nodes, domain.as_ref()),
        domain,
        nodes,
        clients,
        levels,
        issuing: authorities.contains(&AuthorityName::Issuing),
        sharing,
    };
    Ok(Made {
        proposal,
        ids,
        undecided,
    })
}

/// Each server or peer is a node with the addresses of its certificate. Where certificates carry
/// the addresses of all nodes, as kubespray's do, names and addresses stand in the same order.
fn nodes(candidates: &[Candidate]) -> Result<(Nodes, Vec<String>), AdoptError> {
    let mut nodes: Nodes = Vec::new();
    let mut undecided = Vec::new();
    let common = common_to_all(candidates);
    for candidate in members(candidates) {
        let addresses = addresses(&candidate.certificate);
        let mut labels = labels(&candidate.certificate);
        if labels.len() > 1 && labels.len() == addresses.len() {
            for (label, address) in labels.into_iter().zip(addresses) {
                add(&mut nodes, label, &[address]);
            }
            continue;
        }
        labels.retain(|label| !common.contains(label));
        let own = common_label(&candidate.certificate);
        match (own, labels.len(), addresses.len()) {
            (Some(own), ..=1, 1..) => add(&mut nodes, own, &addresses),
            (None, 1, 1..) => add(&mut nodes, labels[0].clone(), &addresses),
            _ if undecided.contains(&candidate.path) => {}
            _ => undecided.push(candidate.path.clone()),
        }
    }
    // Not in the order of files, whose names may be serial numbers.
    nodes.sort_by_cached_key(|(label, _)| label.to_string());
    let mut all: Vec<_> = nodes.iter().flat_map(|(_, addresses)| addresses).collect();
    all.sort();
    let count = all.len();
    all.dedup();
    match nodes.is_empty() || all.len() != count {
        true => Err(AdoptError::Nodes),
        false => Ok((nodes, undecided)),
    }
}

type Nodes = Vec<(Label, Vec<IpAddr>)>;

/// The labels that every member carries, where each has one of its own as well: they are the
/// cluster's.
fn common_to_all(candidates: &[Candidate]) -> Vec<Label> {
    let all: Vec<_> = members(candidates)
        .map(|candidate| labels(&candidate.certificate))
        .collect();
    let Some((first, others)) = all.split_first() else {
        return Vec::new();
    };
    let common: Vec<Label> = first
        .iter()
        .filter(|label| others.iter().all(|labels| labels.contains(label)))
        .cloned()
        .collect();
    let each_has_its_own = |labels: &Vec<Label>| labels.iter().any(|label| !common.contains(label));
    match !others.is_empty() && all.iter().all(each_has_its_own) {
        true => common,
        false => Vec::new(),
    }
}

fn members(candidates: &[Candidate]) -> impl Iterator<Item = &Candidate> {
    candidates
        .iter()
        .filter(|candidate| candidate.role != Role::Client)
}

fn add(nodes: &mut Nodes, label: Label, addresses: &[IpAddr]) {
    let index = nodes.iter().position(|(known, _)| *known == label);
    let index = index.unwrap_or_else(|| {
        nodes.push((label, Vec::new()));
        nodes.len() - 1
    });
    for address in addresses {
        if !nodes[index].1.contains(address) {
            nodes[index].1.push(*address);
        }
    }
}

/// The addresses that are not loopback ones.
fn addresses(certificate: &Certificate) -> Vec<IpAddr> {
    let names = certificate.alternative_names.iter();
    names
        .filter_map(|name| match name {
            AlternativeName::Ip(address) if !address.is_loopback() => Some(*address),
            _ => None,
        })
        .collect()
}

/// The first labels of the host names, each once; names of services and localhost are none.
fn labels(certificate: &Certificate) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    for name in &certificate.alternative_names {
        let AlternativeName::Dns(name) = name else {
            continue;
        };
        let service = name.contains(".svc") || name == "localhost" || name.starts_with("*.");
        let first = name.split('.').next().unwrap_or(name);
        match first.parse::<Label>() {
            Ok(label) if !service && !labels.contains(&label) => labels.push(label),
            _ => {}
        }
    }
    // kubespray adds the name of a service in the default namespace.
    let service = certificate.alternative_names.iter().any(|name| {
        matches!(name, AlternativeName::Dns(name) if name.starts_with("etcd.") && name.contains(".svc"))
    });
    labels.retain(|label| !service || label.as_str() != "etcd");
    labels
}

fn common_label(certificate: &Certificate) -> Option<Label> {
    let name = certificate.common_name.as_deref()?;
    let label: Label = name.split('.').next()?.parse().ok()?;
    labels(certificate).contains(&label).then_some(label)
}

/// One certificate for all members, of which there are several.
fn is_shared(candidates: &[Candidate], nodes: &[(Label, Vec<IpAddr>)]) -> bool {
    let mut servers = candidates
        .iter()
        .filter(|candidate| candidate.role == Role::Server);
    match (servers.next(), servers.next()) {
        (Some(only), None) => {
            let carried = addresses(&only.certificate);
            nodes.len() > 1
                && nodes
                    .iter()
                    .all(|(_, addresses)| addresses.iter().all(|one| carried.contains(one)))
        }
        _ => false,
    }
}

fn id(candidate: &Candidate, nodes: &[(Label, Vec<IpAddr>)], sharing: Sharing) -> Option<LeafId> {
    let role = candidate.role;
    let owner = match (role, sharing) {
        (Role::Client, _) => {
            Owner::Client(candidate.certificate.common_name.as_ref()?.parse().ok()?)
        }
        (_, Sharing::Shared) => Owner::Nodes,
        (_, Sharing::PerNode) => Owner::Node(node(candidate, nodes)?),
    };
    Some(LeafId { owner, role })
}

/// The node by its file (`member-NODE.pem`, `etcd-0.crt`), its common name, or its addresses.
fn node(candidate: &Candidate, nodes: &[(Label, Vec<IpAddr>)]) -> Option<Label> {
    let labels = || nodes.iter().map(|(label, _)| label);
    let file = candidate.path.rsplit('/').next().unwrap_or_default();
    let mut in_file: Vec<_> = labels()
        .filter(|label| file.contains(label.as_str()))
        .collect();
    // Of `etcd-1` and `etcd-10`, the longer one is meant.
    in_file.sort_by_key(|label| label.as_str().len());
    let by_name = || {
        let name = candidate.certificate.common_name.as_deref()?;
        labels().find(|label| name.split('.').next() == Some(label.as_str()))
    };
    let by_address = || {
        let carried = addresses(&candidate.certificate);
        let mut owners = nodes
            .iter()
            .filter(|(_, addresses)| addresses.iter().any(|one| carried.contains(one)));
        match (owners.next(), owners.next()) {
            (Some((label, _)), None) => Some(label),
            _ => None,
        }
    };
    in_file.pop().or_else(by_name).or_else(by_address).cloned()
}

/// The domain under which most of the nodes' names lie.
fn domain(candidates: &[Candidate], nodes: &[(Label, Vec<IpAddr>)]) -> Option<DnsName> {
    let mut counted: Vec<(DnsName, usize)> = Vec::new();
    for candidate in members(candidates) {
        for name in &candidate.certificate.alternative_names {
            let AlternativeName::Dns(name) = name else {
                continue;
            };
            let Some((first, rest)) = name.split_once('.') else {
                continue;
            };
            let of_node = nodes.iter().any(|(label, _)| label.as_str() == first);
            let Some(domain) = rest.parse().ok().filter(|_| of_node) else {
                continue;
            };
            match counted.iter_mut().find(|(known, _)| *known == domain) {
                Some((_, count)) => *count += 1,
                None => counted.push((domain, 1)),
            }
        }
    }
    let most = counted.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(domain, _)| domain)
}
