//! `etcdpki hook`: what Ansible and Terraform call.

mod check;
mod inventory;
mod terraform;

use std::process::ExitCode;

use super::args::{Hook, VaultArguments, VaultPasswordHook};
use super::error::Error;
use super::secrets::Source;
use super::{description, output};

/// Runs the command.
pub(super) fn run(hook: &Hook) -> Result<ExitCode, Error> {
    let cluster = description::read()?;
    match hook {
        Hook::Check(arguments) => return check::run(&cluster, arguments),
        Hook::Inventory(arguments) => inventory::run(&cluster, arguments)?,
        Hook::JoinString => output::print(&format!("{}\n", cluster.join_string()))?,
        Hook::Terraform => terraform::run(&cluster)?,
        Hook::VaultPassword(arguments) => {
            let described = cluster.ansible.vault_id.as_ref();
            vault_password(
                arguments,
                described.map_or("default", |label| label.as_str()),
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Never from the environment: there stands the name of the program that calls this.
fn vault_password(arguments: &VaultPasswordHook, described: &str) -> Result<(), Error> {
    if let Some(id) = &arguments.vault_id
        && id != described
    {
        return Err(Error::Undescribed {
            what: "the vault ids",
            name: id.clone(),
            known: described.to_owned(),
        });
    }
    let file = Some(arguments.vault_password_file.clone());
    let source = VaultArguments {
        vault_password_file: file.filter(|_| arguments.vault_password_command.is_none()),
        vault_password_command: arguments.vault_password_command.clone(),
    };
    let secret = Source::vault_password(&source).read(false)?;
    output::print_secret(&secret)
}
