//! What a request may have.

use std::net::IpAddr;

use super::CertificateRequest;
use crate::certificate::AlternativeName;
use crate::description::Cluster;
use crate::name::{DnsName, San};
use crate::profile::LOCAL_NAMES;
use crate::role::Role;

/// Which names a certificate for a request may carry.
///
/// Those that the operator granted by name. For a server or a peer also names under the domain of
/// the description and addresses of its networks, unless they are a described node's own; for a
/// server also `server_sans` and the local names. Wildcards and URIs are granted by name alone.
#[derive(Clone, Debug)]
pub struct Policy<'a> {
    cluster: &'a Cluster,
    role: Role,
    granted: &'a [San],
    excess: Excess,
}

/// What happens to names that may not be had.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Excess {
    /// They are left out.
    Drop,
    /// The request is refused.
    #[default]
    Refuse,
}

/// What a request gets.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Decision {
    /// The names: those of the request that may be had, in its order, then those granted besides.
    pub names: Vec<San>,
    /// The names that were left out.
    pub dropped: Vec<String>,
    /// The extensions and attributes that count for nothing.
    pub ignored: Vec<String>,
}

impl<'a> Policy<'a> {
    /// The policy of a role.
    pub fn new(cluster: &'a Cluster, role: Role, granted: &'a [San], excess: Excess) -> Self {
        Self {
            cluster,
            role,
            granted,
            excess,
        }
    }

    /// Decides on a request.
    ///
    /// # Errors
    ///
    /// When it asks for a name that may not be had and these are not to be dropped, when it asks
    /// for an authority's certificate, or when a server or a peer would be left without a name.
    pub fn decide(&self, request: &CertificateRequest) -> Result<Decision, PolicyError> {
        if request.authority.is_some() {
            return Err(PolicyError::Authority);
        }
        let mut decision = Decision {
            ignored: request.others.clone(),
            ..Decision::default()
        };
        for asked in &request.names {
            match self.judge(asked) {
                Ok(name) if decision.names.contains(&name) => {}
                Ok(name) => decision.names.push(name),
                Err(_) if self.excess == Excess::Drop => decision.dropped.push(asked.to_string()),
                Err(reason) => {
                    return Err(PolicyError::Name {
                        name: asked.to_string(),
                        reason,
                    });
                }
            }
        }
        for name in self.granted {
            if !decision.names.contains(name) {
                decision.names.push(name.clone());
            }
        }
        match self.role {
            Role::Peer | Role::Server if decision.names.is_empty() => Err(PolicyError::NoNames),
            _ => Ok(decision),
        }
    }

    fn judge(&self, asked: &AlternativeName) -> Result<San, &'static str> {
        let name: San = match asked {
            AlternativeName::Dns(name) => San::parse_dns(name).map_err(|_| "it is no DNS name")?,
            AlternativeName::Ip(address) => San::Ip(*address),
            AlternativeName::Other(text) => text
                .strip_prefix("URI:")
                .and_then(|uri| uri.parse().ok())
                .map(San::Uri)
                .ok_or("names of its type are not issued")?,
        };
        if self.granted.contains(&name) {
            return Ok(name);
        }
        if self.role == Role::Client {
            return Err("a client needs no names, for etcd looks at its common name alone");
        }
        let local = || LOCAL_NAMES.iter().any(|local| name.to_string() == *local);
        let listed = || self.cluster.certificates.server_sans.contains(&name);
        if self.role == Role::Server && (local() || listed()) {
            return Ok(name);
        }
        match &name {
            San::Dns(dns) => self.judge_dns(dns)?,
            San::Ip(address) => self.judge_address(*address)?,
            San::Uri(_) => return Err("a URI is issued only where it is granted by name"),
            San::Wildcard(_) => {
                return Err("a wildcard is issued only where it is granted by name");
            }
        }
        Ok(name)
    }

    fn judge_dns(&self, name: &DnsName) -> Result<(), &'static str> {
        let mut nodes = self.cluster.nodes.iter();
        match () {
            () if nodes.any(|node| node.fqdn == *name) => Err("it is the name of a described node"),
            () if !name.is_within(&self.cluster.domain) => {
                Err("it lies outside the domain of the description")
            }
            () => Ok(()),
        }
    }

    fn judge_address(&self, address: IpAddr) -> Result<(), &'static str> {
        let mut nodes = self.cluster.nodes.iter();
        let mut networks = self.cluster.networks.iter();
        match () {
            () if nodes.any(|node| node.addresses.contains(&address)) => {
                Err("it is an address of a described node")
            }
            () if !networks.any(|block| block.contains(&address)) => {
                Err("it lies outside the networks of the description")
            }
            () => Ok(()),
        }
    }
}

/// Why a request is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// It asks to be an authority.
    #[error(
        "the request asks for the certificate of an authority (basicConstraints with cA): a leaf's is made from another request"
    )]
    Authority,
    /// It asks for a name that may not be had.
    #[error("the request asks for `{name}`: {reason}")]
    Name {
        /// The name.
        name: String,
        /// Why it may not be had.
        reason: &'static str,
    },
    /// It asks for none.
    #[error(
        "no name is left for the certificate, and a server or a peer is known by its names: have it requested with names, or give them"
    )]
    NoNames,
}
