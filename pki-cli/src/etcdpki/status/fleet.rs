//! `etcdpki status --fleet`: every PKI below a prefix.

mod prometheus;
mod table;
mod view;

use std::process::ExitCode;

use time::OffsetDateTime;

use super::exit_code;
use crate::etcdpki::args::Status;
use crate::etcdpki::error::Error;
use crate::etcdpki::output;
use crate::etcdpki::place::Place;
use view::View;

/// Runs the command.
pub(super) fn run(arguments: &Status, now: OffsetDateTime) -> Result<ExitCode, Error> {
    let place = Place::own();
    let fleet = place.fleet()?;
    let view = View::read(place.to_string(), &fleet, now);
    if view.pkis.is_empty() {
        let path = view.below.into();
        return Err(Error::NoPki { path });
    }
    if arguments.json {
        output::print_json(&view)?;
    } else if arguments.prometheus {
        output::print_verbatim(&prometheus::text(&view))?;
    } else {
        output::print(&table::text(&view, output::width()))?;
    }
    Ok(exit_code(view.due + view.unread > 0))
}
