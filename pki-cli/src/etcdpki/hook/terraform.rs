//! An external data source of Terraform: an object of strings in, an object of strings out.

use std::collections::BTreeMap;
use std::io::{self, Read};

use pki_core::Cluster;
use serde::Deserialize;
use serde_json::json;

use super::inventory::names;
use crate::etcdpki::error::Error;
use crate::etcdpki::output;

/// Answers the query on standard input.
pub(super) fn run(cluster: &Cluster) -> Result<(), Error> {
    let mut text = String::new();
    let read = io::stdin().take(LIMIT).read_to_string(&mut text);
    read.map_err(|error| Error::Query(error.to_string()))?;
    let query: Query = match text.trim() {
        "" => Query::default(),
        text => serde_json::from_str(text).map_err(|error| {
            Error::Query(format!("{error}: write {{}} or {{\"node\": \"NAME\"}}"))
        })?,
    };
    output::print_json(&answer(cluster, &query)?)
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    node: Option<String>,
}

fn answer(cluster: &Cluster, query: &Query) -> Result<BTreeMap<&'static str, String>, Error> {
    if let Some(name) = &query.node {
        let node = cluster.nodes.iter().find(|node| node.name.as_str() == name);
        let node = node.ok_or_else(|| Error::Undescribed {
            what: "the nodes",
            name: name.clone(),
            known: names(cluster),
        })?;
        return Ok(BTreeMap::from([
            ("address", node.addresses[0].to_string()),
            ("client_url", node.client_url()),
            ("fqdn", node.fqdn.to_string()),
            ("peer_url", node.peer_url()),
        ]));
    }
    // Values are strings alone: jsondecode() makes a list of this one.
    let nodes: Vec<_> = cluster
        .nodes
        .iter()
        .map(|node| json!({ "name": node.name.to_string(), "address": node.addresses[0].to_string() }))
        .collect();
    Ok(BTreeMap::from([
        ("dns_domain", cluster.domain.to_string()),
        ("etcd_endpoints", cluster.endpoints().join(",")),
        ("etcd_join_string", cluster.join_string()),
        ("etcd_nodes", serde_json::Value::from(nodes).to_string()),
        ("private_network", cluster.first_network().to_string()),
    ]))
}

const LIMIT: u64 = 1 << 20;
