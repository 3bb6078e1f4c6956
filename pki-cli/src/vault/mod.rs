//! The binary `vault`: a drop-in for ansible-vault.

mod args;
mod batch;
mod check;
mod child;
mod codec;
mod config;
mod create;
mod decrypt;
mod edit;
mod editor;
mod encrypt;
mod encrypt_string;
mod entry;
mod error;
mod genpass;
mod git;
mod identity;
mod ini;
mod inline;
mod interrupt;
mod pager;
mod paths;
mod private_key;
mod rekey;
mod replace;
mod rescue;
mod scratch;
mod status;
mod streams;
mod strength;
mod talk;
mod tree;
mod view;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

use self::args::{Cli, Verb};
use self::config::Config;
pub use self::error::Error;

/// Runs the command line and returns ansible-vault's exit code for how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // A closed output is no reason for another exit code.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    // What editors and scripts make is for its owner alone, as under ansible-vault.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    interrupt::prepare();
    match execute(cli.verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            talk::error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// What can be typed.
pub(crate) fn command() -> clap::Command {
    Cli::command()
}

fn execute(verb: Verb) -> Result<(), Error> {
    let config = Config::load()?;
    if let Some(choice) = config.color {
        choice.write_global();
    }
    match verb {
        Verb::Check(args) => check::run(&args),
        Verb::Genpass(args) => genpass::run(&args),
        Verb::Git(args) => git::run(&args, &config),
        Verb::Inline(args) => inline::run(&args, &config),
        Verb::Status(args) => status::run(&args),
        Verb::Verify(args) => status::verify(&args, &config),
        Verb::Create(args) => create::run(&args, &config),
        Verb::Decrypt(args) => decrypt::run(&args, &config),
        Verb::Edit(args) => edit::run(&args, &config),
        Verb::Encrypt(args) => encrypt::run(&args, &config),
        Verb::EncryptString(args) => encrypt_string::run(&args, &config),
        Verb::Rekey(args) => rekey::run(&args, &config),
        Verb::View(args) => view::run(&args, &config),
    }
}
