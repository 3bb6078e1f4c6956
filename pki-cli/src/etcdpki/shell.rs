//! `etcdpki shell`: manual pages and completions of both programs.

mod completions;
mod install;
mod manual;
mod next;

use std::process::ExitCode;

use super::args::{Program, Shell};
use super::error::Error;
use super::output;

/// Runs the command.
pub(super) fn run(shell: &Shell) -> Result<ExitCode, Error> {
    match shell {
        Shell::Completions(what) => {
            output::print_verbatim(&completions::text(what.program, what.shell))?;
        }
        Shell::Install(install) => {
            let installed = install::install(install.prefix.as_deref())?;
            output::print(&installed.to_text())?;
        }
        Shell::Man(man) => {
            let mut pages = manual::pages().into_iter();
            let page = pages.find(|page| page.name == man.page);
            let page = page.ok_or_else(|| Error::NoManual {
                name: man.page.clone(),
            })?;
            output::print_verbatim(&page.text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Program {
    pub(super) const ALL: [Self; 2] = [Self::Etcdpki, Self::Vault];

    fn name(self) -> &'static str {
        match self {
            Self::Etcdpki => "etcdpki",
            Self::Vault => "vault",
        }
    }

    fn command(self) -> clap::Command {
        match self {
            Self::Etcdpki => super::command(),
            Self::Vault => crate::vault::command(),
        }
    }
}
