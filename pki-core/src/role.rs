//! The roles that a certificate plays in an etcd cluster, and what each needs.

use std::fmt;
use std::str::FromStr;

/// What a certificate is for.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// Talks to members: kube-apiserver, etcdctl, a backup.
    Client,
    /// One member to another (`--peer-cert-file`): both ends of a connection use this file.
    Peer,
    /// A member to its clients (`--cert-file`).
    Server,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Client, Self::Peer, Self::Server];

    /// The role's name in paths and documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Peer => "peer",
            Self::Server => "server",
        }
    }

    /// The extended key usages that etcd needs for the role.
    ///
    /// A server certificate needs clientAuth as well where the gRPC gateway is on
    /// (`--enable-grpc-gateway`, etcd's default), for the gateway dials its own member with it.
    pub fn usages(self, grpc_gateway: bool) -> &'static [Usage] {
        match self {
            Self::Client => &[Usage::ClientAuth],
            Self::Server if !grpc_gateway => &[Usage::ServerAuth],
            Self::Peer | Self::Server => &[Usage::ServerAuth, Usage::ClientAuth],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// A text that names no [`Role`].
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{0}` is no role: write client, peer or server")]
pub struct UnknownRole(String);

/// An extended key usage (RFC 5280 section 4.2.1.12).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Usage {
    /// id-kp-clientAuth: TLS client authentication.
    ClientAuth,
    /// id-kp-serverAuth: TLS server authentication.
    ServerAuth,
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientAuth => "clientAuth",
            Self::ServerAuth => "serverAuth",
        })
    }
}
