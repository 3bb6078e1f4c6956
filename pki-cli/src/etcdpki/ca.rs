//! `etcdpki ca`: authorities, and who can open their keys.

mod slot;

use std::process::ExitCode;

use super::args::Ca;
use super::error::Error;

/// Runs the command.
pub(super) fn run(arguments: &Ca) -> Result<ExitCode, Error> {
    match arguments {
        Ca::Slot(arguments) => slot::run(arguments),
    }
}
