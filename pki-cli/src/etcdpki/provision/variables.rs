//! The variables of Ansible that the description gives.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, ErrorKind, Value};
use pki_core::Cluster;
use pki_core::description::VaultFiles;
use serde::Serialize;

use crate::etcdpki::description::yaml_scalar;
use crate::etcdpki::error::Error;

/// What every role may use.
#[derive(Debug, Serialize)]
pub(in crate::etcdpki) struct Variables {
    etcd_cluster: String,
    etcd_domain: String,
    etcd_nodes: Vec<Node>,
    etcd_networks: Vec<String>,
    etcd_peer_common_name: String,
    etcd_grpc_gateway: bool,
    etcd_version: String,
    etcd_data_dir: String,
    etcd_vault_files: &'static str,
}

#[derive(Debug, Serialize)]
struct Node {
    name: String,
    fqdn: String,
    addresses: Vec<String>,
}

impl From<&Cluster> for Variables {
    fn from(cluster: &Cluster) -> Self {
        let nodes = cluster.nodes.iter().map(|node| Node {
            name: node.name.to_string(),
            fqdn: node.fqdn.to_string(),
            addresses: node.addresses.iter().map(ToString::to_string).collect(),
        });
        let series = cluster.etcd.series();
        Self {
            etcd_cluster: cluster.name.to_string(),
            etcd_domain: cluster.domain.to_string(),
            etcd_nodes: nodes.collect(),
            etcd_networks: cluster.networks.iter().map(ToString::to_string).collect(),
            etcd_peer_common_name: cluster.peer_common_name(),
            etcd_grpc_gateway: cluster.grpc_gateway,
            etcd_version: series.map(|series| series.to_string()).unwrap_or_default(),
            etcd_data_dir: cluster.etcd.data_dir.clone(),
            etcd_vault_files: match cluster.ansible.vault_files {
                VaultFiles::Host => "host",
                VaultFiles::Role => "role",
            },
        }
    }
}

/// Fills in a template; what it yields ends with a newline.
pub(super) fn render(template: &str, context: Value) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.add_filter("yaml", yaml_scalar);
    environment.add_filter("quoted", quoted);
    finish(&environment, template, context)
}

/// As [`render`], with the white space of Ansible: a line that holds a block alone leaves none.
pub(super) fn render_as_ansible(template: &str, context: Value) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).build()?);
    environment.add_filter("to_json", to_json);
    environment.add_test("version", is_version);
    finish(&environment, template, context)
}

fn finish(environment: &Environment<'_>, template: &str, context: Value) -> Result<String, Error> {
    // The ending keeps the engine from escaping: templates quote where it is needed.
    let text = environment.render_named_str("template.j2", template, context)?;
    Ok(text.trim_end().to_owned() + "\n")
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn to_json(value: Value) -> Result<String, minijinja::Error> {
    serde_json::to_string(&value)
        .map_err(|error| minijinja::Error::new(ErrorKind::BadSerialization, error.to_string()))
}

/// Ansible's test `version`, of versions that are numbers with dots between them.
fn is_version(version: &str, other: &str, operator: &str) -> Result<bool, minijinja::Error> {
    let numbers = |text: &str| -> Result<Vec<u64>, _> { text.split('.').map(str::parse).collect() };
    let invalid = |problem: String| minijinja::Error::new(ErrorKind::InvalidOperation, problem);
    let numbers = |text| numbers(text).map_err(|error| invalid(format!("version {text}: {error}")));
    let order = numbers(version)?.cmp(&numbers(other)?);
    match operator {
        "<" => Ok(order.is_lt()),
        ">=" => Ok(order.is_ge()),
        _ => Err(invalid(format!(
            "version: `{operator}` is neither < nor >="
        ))),
    }
}
