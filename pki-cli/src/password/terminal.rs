//! The terminal while a password is typed.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rpassword::{ConfigBuilder, read_password_with_config};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

/// The terminal as it was before a prompt.
static BEFORE: Mutex<Option<(File, Termios)>> = Mutex::new(None);

/// Makes the terminal show again what is typed: for a process that ends while it asks for a
/// password.
pub fn restore_terminal() {
    if let Some((terminal, before)) = lock().take() {
        // If it has gone there is nothing to restore.
        let _ = tcsetattr(&terminal, OptionalActions::Now, &before);
    }
}

/// Opens the terminal of this process, if it has one.
pub(super) fn open() -> Option<File> {
    let mut options = File::options();
    options.read(true).write(true).open("/dev/tty").ok()
}

/// Reads a line that is not shown. Nothing is shown from before the prompt is on.
///
/// Ctrl-C is an error here and no signal, which would end the process too early to restore the
/// terminal.
pub(super) fn read_hidden(mut terminal: File, text: &str) -> io::Result<Zeroizing<String>> {
    let _hidden = Hidden::new(&terminal)?;
    terminal.write_all(text.as_bytes())?;
    let keys = Keys(terminal.try_clone()?);
    let config = ConfigBuilder::new()
        .input_reader(keys)
        .output_discard()
        .password_feedback_hide()
        .build();
    let line = read_password_with_config(config).map(Zeroizing::new);
    terminal.write_all(b"\n")?;
    line
}

/// A terminal that shows nothing and passes on each key, until this is dropped.
struct Hidden;

impl Hidden {
    fn new(terminal: &File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut modes = before.clone();
        modes.local_modes -=
            LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        *lock() = Some((terminal.try_clone()?, before));
        tcsetattr(terminal, OptionalActions::Now, &modes)?;
        Ok(Self)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        restore_terminal();
    }
}

/// What is typed, up to Ctrl-C.
struct Keys(File);

impl Read for Keys {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let length = self.0.read(buf)?;
        match buf[..length].contains(&CTRL_C) {
            // Not `Interrupted`, which says to try again.
            true => Err(io::ErrorKind::ConnectionAborted.into()),
            false => Ok(length),
        }
    }
}

const CTRL_C: u8 = 3;

fn lock() -> MutexGuard<'static, Option<(File, Termios)>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}
