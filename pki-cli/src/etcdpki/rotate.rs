//! `etcdpki rotate`: renew what is due.

use std::path::Path;
use std::process::ExitCode;

use super::args::Rotate;
use super::description;
use super::error::Error;
use super::init::{self, Renewals, Work};

/// Runs the command.
pub(super) fn run(arguments: &Rotate, directory: Option<&Path>) -> Result<ExitCode, Error> {
    let described = description::described()?;
    let work = Work {
        command: "rotate",
        keys: &arguments.keys,
        vault: &arguments.vault,
        generate_secrets: false,
        renewals: Renewals::Due,
        dry_run: arguments.dry_run,
        json: arguments.json,
    };
    init::work(&work, &described, directory)
}
