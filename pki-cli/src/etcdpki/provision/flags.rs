//! The flags of a member: the table of the role etcd-server, filled in with the description.

use std::collections::BTreeMap;

use minijinja::{ErrorKind, Value, context};
use pki_core::Cluster;
use pki_core::description::Node;
use pki_core::etcd::{EtcdSeries, EtcdVersion};

use super::{ansible, variables};
use crate::etcdpki::error::Error;

/// Where the role puts settings.
pub(super) const CONFIG_DIRECTORY: &str = "/etc/etcd";

/// The versions that flags are for, in words.
pub(super) fn versions(cluster: &Cluster) -> String {
    match cluster.etcd.version {
        Some(version) => format!("etcd {}", version.packaged()),
        None => "etcd 3.4 to 3.7, since etcdpki.yml names no version".to_owned(),
    }
}

/// The flags of a member in a new cluster, without the dashes: those of the described version, or
/// those that every version takes. `refuses` says whether there is a list of certificates to
/// refuse.
pub(super) fn flags(cluster: &Cluster, node: &Node, refuses: bool) -> Result<Value, Error> {
    if let Some(version) = cluster.etcd.version {
        return Ok(of_version(cluster, node, refuses, version)?.into());
    }
    let mut common: Option<BTreeMap<String, Value>> = None;
    for series in EtcdSeries::ALL {
        let flags = of_version(cluster, node, refuses, series.into())?;
        match &mut common {
            None => common = Some(flags),
            Some(common) => common.retain(|flag, value| flags.get(flag) == Some(value)),
        }
    }
    Ok(common.unwrap_or_default().into())
}

fn of_version(
    cluster: &Cluster,
    node: &Node,
    refuses: bool,
    version: EtcdVersion,
) -> Result<BTreeMap<String, Value>, Error> {
    let version = version.packaged().to_string();
    let series = version.rsplit_once('.').map_or("", |(series, _)| series);
    let endpoint = node.client_url();
    let table = variables::render_as_ansible(
        ansible::template("flags.yml.j2"),
        context! {
            etcd_cluster => cluster.name.as_str(),
            etcd_grpc_gateway => cluster.grpc_gateway,
            etcd_peer_common_name => cluster.peer_common_name(),
            etcd_server_bootstrap => context! { cluster => cluster.join_string(), state => "new" },
            etcd_server_config_directory => CONFIG_DIRECTORY,
            etcd_server_crl => refuses,
            etcd_server_data_dir => &cluster.etcd.data_dir,
            etcd_server_endpoint => &endpoint,
            etcd_server_host => endpoint.trim_start_matches("https://").trim_end_matches(":2379"),
            etcd_server_installed => &version,
            etcd_server_node => context! { name => node.name.as_str() },
            etcd_server_peer_url => node.peer_url(),
            etcd_server_series => series,
            etcd_server_tls_directory => "/etc/etcd/pki",
            etcd_server_tls_min_version => "TLS1.2",
        },
    )?;
    Ok(table.lines().map(flag).collect::<Result<_, _>>()?)
}

/// A line of the table: a flag and its value in JSON.
fn flag(line: &str) -> Result<(String, Value), minijinja::Error> {
    let invalid = |problem: String| {
        minijinja::Error::new(ErrorKind::BadSerialization, format!("{line}: {problem}"))
    };
    let (flag, value) = line
        .split_once(": ")
        .ok_or_else(|| invalid("no flag and value".to_owned()))?;
    let value = serde_json::from_str(value).map_err(|error| invalid(error.to_string()))?;
    Ok((flag.to_owned(), value))
}
