//! Passwords: from files, scripts, commands and prompts.
//!
//! The rules are ansible's, so that a password file serves both. A password is never in an
//! argument, an environment variable, an error or a log.

mod bytes;
mod error;
mod file;
mod program;
mod prompt;
pub(crate) mod strength;
mod terminal;

pub(crate) use self::bytes::{Unread, read};
pub use self::bytes::{
    read_all, read_line, read_plaintext, trim_line_breaks, trim_white_space, unbuffered_stdin,
};
pub use self::error::Error;
pub use self::file::{Readable, Source, from_file};
pub use self::program::{Answer, Program, from_command};
pub use self::prompt::{prompt, prompt_new, prompt_on_terminal, prompt_twice, prompt_verbatim};
pub use self::terminal::restore_terminal;
