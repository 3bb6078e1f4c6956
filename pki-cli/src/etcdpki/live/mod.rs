//! Members that run: what they present, and whom they take.

mod handshake;
mod sight;

use std::net::SocketAddr;
use std::str::FromStr;

use pki_core::Cluster;
use pki_core::name::Label;

use super::error::Error;
#[cfg(feature = "etcd")]
pub(super) use handshake::Shown;
pub(super) use sight::{Probes, sight};

/// The port on which members serve clients.
pub(super) const CLIENT_PORT: u16 = 2379;
/// The port on which members serve each other.
pub(super) const PEER_PORT: u16 = 2380;

/// Where a member listens.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) name: Label,
    pub(super) client: SocketAddr,
    pub(super) peer: SocketAddr,
}

/// The members of the description, but for those `without` whom is gone on, at their first
/// addresses, or where they were said to be.
pub(super) fn places(
    cluster: &Cluster,
    given: &[Endpoint],
    without: &[Label],
) -> Result<Vec<Place>, Error> {
    let known = |name: &&Label| cluster.nodes.iter().any(|node| node.name == **name);
    let mut names = given.iter().map(|endpoint| &endpoint.name).chain(without);
    if let Some(unknown) = names.find(|name| !known(name)) {
        return Err(Error::NotANode(unknown.to_string()));
    }
    let asked = cluster.nodes.iter();
    let asked = asked.filter(|node| !without.contains(&node.name));
    let places = asked.map(|node| {
        let mut given = given.iter();
        match given.find(|endpoint| endpoint.name == node.name) {
            Some(endpoint) => Place {
                name: node.name.clone(),
                client: endpoint.client,
                peer: endpoint.peer,
            },
            None => Place {
                name: node.name.clone(),
                client: SocketAddr::new(node.addresses[0], CLIENT_PORT),
                peer: SocketAddr::new(node.addresses[0], PEER_PORT),
            },
        }
    });
    Ok(places.collect())
}

/// `NAME=CLIENT,PEER`: where a member is reached from here, where that is elsewhere than the
/// description says, such as through a tunnel.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    name: Label,
    client: SocketAddr,
    peer: SocketAddr,
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || {
            format!(
                "`{text}`: write NAME=ADDRESS:PORT,ADDRESS:PORT with IP addresses, such as etcd-0=127.0.0.1:12379,127.0.0.1:12380, the one for clients first"
            )
        };
        let (name, places) = text.split_once('=').ok_or_else(form)?;
        let (client, peer) = places.split_once(',').ok_or_else(form)?;
        Ok(Self {
            name: name.parse().map_err(|_| form())?,
            client: client.parse().map_err(|_| form())?,
            peer: peer.parse().map_err(|_| form())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_and_others_told_how() {
        let read: Endpoint = "etcd-0=127.0.0.1:1,[::1]:2".parse().unwrap();
        assert_eq!((read.client.port(), read.peer.port()), (1, 2));
        for wrong in ["", "etcd-0", "etcd-0=127.0.0.1:1", "etcd-0=a:1,b:2", "=,"] {
            let error = wrong.parse::<Endpoint>().unwrap_err();
            assert!(error.contains("NAME=ADDRESS:PORT"), "{error}");
        }
    }
}
