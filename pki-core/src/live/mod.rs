//! Members that run, held against the PKI and against each other.
//!
//! Who can reach them takes down what they present and answer, as a [`Sighting`] of each;
//! [`judge`] tells what of it is not as it must be, by the rules of [`crate::lint::member`].

mod judge;

use std::net::SocketAddr;

use time::Duration;

use crate::certificate::Certificate;
use crate::name::Label;

pub use crate::rotation::Replaced;
pub use judge::{is_behind, judge};

/// What was seen of a member.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// The node.
    pub name: Label,
    /// The port on which it serves clients.
    pub client: Port,
    /// The port on which it serves other members.
    pub peer: Port,
    /// What it answered a client with a certificate that holds only under what members must trust
    /// now ([`crate::rotation::Probe`]), or how it refused it; `None` if none was shown.
    pub answer: Option<Result<Answer, Refusal>>,
    /// The authorities that were replaced by which it takes clients all the same
    /// ([`crate::rotation::Probe::replaced`]).
    pub still_trusts: Vec<Replaced>,
}

impl Sighting {
    /// What it answered, if it was asked and did not refuse.
    pub fn answered(&self) -> Option<&Answer> {
        self.answer.as_ref()?.as_ref().ok()
    }
}

/// What was seen at a port, by who shows no certificate.
#[derive(Clone, Debug)]
pub struct Port {
    /// Where it is.
    pub address: SocketAddr,
    /// The certificate that was presented, and those sent along; or why there is none.
    pub presented: Result<Vec<Certificate>, Unseen>,
    /// Whether it answered, rather than to refuse who shows no certificate.
    pub takes_strangers: bool,
}

impl Port {
    /// Where a person finds it: the member and the address, as in the path of a finding.
    pub fn locate(&self, member: &Label) -> String {
        format!("{member} ({})", self.address)
    }
}

/// Why nothing was presented at a port.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unseen {
    /// Nobody takes the connection.
    #[error("it is not reached: {0}")]
    Unreached(String),
    /// Somebody takes it, and ends no TLS handshake.
    #[error("it ends no TLS handshake: {0}")]
    NoHandshake(String),
}

/// How a member refused a client.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// It does not take the certificate.
    #[error("it does not take the certificate: {0}")]
    Certificate(String),
    /// It took the certificate, and hung up: so etcd does with whom its revocation list has, and
    /// with everybody where it cannot read that.
    #[error("it took the certificate and hung up")]
    HungUp,
    /// It gave no answer that could be read.
    #[error("it gave no answer: {0}")]
    NoAnswer(String),
}

/// What a member told of itself. Nothing is told where it has no gRPC gateway, or does not let
/// the client ask.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// How it is not healthy, if it is not.
    pub ailment: Option<String>,
    /// The version of etcd, such as `3.5.16`.
    pub version: Option<String>,
    /// How far its clock is ahead of ours.
    pub clock_ahead: Option<Duration>,
    /// The identity of its cluster.
    pub cluster_id: Option<String>,
    /// The names of the members that it knows; one that has not started yet has none.
    pub members: Option<Vec<String>>,
}
