//! The flags of a member, by release series of etcd; as the role etcd-server has them.

use pki_core::Cluster;
use pki_core::description::Node;
use pki_core::etcd::EtcdSeries;
use serde_json::{Map, Value};

/// The flags of a member in a new cluster, without the dashes.
pub(super) fn flags(cluster: &Cluster, node: &Node, series: EtcdSeries) -> Map<String, Value> {
    let mut flags = Map::new();
    let mut set = |flag: &str, value: Value| {
        flags.insert(flag.to_owned(), value);
    };
    let client_url = node.client_url();
    set("name", node.name.to_string().into());
    set("data-dir", cluster.etcd.data_dir.clone().into());
    set(
        "listen-peer-urls",
        client_url.replace(":2379", ":2380").into(),
    );
    set(
        "listen-client-urls",
        format!("{client_url},https://127.0.0.1:2379").into(),
    );
    set("initial-advertise-peer-urls", node.peer_url().into());
    set("advertise-client-urls", client_url.into());
    set("initial-cluster", cluster.join_string().into());
    set("initial-cluster-state", "new".into());
    set("initial-cluster-token", cluster.name.to_string().into());
    set("client-cert-auth", true.into());
    set("trusted-ca-file", tls("ca.crt"));
    set("cert-file", tls("current/server.crt"));
    set("key-file", tls("current/server.key"));
    set("peer-client-cert-auth", true.into());
    set("peer-trusted-ca-file", tls("ca.crt"));
    set("peer-cert-file", tls("current/peer.crt"));
    set("peer-key-file", tls("current/peer.key"));
    set("peer-cert-allowed-cn", cluster.peer_common_name().into());
    if !cluster.grpc_gateway {
        set("enable-grpc-gateway", false.into());
    }
    match series {
        // Its defaults: another log format, and elections that a member cut off can force.
        EtcdSeries::V3_4 => {
            set("logger", "zap".into());
            set("log-outputs", "stderr".into());
            set("pre-vote", true.into());
        }
        // The last releases of 3.4 have it too, and not its early ones.
        _ => set("tls-min-version", "TLS1.2".into()),
    }
    // Renamed in 3.6, and gone under the old name in 3.7.
    match series < EtcdSeries::V3_6 {
        true => set("experimental-initial-corrupt-check", true.into()),
        false => set("feature-gates", "InitialCorruptCheck=true".into()),
    }
    flags
}

fn tls(file: &str) -> Value {
    format!("/etc/etcd/pki/{file}").into()
}
