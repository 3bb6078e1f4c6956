//! Members that run: what they present, and whom they take.

mod handshake;
mod sight;

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use pki_core::Cluster;
use pki_core::certificate::Certificate;
use pki_core::name::Label;
use pki_core::rotation::Probe;

use super::error::Error;
use handshake::{Answer, Question, ask};
pub(super) use sight::sight;

/// The port on which members serve clients.
const CLIENT_PORT: u16 = 2379;
/// The port on which members serve each other.
const PEER_PORT: u16 = 2380;

/// Where a member listens.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) name: Label,
    pub(super) client: SocketAddr,
    pub(super) peer: SocketAddr,
}

/// The members of the description at their first addresses, or where they were said to be.
pub(super) fn places(cluster: &Cluster, given: &[Endpoint]) -> Result<Vec<Place>, Error> {
    let known = |name: &Label| cluster.nodes.iter().any(|node| node.name == *name);
    if let Some(unknown) = given.iter().find(|endpoint| !known(&endpoint.name)) {
        return Err(Error::NotANode(unknown.name.to_string()));
    }
    let places = cluster.nodes.iter().map(|node| {
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

/// Leaves members out that are not to be asked.
pub(super) fn leave_out(places: &mut Vec<Place>, names: &[Label]) -> Result<(), Error> {
    let known = |name: &&Label| !places.iter().any(|place| place.name == **name);
    if let Some(unknown) = names.iter().find(known) {
        return Err(Error::NotANode(unknown.to_string()));
    }
    places.retain(|place| !names.contains(&place.name));
    Ok(())
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
                "`{text}`: write NAME=ADDRESS:PORT,ADDRESS:PORT, such as etcd-0=127.0.0.1:12379,127.0.0.1:12380, the one for clients first"
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

/// What a member lacks of what it must have loaded.
#[derive(Clone, Debug)]
pub(super) struct Behind {
    name: Label,
    address: SocketAddr,
    what: Lack,
}

#[derive(Clone, Debug)]
enum Lack {
    Certificate { presented: String, wanted: String },
    Health(String),
    Trust(String),
    Unreachable(String),
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            address,
            what,
        } = self;
        match what {
            Lack::Certificate { presented, wanted } => write!(
                f,
                "{name} ({address}) presents the certificate {presented} and not {wanted}: bring it the files"
            ),
            Lack::Health(answer) => write!(f, "{name} ({address}) is not healthy: {answer}"),
            Lack::Trust(answer) => write!(
                f,
                "{name} ({address}) has not loaded what members trust now: bring it the files and restart it ({answer})"
            ),
            Lack::Unreachable(why) => write!(f, "{name} ({address}) is not reached: {why}"),
        }
    }
}

/// What a member must present.
pub(super) struct Wanted {
    pub(super) server: Certificate,
    pub(super) peer: Certificate,
}

/// Asks a member whether it presents what it must, takes the probe, and is healthy.
pub(super) fn lacks(place: &Place, wanted: &Wanted, probe: &Probe) -> Option<Behind> {
    let at = |address, what| {
        Some(Behind {
            name: place.name.clone(),
            address,
            what,
        })
    };
    let of_clients = match ask(place.client, Some(probe), Question::Health) {
        Ok(answer) => answer,
        Err(why) => return at(place.client, Lack::Unreachable(why)),
    };
    if let Some(lack) = other(&of_clients, &wanted.server) {
        return at(place.client, lack);
    }
    match &of_clients.reply {
        Ok(health) if is_healthy(&health.body) => {}
        Ok(health) => return at(place.client, Lack::Health(health.body.trim().to_owned())),
        Err(why) => return at(place.client, Lack::Trust(why.clone())),
    }
    // It takes peers alone there, and presents its certificate to everybody.
    match ask(place.peer, None, Question::Health) {
        Ok(answer) => other(&answer, &wanted.peer).and_then(|lack| at(place.peer, lack)),
        Err(why) => at(place.peer, Lack::Unreachable(why)),
    }
}

fn other(answer: &Answer, wanted: &Certificate) -> Option<Lack> {
    let presented = answer.presented.first();
    (presented != Some(wanted)).then(|| Lack::Certificate {
        presented: presented.map_or("(none)".to_owned(), Certificate::serial_text),
        wanted: wanted.serial_text(),
    })
}

/// etcd answers `{"health":"true"}`, newer ones with a reason besides.
fn is_healthy(answer: &str) -> bool {
    let answer: Option<serde_json::Value> = serde_json::from_str(answer).ok();
    answer.is_some_and(|answer| answer["health"] == "true")
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

    #[test]
    fn health_is_what_etcd_says() {
        assert!(is_healthy("{\"health\":\"true\"}"));
        assert!(is_healthy("{\"health\":\"true\",\"reason\":\"\"}"));
        assert!(!is_healthy(
            "{\"health\":\"false\",\"reason\":\"NO LEADER\"}"
        ));
        assert!(!is_healthy("404 page not found"));
    }
}
