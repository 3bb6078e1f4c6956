//! Writing to the terminal: data to standard output, talk to standard error.

mod wrap;

use std::io::{self, Write};
use std::os::fd::AsFd;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use pki_core::lint::Severity;
use serde::Serialize;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use super::error::{Error, STDOUT};
pub(super) use crate::wording::count;
pub(super) use pki_core::text::instant as timestamp;
pub(super) use wrap::{paragraph, whole};

/// Bold, for headings.
pub(super) const HEADING: Style = Style::new().bold();
/// Green, for what is well.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// Red and bold, for what is wrong.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Yellow and bold, for what will be wrong.
pub(super) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// Dim, for what can be passed over.
pub(super) const DIM: Style = Style::new().dimmed();

/// How a severity looks.
pub(super) fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::Error => BAD,
        Severity::Warning => WARN,
        Severity::Notice => DIM,
    }
}

/// Writes what a person is told to standard output; colours go when it is not a terminal, and lines
/// that are wider than it are folded when it is one.
pub(super) fn print(text: &str) -> Result<(), Error> {
    print_verbatim(&wrap::fold(text, width()))
}

/// The same without folding: what programs read, or is copied, or was laid out already.
pub(super) fn print_verbatim(text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    // In one piece: what strips colours writes a line at a time.
    let mut coloured = AutoStream::new(Vec::new(), AutoStream::choice(&stdout));
    let written = coloured
        .write_all(text.as_bytes())
        .and_then(|()| stdout.write_all(&coloured.into_inner()))
        .and_then(|()| stdout.flush());
    written.map_err(|source| Error::io(STDOUT, source))
}

/// Writes a secret and a newline to standard output, leaving no copy behind.
pub(super) fn print_secret(secret: &[u8]) -> Result<(), Error> {
    // Standard output of Rust is buffered; a file is not.
    let written = io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .map(std::fs::File::from)
        .and_then(|mut stdout| {
            stdout.write_all(secret)?;
            stdout.write_all(b"\n")
        });
    written.map_err(|source| Error::io(STDOUT, source))
}

/// Writes JSON and a newline to standard output.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer_pretty(&mut stdout, value).map_err(|source| Error::Json { source })?;
    writeln!(stdout).map_err(|source| Error::io(STDOUT, source))
}

/// Writes JSON and a newline to standard error, where standard output has something else.
pub(super) fn note_json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value).map_err(|source| Error::Json { source })?;
    note_verbatim(&text);
    Ok(())
}

/// Writes a line to standard error, folded as [`print`] does.
pub(super) fn note(text: &str) {
    note_verbatim(&wrap::fold(text, columns(io::stderr())));
}

fn note_verbatim(text: &str) {
    // If nobody reads standard error there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Writes an error, and after a blank line what to do next.
pub(super) fn error(error: &Error) {
    if let Error::Interrupted { .. } = error {
        // Whoever did it knows that it is no fault.
        return note(&error.to_string());
    }
    note(&format!("{BAD}error:{BAD:#} {error}"));
    if let Some(hint) = error.hint() {
        note(&format!("\n{HEADING}hint:{HEADING:#} {hint}"));
    }
}

/// Columns that a row of a table with a path at its end needs at least.
pub(super) const WIDE: usize = 110;

/// The columns of the terminal; many where standard output is none.
pub(super) fn width() -> usize {
    columns(io::stdout())
}

fn columns(stream: impl AsFd) -> usize {
    match rustix::termios::tcgetwinsize(stream) {
        // A serial line does not know.
        Ok(size) if size.ws_col > 0 => size.ws_col.into(),
        _ => usize::MAX,
    }
}

/// A date as 2026-11-23, in UTC.
pub(super) fn date(at: OffsetDateTime) -> String {
    at.format(format_description!("[year]-[month]-[day]"))
        .unwrap_or_default()
}

/// The days of a length of time, to the nearest: what was made for 365 days a moment ago has as many.
pub(super) fn days(length: Duration) -> i64 {
    let half = Duration::hours(12);
    let half = if length.is_negative() { -half } else { half };
    length.saturating_add(half).whole_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_to_the_nearest() {
        let (day, second) = (Duration::DAY, Duration::SECOND);
        for (length, told) in [
            (day * 365 - second, 365),
            (day * 365 + second, 365),
            (Duration::HOUR * 11, 0),
            (Duration::HOUR * 13, 1),
            (Duration::HOUR * -11, 0),
            (Duration::HOUR * -13, -1),
            (day * -2 - second, -2),
            (Duration::MAX, Duration::MAX.whole_days()),
        ] {
            assert_eq!(days(length), told, "{length}");
        }
    }
}
