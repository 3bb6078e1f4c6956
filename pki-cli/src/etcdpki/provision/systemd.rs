//! Units of systemd, for who brings certificates onto hosts by other means than the roles.

use minijinja::value::Serde;
use minijinja::{Value, context};
use pki_core::Cluster;
use pki_core::description::Node;
use pki_core::etcd::EtcdSeries;

use super::{File, ansible, flags, variables};
use crate::etcdpki::error::Error;

/// What comes after it.
pub(super) const NEXT: &[&str] = &[
    "on each node: a user etcd, the certificates in /etc/etcd/pki, and one of",
    "  etcd.service              /etc/systemd/system/etcd.service, with flags",
    "  etcd-environment.service  the same, with etcd.env in /etc/etcd",
    "  etcd-yaml.service         the same, with etcd.yml in /etc/etcd (etcd 3.5.14 or later)",
    "then on all nodes at once: systemctl enable --now etcd",
];

/// For each node: the unit in three ways, and the two files of settings.
pub(super) fn files(cluster: &Cluster) -> Result<Vec<File>, Error> {
    let mut files = Vec::new();
    for node in &cluster.nodes {
        files.extend(of_node(cluster, node)?);
    }
    Ok(files)
}

fn of_node(cluster: &Cluster, node: &Node) -> Result<Vec<File>, Error> {
    let series = cluster.etcd.series().unwrap_or(EtcdSeries::V3_5);
    let flags = flags::flags(cluster, node, series);
    let render = |template: &str, settings: &str| {
        variables::render_as_ansible(
            ansible_template(template),
            context! {
                ansible_managed => "Written by etcdpki from etcdpki.yml",
                etcd_cluster => cluster.name.as_str(),
                etcd_server_settings => settings,
                etcd_server_binaries => "/usr/bin",
                etcd_server_config_directory => "/etc/etcd",
                etcd_server_data_dir => &cluster.etcd.data_dir,
                etcd_server_flags => Value::from(Serde(&flags)),
            },
        )
    };
    let file = |name: &str, text| File::new(format!("systemd/{}/{name}", node.name), text);
    Ok(vec![
        file("etcd.service", render("etcd.service.j2", "flags")?),
        file(
            "etcd-environment.service",
            render("etcd.service.j2", "environment")?,
        ),
        file("etcd.env", render("etcd.env.j2", "environment")?),
        file("etcd-yaml.service", render("etcd.service.j2", "yaml")?),
        file("etcd.yml", render("etcd.yml.j2", "yaml")?),
    ])
}

/// A template of the role etcd-server: both write the same unit.
fn ansible_template(name: &str) -> &'static str {
    let path = format!("roles/etcd-server/templates/{name}");
    ansible::TEMPLATES
        .iter()
        .find(|(template, _)| *template == path)
        .map_or("", |(_, content)| content)
}
