//! `etcdpki verify`: check the whole PKI, or files.

mod files;
mod rules;
mod vault;
mod view;
mod whole;

use std::process::ExitCode;

use pki_core::lint::Severity;
use time::OffsetDateTime;

use super::args::Verify;
use super::error::Error;
use super::output;
use view::View;
pub(super) use whole::Whole;

/// Runs the command.
pub(super) fn run(arguments: &Verify) -> Result<ExitCode, Error> {
    if arguments.rules {
        return rules::run(arguments.json);
    }
    let now = arguments.at.unwrap_or_else(OffsetDateTime::now_utc);
    let view = match arguments.files.is_empty() {
        true => {
            let keys = (!arguments.without_keys).then_some(&arguments.keys);
            View::whole(Whole::check(keys, &arguments.vault, now)?)
        }
        false => files::check(arguments, now)?,
    };
    match arguments.json {
        true => output::print_json(&view.json())?,
        false => output::print(&view.text())?,
    }
    Ok(match view.report.count(Severity::Error) {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(FOUND),
    })
}

/// The exit code that says that something was found.
const FOUND: u8 = 3;
