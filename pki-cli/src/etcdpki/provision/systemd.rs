//! Units of systemd, for who brings certificates onto hosts by other means than the roles.

use minijinja::context;
use pki_core::Cluster;
use pki_core::description::Node;

use super::{File, ansible, flags, variables};
use crate::etcdpki::error::Error;
use crate::etcdpki::opened;

/// What comes after it.
pub(super) const NEXT: &[&str] = &[
    "name the version of etcd that is installed in etcdpki.yml (etcd: version): without it, units have",
    "only the flags that 3.4 to 3.7 have in common; after a change of it, the same command again",
    "etcdpki export --format pem -o out",
    "on each NODE a user etcd, which may read these files, and:",
    "  out/members-ca.crt                  /etc/etcd/pki/ca.crt",
    "  out/NODE/{server,peer}.{crt,key}    /etc/etcd/pki/current/",
    "  pki/crl/etcd.crl                    /etc/etcd/etcd.crl",
    "  systemd/NODE/etcd.service           /etc/systemd/system/etcd.service",
    "or in its place etcd-environment.service, with etcd.env in /etc/etcd,",
    "or etcd-yaml.service, with etcd.yml there (etcd 3.5.15 or later, and no CRL);",
    "then on all nodes at once: systemctl enable --now etcd",
];

/// For each node: the unit in three ways, and the two files of settings.
pub(super) fn files(cluster: &Cluster) -> Result<Vec<File>, Error> {
    let refuses = opened::read_only()?.revocation_list_file()?.is_some();
    let mut files = Vec::new();
    for node in &cluster.nodes {
        files.extend(of_node(cluster, node, refuses)?);
    }
    Ok(files)
}

/// The unit of a node, with all of its settings; `refuses` says whether there is a list of
/// certificates to refuse.
pub(in crate::etcdpki) fn unit(
    cluster: &Cluster,
    node: &Node,
    refuses: bool,
) -> Result<String, Error> {
    let files = of_node(cluster, node, refuses)?;
    let unit = files.into_iter().next();
    Ok(unit.map(|file| file.content).unwrap_or_default())
}

fn of_node(cluster: &Cluster, node: &Node, refuses: bool) -> Result<Vec<File>, Error> {
    let versions = flags::versions(cluster);
    let managed = format!("Written by etcdpki from etcdpki.yml, for {versions}");
    let flags = flags::flags(cluster, node, refuses)?;
    // The config file of etcd has no word for a revocation list.
    let flags_of_yaml = flags::flags(cluster, node, false)?;
    let render = |template: &str, settings: &str| {
        variables::render_as_ansible(
            ansible::template(template),
            context! {
                ansible_managed => &managed,
                etcd_cluster => cluster.name.as_str(),
                etcd_server_settings => settings,
                etcd_server_binaries => "/usr/bin",
                etcd_server_config_directory => flags::CONFIG_DIRECTORY,
                etcd_server_data_dir => &cluster.etcd.data_dir,
                etcd_server_flags => match settings {
                    "yaml" => &flags_of_yaml,
                    _ => &flags,
                },
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
