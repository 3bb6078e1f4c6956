//! Showing plaintext page by page.

use std::env;
use std::io::{self, BufRead};
use std::process::Stdio;

use super::child;
use super::codec;
use super::error::Error;
use super::interrupt;

/// Pipes plaintext into a pager, which is a shell command as everywhere.
pub(super) fn show(plaintext: &mut impl BufRead, pager: &str) -> Result<(), Error> {
    let mut command = child::command("sh");
    command.arg("-c").arg(pager).stdin(Stdio::piped());
    if env::var_os("LESS").is_none() {
        command.env("LESS", "FRSX");
    }
    let _deferred = interrupt::defer();
    let mut child = command.spawn().map_err(|error| {
        Error::Runtime(format!("could not start the pager '{pager}': {error}")).hinting(
            "name one that is installed in PAGER, or pass the text on: vault view FILE | cat",
        )
    })?;
    if let Some(mut stdin) = child.stdin.take() {
        match codec::copy(plaintext, &mut stdin) {
            // Whoever has seen enough leaves early.
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
            other => other?,
        }
    }
    child.wait()?;
    Ok(())
}
