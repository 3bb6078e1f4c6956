//! `etcdpki ca`: authorities, and who can open their keys.

mod accept;
mod adopt;
#[cfg(feature = "age")]
mod escrow;
mod import;
mod list;
mod report;
mod request;
mod slot;

pub(super) use slot::Listing;

use std::process::ExitCode;

use super::args::Ca;
use super::error::Error;

/// Runs the command.
pub(super) fn run(arguments: &Ca) -> Result<ExitCode, Error> {
    match arguments {
        Ca::Accept(arguments) => accept::run(arguments),
        Ca::Adopt(arguments) => adopt::run(arguments),
        Ca::Import(arguments) => import::run(arguments),
        Ca::List(arguments) => list::run(arguments),
        Ca::Request(arguments) => request::run(arguments),
        #[cfg(feature = "age")]
        Ca::Escrow(arguments) => escrow::run(arguments),
        Ca::Slot(arguments) => slot::run(arguments),
    }
}
