//! What the commands say. Data goes to standard output, all else to standard error.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use super::error::Error;
use super::streams;
pub(super) use crate::wording::count;

const ERROR: Style = AnsiColor::Red.on_default();
const WARNING: Style = AnsiColor::BrightMagenta.on_default();

/// Reports why a command failed.
pub(super) fn error(error: &Error) {
    say(ERROR, &format!("[ERROR]: {error}"));
    if let Some(hint) = error.hint() {
        say(Style::new(), &format!("\nhint: {hint}"));
    }
}

/// Warns and goes on.
pub(super) fn warning(text: &str) {
    say(WARNING, &format!("[WARNING]: {text}"));
}

/// Says something that is no data.
pub(super) fn note(text: &str) {
    say(Style::new(), text);
}

/// Says that all went well, but only to somebody who watches.
pub(super) fn success(text: &str) {
    if io::stdout().is_terminal() {
        note(text);
    }
}

/// Writes data to standard output.
pub(super) fn data(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = streams::stdout();
    stdout.write_all(bytes)?;
    Ok(stdout.flush()?)
}

fn say(style: Style, text: &str) {
    // Whole, so that nothing comes in between.
    let line = format!("{style}{text}{style:#}\n");
    // If nobody hears it there is nobody to tell.
    let _ = anstream::stderr().write_all(line.as_bytes());
}

/// Asks for a line that may be seen.
pub(super) fn prompt(text: &str) -> Result<(), Error> {
    let mut stderr = anstream::stderr();
    stderr.write_all(text.as_bytes())?;
    Ok(stderr.flush()?)
}
