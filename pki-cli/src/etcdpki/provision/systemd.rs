//! Units of systemd, for who brings certificates onto hosts by other means than the roles.

use minijinja::{Value, context};
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
    "on each NODE the names of all resolve, there is a user etcd, which may read these files, and:",
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
    let flags = flags::flags(cluster, node, refuses)?;
    render(cluster, "etcd.service.j2", "flags", &flags)
}

fn of_node(cluster: &Cluster, node: &Node, refuses: bool) -> Result<Vec<File>, Error> {
    let flags = flags::flags(cluster, node, refuses)?;
    // The config file of etcd has no word for a revocation list.
    let flags_of_yaml = flags::flags(cluster, node, false)?;
    let files = [
        ("etcd.service", "etcd.service.j2", "flags", &flags),
        (
            "etcd-environment.service",
            "etcd.service.j2",
            "environment",
            &flags,
        ),
        ("etcd.env", "etcd.env.j2", "environment", &flags),
        (
            "etcd-yaml.service",
            "etcd.service.j2",
            "yaml",
            &flags_of_yaml,
        ),
        ("etcd.yml", "etcd.yml.j2", "yaml", &flags_of_yaml),
    ];
    let files = files.into_iter().map(|(name, template, settings, flags)| {
        let text = render(cluster, template, settings, flags)?;
        Ok(File::new(format!("systemd/{}/{name}", node.name), text))
    });
    files.collect()
}

/// Fills in a template of the role; `settings` says where a member has its flags.
fn render(
    cluster: &Cluster,
    template: &str,
    settings: &str,
    flags: &Value,
) -> Result<String, Error> {
    let versions = flags::versions(cluster);
    variables::render_as_ansible(
        ansible::template(template),
        context! {
            ansible_managed => format!("Written by etcdpki from etcdpki.yml, for {versions}"),
            etcd_cluster => cluster.name.as_str(),
            etcd_server_settings => settings,
            etcd_server_binaries => "/usr/bin",
            etcd_server_config_directory => flags::CONFIG_DIRECTORY,
            etcd_server_data_dir => &cluster.etcd.data_dir,
            etcd_server_flags => flags,
        },
    )
}
