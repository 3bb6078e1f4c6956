//! `etcdpki doctor`: description, PKI, vault files, settings and members, held against each other.

mod prometheus;
mod settings;
mod view;

use std::process::ExitCode;

use pki_core::lint::{Severity, member as rules};
use pki_core::live::{self as members, Sighting};
use pki_core::rotation::Probe;
use pki_core::status;
use time::OffsetDateTime;

use super::args::Doctor;
use super::error::Error;
use super::live::{self, Probes};
use super::output;
use super::place;
use super::verify::Whole;
pub(super) use settings::SettingsFile;
use view::View;

/// Runs the command.
pub(super) fn run(arguments: &Doctor) -> Result<ExitCode, Error> {
    let now = OffsetDateTime::now_utc();
    let keys = (!arguments.without_keys).then_some(&arguments.keys);
    let mut whole = Whole::check(keys, &arguments.vault, now)?;
    let due = status::status(&whole.cluster, &whole.pki, now)?.renewals();
    let is_due = !due.is_empty();
    whole.report.findings.extend(due);
    let sightings = match arguments.offline {
        true => None,
        false => Some(ask(&mut whole, arguments, now)?),
    };
    if let Some(sightings) = &sightings {
        // A clock that is asked later is not late.
        let now = OffsetDateTime::now_utc();
        let judged = members::judge(&whole.cluster, &whole.pki, sightings, now)?;
        whole.report.findings.extend(judged);
    }
    let mut judged = settings::judge(&whole, &arguments.settings, sightings.as_deref())?;
    whole.report.findings.append(&mut judged.findings);
    let found = whole.report.count(Severity::Error) > 0;
    if arguments.prometheus {
        output::print_verbatim(&prometheus::text(&whole, sightings.as_deref()))?;
    } else {
        let view = View::new(&whole, &judged, sightings.as_deref());
        match arguments.json {
            true => output::print_json(&view)?,
            false => output::print(&view.text())?,
        }
    }
    Ok(match found || is_due {
        false => ExitCode::SUCCESS,
        true => ExitCode::from(FOUND),
    })
}

/// Asks the members, as a client of ours if a key can be opened to make one.
fn ask(whole: &mut Whole, arguments: &Doctor, now: OffsetDateTime) -> Result<Vec<Sighting>, Error> {
    let places = live::places(&whole.cluster, &arguments.endpoints, &arguments.without)?;
    if places.is_empty() {
        let message = "--without leaves no member to ask: leave one, or ask none with --offline";
        return Err(Error::Usage(message.to_owned()));
    }
    let Some(keys) = &whole.keys else {
        return Ok(live::sight(&places, &Probes::default()));
    };
    let trusted = match Probe::new(&whole.cluster, &whole.pki, keys, now) {
        Ok(probe) => Some(probe),
        // What keeps it from being made is mostly found already, and is no reason to ask nothing.
        Err(error) => {
            let message = format!(
                "no client's certificate can be made to ask members with, so what they trust is not known: {error}"
            );
            whole
                .report
                .found(&place::Place::own().to_string(), &rules::NO_PROBE, message);
            None
        }
    };
    let replaced = match &trusted {
        Some(_) => Probe::replaced(&whole.cluster, &whole.pki, keys, now)?,
        None => Vec::new(),
    };
    let probes = Probes {
        trusted: trusted.as_ref().map(Into::into),
        replaced: replaced
            .iter()
            .map(|(of, probe)| (*of, probe.into()))
            .collect(),
    };
    Ok(live::sight(&places, &probes))
}

/// The exit code that says that something was found or is due.
const FOUND: u8 = 3;
