//! How a member finds the others when it is started for the first time.

use super::super::{error, warning};
use super::side::{PEERS, listed};
use super::{Member, OfSettings};
use crate::etcd::settings::Settings;

pub(super) const CHECKS: &[OfSettings] = &[
    OfSettings {
        lint: error(
            "bootstrap-ambiguous",
            "members are found in one way",
            "etcd ends: `multiple discovery or bootstrap flags are set`",
            "keep one of --initial-cluster, --discovery, --discovery-endpoints and --discovery-srv",
        ),
        find: ambiguous,
    },
    OfSettings {
        lint: warning(
            "name-not-of-node",
            "a member is called as the description calls its node",
            "other members, and messages of etcd, know it by --name",
            "set --name to the name of the node",
        ),
        find: name,
    },
    OfSettings {
        lint: error(
            "member-not-in-cluster",
            "--initial-cluster has the member's own name and peer URLs",
            "etcd ends when it starts without data: `couldn't find local name`, or `--initial-cluster has … but missing from --initial-advertise-peer-urls`",
            "add NAME=URL with --name and --initial-advertise-peer-urls",
        ),
        find: own,
    },
    OfSettings {
        lint: warning(
            "cluster-not-as-described",
            "--initial-cluster has the described members, and no others",
            "the description; a member that starts without data waits for a majority of them",
            "write it as the description has it",
        ),
        find: others,
    },
];

const CLUSTER: &str = "initial-cluster";
const NAME: &str = "name";

fn ambiguous(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let ways = [CLUSTER, "discovery", "discovery-endpoints", "discovery-srv"];
    let set = ways
        .into_iter()
        .filter(|flag| settings.text(flag).is_some());
    let set: Vec<String> = set.map(|flag| format!("--{flag}")).collect();
    let found = (set.len() > 1).then(|| format!("{} are set", set.join(" and ")));
    found.into_iter().collect()
}

fn name(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let node = member.node.name.as_str();
    let found = match settings.text(NAME) {
        Some(name) if name != node => {
            Some(format!("--{NAME} is `{name}`, and the node is `{node}`"))
        }
        None if settings.lacks(NAME) => Some(format!(
            "--{NAME} is not set: it is `default`, and the node is `{node}`"
        )),
        _ => None,
    };
    found.into_iter().collect()
}

/// The members of `--initial-cluster`, each with a URL.
fn members(settings: &Settings) -> Option<Vec<(&str, &str)>> {
    let members = listed(settings.text(CLUSTER)?).into_iter();
    Some(
        members
            .filter_map(|member| member.split_once('='))
            .collect(),
    )
}

fn own(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let name = match settings.text(NAME) {
        Some(name) => name,
        None if settings.lacks(NAME) => "default",
        None => return Vec::new(),
    };
    let Some(members) = members(settings) else {
        return Vec::new();
    };
    let own = members.iter().filter(|(other, _)| *other == name);
    let own: Vec<&str> = own.map(|(_, url)| *url).collect();
    if own.is_empty() {
        return vec![format!(
            "--{CLUSTER} has no member `{name}`, as --{NAME} is"
        )];
    }
    let Some(advertised) = settings.text(PEERS.advertise).map(listed) else {
        return Vec::new();
    };
    let missing = advertised.iter().filter(|url| !own.contains(*url));
    let missing = missing.map(|url| format!("--{CLUSTER} has no {name}={url}"));
    let foreign = own.iter().filter(|url| !advertised.contains(*url));
    let foreign = foreign.map(|url| {
        format!(
            "--{CLUSTER} has {name}={url}, which is not in --{}",
            PEERS.advertise
        )
    });
    missing.chain(foreign).collect()
}

fn others(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let Some(members) = members(settings) else {
        return Vec::new();
    };
    let nodes = &member.cluster.nodes;
    let missing = nodes
        .iter()
        .map(|node| node.name.as_str())
        .filter(|node| !members.iter().any(|(name, _)| name == node));
    let missing = missing.map(|node| format!("--{CLUSTER} lacks the node `{node}`"));
    let strangers = members
        .iter()
        .filter(|(name, _)| !nodes.iter().any(|node| node.name.as_str() == *name));
    let strangers =
        strangers.map(|(name, _)| format!("--{CLUSTER} has `{name}`, which is not described"));
    missing.chain(strangers).collect()
}
