//! `etcdpki report`: one HTML page of what there is, until when it holds, and what was found.
//!
//! Nothing is decided here: the page shows what `status`, `verify` and the standing of a rotation
//! say, each without a key.

mod axis;
mod certificates;
mod chain;
mod findings;
mod moment;
mod page;
mod revoked;
mod sources;
mod timeline;
mod trust;
mod view;

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use pki_core::store::atomic::{self, Access};
use time::OffsetDateTime;

use super::args::Report;
use super::error::{Error, STDOUT};
use super::output;
use sources::Sources;
use view::View;

/// Runs the command.
pub(super) fn run(arguments: &Report) -> Result<ExitCode, Error> {
    let at = arguments.at.unwrap_or_else(OffsetDateTime::now_utc);
    let sources = Sources::read(at)?;
    let page = page::render(&View::new(&sources))?;
    write(&arguments.out, page.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn write(out: &Path, page: &[u8]) -> Result<(), Error> {
    if out.as_os_str() == "-" {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(page).and_then(|()| stdout.flush());
        return written.map_err(|source| Error::io(STDOUT, source));
    }
    // A rename would put a file in the place of a device such as /dev/stdout.
    if fs::metadata(out).is_ok_and(|there| !there.is_file()) {
        let reason = "not a regular file, and nothing else is replaced: name a file with --out, or - for standard output";
        return Err(Error::io(out, io::Error::other(reason)));
    }
    atomic::replace(out, page, Access::Everyone)?;
    output::note(&format!("wrote {}", out.display()));
    Ok(())
}
