//! `etcdpki status`: what there is, and what is due.

#[cfg(feature = "etcd")]
mod fleet;
mod prometheus;
mod table;
mod view;

use std::process::ExitCode;

use pki_core::rotation;
use pki_core::status;
use time::OffsetDateTime;

use super::args::Status;
use super::description;
use super::error::Error;
use super::{opened, output};
use view::View;

/// Runs the command.
pub(super) fn run(arguments: &Status) -> Result<ExitCode, Error> {
    let now = OffsetDateTime::now_utc();
    #[cfg(feature = "etcd")]
    if arguments.fleet {
        return fleet::run(arguments, now);
    }
    let cluster = description::read()?;
    let pki = opened::without_keyring()?;
    let status = status::status(&cluster, &pki, now)?;
    // What cannot be read is told of where it is listed.
    let standing = rotation::standing(&cluster, &pki).ok();
    let underway = standing.and_then(|standing| standing.underway);
    if arguments.prometheus {
        output::print_verbatim(&prometheus::text(&cluster, &status, underway.as_ref()))?;
    } else {
        let view = View::new(&cluster, &status, underway, now);
        match arguments.json {
            true => output::print_json(&view)?,
            false => output::print(&table::text(&view, arguments.all, output::width()))?,
        }
    }
    Ok(exit_code(status.due() > 0))
}

fn exit_code(is_due: bool) -> ExitCode {
    match is_due {
        true => ExitCode::from(DUE),
        false => ExitCode::SUCCESS,
    }
}

/// The exit code that says that something is due.
const DUE: u8 = 3;
