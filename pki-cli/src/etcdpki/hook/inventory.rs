//! A dynamic inventory of Ansible.

use pki_core::Cluster;
use pki_core::description::Node;
use serde_json::{Map, Value, json};

use crate::etcdpki::args::InventoryHook;
use crate::etcdpki::error::Error;
use crate::etcdpki::output;
use crate::etcdpki::provision::Variables;

/// Prints what Ansible asks for.
pub(super) fn run(cluster: &Cluster, arguments: &InventoryHook) -> Result<(), Error> {
    match &arguments.host {
        Some(name) => output::print_json(&host(cluster, name)?),
        None => output::print_json(&list(cluster)),
    }
}

fn list(cluster: &Cluster) -> Value {
    let names: Vec<_> = cluster
        .nodes
        .iter()
        .map(|node| node.name.to_string())
        .collect();
    let variables = cluster
        .nodes
        .iter()
        .map(|node| (node.name.to_string(), variables(node)));
    json!({
        "all": { "vars": Variables::from(cluster) },
        "etcd": { "hosts": names },
        // With these Ansible does not ask for each host.
        "_meta": { "hostvars": variables.collect::<Map<_, _>>() },
    })
}

fn host(cluster: &Cluster, name: &str) -> Result<Value, Error> {
    let node = cluster.nodes.iter().find(|node| node.name.as_str() == name);
    node.map(variables).ok_or_else(|| Error::Undescribed {
        what: "the nodes",
        name: name.to_owned(),
        known: names(cluster),
    })
}

fn variables(node: &Node) -> Value {
    json!({ "ansible_host": node.addresses[0].to_string() })
}

/// The nodes, for a message.
pub(super) fn names(cluster: &Cluster) -> String {
    let names: Vec<_> = cluster
        .nodes
        .iter()
        .map(|node| node.name.to_string())
        .collect();
    names.join(", ")
}
