//! `etcdpki hook`: what Ansible and Terraform call.

mod check;
mod inventory;
mod terraform;

use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::description::{Node, VaultFiles};

use super::args::{Hook, VaultArguments, VaultPasswordHook};
use super::error::Error;
use super::secrets::{self, Source};
use super::{description, output};

/// Runs the command.
pub(super) fn run(hook: &Hook) -> Result<ExitCode, Error> {
    let cluster = description::read()?;
    match hook {
        Hook::Check(arguments) => return check::run(&cluster, arguments),
        Hook::Inventory(arguments) => inventory::run(&cluster, arguments)?,
        Hook::JoinString => output::print_verbatim(&format!("{}\n", cluster.join_string()))?,
        Hook::Terraform => terraform::run(&cluster)?,
        Hook::VaultPassword(arguments) => vault_password(&cluster, arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Never from the environment: there stands the name of the program that calls this.
fn vault_password(cluster: &Cluster, arguments: &VaultPasswordHook) -> Result<(), Error> {
    let described = cluster.ansible.vault_id.as_ref();
    let described = described.map_or("default", |label| label.as_str());
    let own: &[Node] = match cluster.ansible.vault_files {
        VaultFiles::Host => &cluster.nodes,
        VaultFiles::Role => &[],
    };
    let id = arguments.vault_id.as_deref().unwrap_or(described);
    let host = own.iter().find(|node| node.name.as_str() == id);
    if host.is_none() && id != described {
        let known = own.iter().map(|node| node.name.as_str());
        return Err(Error::Undescribed {
            what: "the vault ids",
            name: id.to_owned(),
            known: [described]
                .into_iter()
                .chain(known)
                .collect::<Vec<_>>()
                .join(", "),
        });
    }
    let file = match host {
        Some(node) => secrets::host_password_file(&node.name).into(),
        None => arguments.vault_password_file.clone(),
    };
    let command = arguments
        .vault_password_command
        .clone()
        .filter(|_| host.is_none());
    let source = VaultArguments {
        vault_password_file: command.is_none().then_some(file),
        vault_password_command: command,
    };
    let secret = Source::vault_password(&source).read(false)?;
    output::print_secret(&secret)
}
