//! `etcdpki status`: what there is, and what is due.

#[cfg(feature = "etcd")]
mod fleet;
mod prometheus;
mod table;
mod view;

use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::converge::{self, ConvergeError};
use pki_core::rotation;
use pki_core::status::{self, Standing, Status};
use pki_core::store::Pki;
use time::OffsetDateTime;

use super::args;
use super::description;
use super::error::Error;
use super::place::Kept;
use super::{opened, output};
use view::{RotationView, View};

/// Runs the command.
pub(super) fn run(arguments: &args::Status) -> Result<ExitCode, Error> {
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
    let rotation = underway.map(|underway| RotationView::new(underway, &cluster, &pki, now));
    let is_cut_short = rotation.as_ref().is_some_and(|rotation| rotation.cut_short);
    if arguments.prometheus {
        output::print_verbatim(&prometheus::text(&cluster, &status, underway.as_ref()))?;
    } else {
        let obstacle = obstacle(&cluster, &pki, &status, now);
        let view = View::new(&cluster, &status, rotation, obstacle, now);
        match arguments.json {
            true => output::print_json(&view)?,
            false => output::print(&table::text(&view, arguments.all, output::width()))?,
        }
    }
    Ok(exit_code(status.due() > 0 || is_cut_short))
}

/// Why `init` does not make an authority that is missing.
fn obstacle(
    cluster: &Cluster,
    pki: &Pki<Kept>,
    status: &Status,
    now: OffsetDateTime,
) -> Option<String> {
    let mut authorities = status.authorities.iter();
    if !authorities.any(|entry| entry.standing == Standing::Missing) {
        return None;
    }
    // What else keeps it from its work is told of where it is listed.
    let refused = converge::plan(cluster, pki, now).err().filter(|error| {
        use ConvergeError as E;
        matches!(error, E::Gap { .. } | E::Lost { .. } | E::Requested { .. })
    })?;
    let refused = Error::from(refused);
    Some(match refused.hint() {
        Some(hint) => format!("{refused}; {hint}"),
        None => refused.to_string(),
    })
}

fn exit_code(is_due: bool) -> ExitCode {
    match is_due {
        true => ExitCode::from(DUE),
        false => ExitCode::SUCCESS,
    }
}

/// The exit code that says that something is due.
const DUE: u8 = 3;
