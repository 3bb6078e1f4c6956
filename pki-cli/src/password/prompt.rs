//! Passwords that a person types.

use std::fs::File;
use std::io::{self, IsTerminal, Write};

use zeroize::Zeroizing;

use super::bytes::{copy, read_line, trim_white_space};
use super::{Error, terminal};

/// Asks for a password on the terminal, without showing it.
///
/// Without a terminal it is a line of standard input.
///
/// # Errors
///
/// [`Error`] if nothing was entered, on Ctrl-C, and if reading fails.
pub fn prompt(text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    password(&ask(text)?)
}

fn password(line: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let password = copy(trim_white_space(line));
    if password.is_empty() {
        Err(Error::NothingEntered)
    } else {
        Ok(password)
    }
}

/// As [`prompt`], but never reads standard input, which holds something else.
///
/// # Errors
///
/// [`Error::NoTerminal`], and those of [`prompt`].
pub fn prompt_on_terminal(text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let terminal = terminal::open().ok_or(Error::NoTerminal)?;
    password(&ask_on(terminal, text)?)
}

/// Asks for a new password and, after `Confirm`, once more for the same.
///
/// # Errors
///
/// [`Error`] if the two differ, and those of [`prompt`].
pub fn prompt_new(text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    prompt_twice(text, &confirmation(text))
}

/// Asks for a new password, and once more for the same with another text.
///
/// # Errors
///
/// [`Error`] if the two differ, and those of [`prompt`].
pub fn prompt_twice(text: &str, confirm: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let first = prompt(text)?;
    if prompt(confirm)? == first {
        Ok(first)
    } else {
        Err(Error::Mismatch)
    }
}

/// Asks for a secret of which every character counts.
///
/// # Errors
///
/// [`Error`] on Ctrl-C and if reading fails.
pub fn prompt_verbatim(text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    ask(text)
}

fn ask(text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    match terminal::open() {
        Some(terminal) => ask_on(terminal, text),
        None => ask_on_stdin(text).map_err(|source| Error::Prompt { source }),
    }
}

fn ask_on(terminal: File, text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    match terminal::read_hidden(terminal, text) {
        // What can not be decoded arrives as this, and would be another password.
        Ok(line) if line.contains(char::REPLACEMENT_CHARACTER) => Err(Error::Prompt {
            source: io::Error::new(io::ErrorKind::InvalidData, "what was typed is not UTF-8"),
        }),
        Ok(line) => Ok(copy(line.as_bytes())),
        Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => Err(Error::Interrupted),
        Err(source) => Err(Error::Prompt { source }),
    }
}

fn ask_on_stdin(text: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut stderr = anstream::stderr();
    if io::stdin().is_terminal() {
        stderr.write_all(b"[WARNING]: the password will be shown: there is no /dev/tty\n")?;
    }
    stderr.write_all(text.as_bytes())?;
    stderr.flush()?;
    read_line()
}

fn confirmation(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest
        .next()
        .map(|first| first.to_lowercase().to_string())
        .unwrap_or_default();
    format!("Confirm {first}{}", rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confirmations_read_as_one_sentence() {
        assert_eq!(
            confirmation("New vault password: "),
            "Confirm new vault password: "
        );
    }
}
