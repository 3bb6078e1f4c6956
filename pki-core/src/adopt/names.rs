//! Names in certificates that were found.

use std::net::IpAddr;

use super::proposal::Candidate;
use super::{Adoption, Problem};
use crate::certificate::{AlternativeName, Certificate};
use crate::description::Cluster;
use crate::leaf::{self, LeafId};
use crate::name::{DnsName, Label, San};
use crate::profile::LOCAL_NAMES;
use crate::role::Role;

/// What servers are called beside the names that a description gives them: what clients dial may
/// be any of it, so their successors have to carry it too.
pub(super) fn of_servers(
    candidates: &[Candidate],
    ids: &[Option<LeafId>],
    nodes: &[(Label, Vec<IpAddr>)],
    domain: Option<&DnsName>,
) -> Vec<San> {
    let is_given = |name: &San| match name {
        San::Ip(address) => nodes.iter().any(|(_, own)| own.contains(address)),
        other => {
            let text = other.to_string();
            domain.is_some_and(|domain| {
                let mut labels = nodes.iter().map(|(label, _)| label);
                labels.any(|label| text == format!("{label}.{domain}"))
            })
        }
    };
    let mut names: Vec<San> = candidates
        .iter()
        .zip(ids)
        .filter(|(candidate, id)| id.is_some() && candidate.role == Role::Server)
        .flat_map(|(candidate, _)| &candidate.certificate.alternative_names)
        .filter(|name| !is_local(name))
        .filter_map(describable)
        .filter(|name| !is_given(name))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Whether it is what every machine calls itself.
fn is_local(name: &AlternativeName) -> bool {
    match name {
        AlternativeName::Dns(name) => LOCAL_NAMES.contains(&name.as_str()),
        AlternativeName::Ip(address) => address.is_loopback(),
        AlternativeName::Other(_) => false,
    }
}

/// A name as a description can have it, if it can.
fn describable(name: &AlternativeName) -> Option<San> {
    match name {
        AlternativeName::Dns(name) => San::parse_dns(name).ok(),
        AlternativeName::Ip(address) => Some(San::Ip(*address)),
        AlternativeName::Other(_) => None,
    }
}

impl Adoption {
    /// Which names go with a certificate: its successor, made as `cluster` describes it, carries
    /// them no more.
    pub fn names_lost(&self, cluster: &Cluster) -> Vec<Problem> {
        let described = leaf::leaves(cluster);
        let mut problems = Vec::new();
        for adopted in &self.leaves {
            let Some(leaf) = described.iter().find(|leaf| leaf.id == adopted.id) else {
                continue;
            };
            let kept: Vec<AlternativeName> = leaf
                .profile
                .names()
                .iter()
                .map(|name| name.clone().into())
                .collect();
            let lost = lost(&adopted.chain[0], &kept);
            let Some(consequence) = consequence(adopted.id.role) else {
                continue;
            };
            if !lost.is_empty() {
                problems.push(Problem {
                    path: adopted.path.clone(),
                    message: format!(
                        "what is issued next for {} does not carry {} any more: {consequence}",
                        adopted.id,
                        lost.join(", "),
                    ),
                });
            }
        }
        problems
    }
}

fn lost(certificate: &Certificate, kept: &[AlternativeName]) -> Vec<String> {
    let names = certificate.alternative_names.iter();
    names
        .filter(|name| !is_local(name) && !kept.contains(name))
        .map(ToString::to_string)
        .collect()
}

/// What to see to; nothing for clients, whose names nobody looks at.
fn consequence(role: Role) -> Option<&'static str> {
    match role {
        Role::Server => Some("list it under certificates: server_sans if anybody dials it"),
        Role::Peer => Some(
            "no peer URL may have it by then (`etcdctl member list`; --initial-advertise-peer-urls)",
        ),
        Role::Client => None,
    }
}
