//! `etcdpki ca`: authorities, and who can open their keys.

#[cfg(feature = "age")]
mod escrow;
mod slot;

use std::process::ExitCode;

use super::args::Ca;
use super::error::Error;

/// Runs the command.
pub(super) fn run(arguments: &Ca) -> Result<ExitCode, Error> {
    match arguments {
        #[cfg(feature = "age")]
        Ca::Escrow(arguments) => escrow::run(arguments),
        Ca::Slot(arguments) => slot::run(arguments),
    }
}
