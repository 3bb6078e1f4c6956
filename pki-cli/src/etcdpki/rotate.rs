//! `etcdpki rotate`: renew what is due, or replace an authority.

pub(super) mod barrier;
mod ca;
pub(super) mod report;
mod view;

use std::path::Path;
use std::process::ExitCode;

use pki_core::rotation::ClientsNeed;

use super::args::{Rotate, RotateWhat};
use super::description;
use super::error::Error;
use super::init::{self, Renewals, Work};
pub(super) use view::meaning;

/// Runs the command.
pub(super) fn run(arguments: &Rotate, directory: Option<&Path>) -> Result<ExitCode, Error> {
    if let Some(RotateWhat::Ca(arguments)) = &arguments.what {
        return ca::run(arguments, directory);
    }
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

/// What clients must have loaded, in words.
fn needs(need: ClientsNeed) -> Vec<&'static str> {
    let words = [
        (need.certificates, "their new certificates"),
        (need.ca_file, "the new CA file"),
    ];
    let words = words.into_iter();
    words
        .filter_map(|(is, words)| is.then_some(words))
        .collect()
}
