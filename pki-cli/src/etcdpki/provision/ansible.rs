//! The roles of Ansible, the playbook, and what they take from the description.

use std::env;
use std::path::Path;

use minijinja::Value;
use minijinja::value::Serde;
use pki_core::Cluster;

use super::{File, Variables, templates, variables, verbatim};
use crate::etcdpki::error::Error;
use crate::etcdpki::secrets::VAULT_PASSWORD_FILE;

/// How the playbook is played, with the vault password where Ansible would not find it by itself.
pub(in crate::etcdpki) fn play() -> String {
    let mut command = "ansible-playbook etcd.yml".to_owned();
    if Path::new(VAULT_PASSWORD_FILE).exists() {
        command.push_str(" --vault-password-file ");
        command.push_str(VAULT_PASSWORD_FILE);
    } else if env::var_os("ANSIBLE_VAULT_PASSWORD_FILE").is_none() {
        command.push_str(" --ask-vault-pass");
    }
    command
}

/// All files.
pub(super) fn files(cluster: &Cluster) -> Result<Vec<File>, Error> {
    let mut files = verbatim(TEMPLATES, "");
    let context = Value::from(Serde(Variables::from(cluster)));
    files.push(File::new(
        "group_vars/all/etcdpki.yml",
        variables::render(VARIABLES, context.clone())?,
    ));
    files.push(File::new(
        "inventory.yml",
        variables::render(INVENTORY, context)?,
    ));
    files.push(File {
        once: true,
        ..File::new("clients.yml", CLIENTS)
    });
    files.push(File {
        executable: true,
        ..File::new("vault-password-client", CLIENT)
    });
    Ok(files)
}

const VARIABLES: &str = include_str!("../../../templates/rendered/variables.yml.j2");
const INVENTORY: &str = include_str!("../../../templates/rendered/inventory.yml.j2");
/// The machines that are clients, which the description does not have.
const CLIENTS: &str = include_str!("../../../templates/rendered/clients.yml");
/// Ansible hands a vault id to a program of this name.
const CLIENT: &str = include_str!("../../../templates/rendered/vault-password-client");

/// A template of the role etcd-server, to be filled in here too.
pub(super) fn template(name: &str) -> &'static str {
    let path = format!("roles/etcd-server/templates/{name}");
    let found = TEMPLATES.iter().find(|(template, _)| *template == path);
    found.map_or("", |(_, content)| content)
}

/// Every file in `templates/ansible`.
pub(super) const TEMPLATES: &[(&str, &str)] = templates! { "ansible":
    ".ansible-lint",
    "ansible.cfg",
    "etcd.yml",
    "roles/common/defaults/main.yml",
    "roles/common/handlers/main.yml",
    "roles/common/meta/main.yml",
    "roles/common/tasks/hosts.yml",
    "roles/common/tasks/main.yml",
    "roles/common/tasks/register-v2.yml",
    "roles/common/tasks/register-v3.yml",
    "roles/common/tasks/register.yml",
    "roles/common/tasks/resolver.yml",
    "roles/common/tasks/trust.yml",
    "roles/etcd-agent/defaults/main.yml",
    "roles/etcd-agent/meta/main.yml",
    "roles/etcd-agent/tasks/enrol.yml",
    "roles/etcd-agent/tasks/main.yml",
    "roles/etcd-agent/templates/agent.env.j2",
    "roles/etcd-agent/templates/etcdpki-agent.service.j2",
    "roles/etcd-agent/templates/etcdpki-agent.timer.j2",
    "roles/etcd-client/defaults/main.yml",
    "roles/etcd-client/meta/main.yml",
    "roles/etcd-client/tasks/main.yml",
    "roles/etcd-client/templates/etcdctl.env.j2",
    "roles/etcd-server/defaults/main.yml",
    "roles/etcd-server/meta/argument_specs.yml",
    "roles/etcd-server/meta/main.yml",
    "roles/etcd-server/tasks/certificates.yml",
    "roles/etcd-server/tasks/configure.yml",
    "roles/etcd-server/tasks/install.yml",
    "roles/etcd-server/tasks/join.yml",
    "roles/etcd-server/tasks/main.yml",
    "roles/etcd-server/tasks/membership.yml",
    "roles/etcd-server/tasks/preflight.yml",
    "roles/etcd-server/tasks/restart-one.yml",
    "roles/etcd-server/tasks/restart.yml",
    "roles/etcd-server/tasks/start.yml",
    "roles/etcd-server/tasks/state.yml",
    "roles/etcd-server/tasks/tarball.yml",
    "roles/etcd-server/tasks/verify.yml",
    "roles/etcd-server/templates/etcd.env.j2",
    "roles/etcd-server/templates/etcd.service.j2",
    "roles/etcd-server/templates/etcd.yml.j2",
    "roles/etcd-server/templates/flags.yml.j2",
    "roles/etcd-server/vars/main.yml",
    "roles/firewall/defaults/main.yml",
    "roles/firewall/handlers/main.yml",
    "roles/firewall/meta/main.yml",
    "roles/firewall/tasks/main.yml",
    "roles/firewall/templates/etcd.nft.j2",
    "roles/tls/defaults/main.yml",
    "roles/tls/meta/argument_specs.yml",
    "roles/tls/meta/main.yml",
    "roles/tls/tasks/main.yml",
};
