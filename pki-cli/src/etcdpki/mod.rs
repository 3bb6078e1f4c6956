//! `etcdpki`: the certificates of an etcd cluster, from one description.

#[cfg(feature = "etcd")]
mod agent;
mod args;
mod ca;
mod description;
mod doctor;
mod error;
mod explain;
mod export;
mod files;
mod findings;
mod hook;
mod init;
mod inspect;
mod interrupt;
mod issue;
mod keys;
mod live;
mod opened;
mod output;
mod place;
mod prometheus;
mod provision;
mod report;
mod revoke;
mod rotate;
mod secrets;
mod shell;
mod shortened;
mod status;
#[cfg(feature = "etcd")]
mod store;
mod tips;
mod verify;
mod watcher;

use std::ffi::OsString;
use std::fs;
use std::path::{self, Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

use args::{Arguments, Command};
use error::Error;
use place::Place;

/// Runs the command and returns its exit code: 0 done, 1 failed, 2 wrong usage, 3 something was
/// found or is due, 128 and the number of the signal that interrupted it.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let typed: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&typed) {
        Ok(arguments) => arguments,
        Err(mut error) => {
            tips::correct(&mut error, &command(), &typed);
            if error.use_stderr() {
                output::note(error.render().ansi().to_string().trim_end());
                return ExitCode::from(2);
            }
            // Help and the version. If nobody reads them there is nobody to tell.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
    };
    interrupt::prepare();
    match dispatch(arguments) {
        Ok(code) => code,
        // Whoever reads our output has seen enough, as with `etcdpki inspect … | head`.
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            error.exit_code()
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<ExitCode, Error> {
    let creates = matches!(&arguments.command, Command::Init(init) if !init.dry_run);
    let made = match &arguments.directory {
        Some(directory) => enter(directory, creates)?,
        None => Vec::new(),
    };
    execute(arguments).inspect_err(|_| {
        // One in which something was made stays.
        let _ = made.iter().try_for_each(fs::remove_dir);
    })
}

fn execute(arguments: Arguments) -> Result<ExitCode, Error> {
    // It is about the programs, and about no PKI.
    if let Command::Shell(shell) = &arguments.command {
        return shell::run(shell);
    }
    Place::choose(&arguments.store)?;
    match arguments.command {
        #[cfg(feature = "etcd")]
        Command::Agent(agent) => agent::run(&agent),
        Command::Ca(ca) => ca::run(&ca),
        Command::Doctor(doctor) => doctor::run(&doctor),
        Command::Explain(explain) => explain::run(&explain),
        Command::Export(export) => export::run(&export),
        Command::Hook(hook) => hook::run(&hook),
        Command::Provision(provision) => provision::run(provision),
        Command::Init(init) => init::run(&init, arguments.directory.as_deref()),
        Command::Inspect(inspect) => inspect::run(&inspect),
        Command::Issue(issue) => issue::run(&issue, arguments.directory.as_deref()),
        Command::Report(report) => report::run(&report),
        Command::Shell(shell) => shell::run(&shell),
        Command::Status(status) => status::run(&status),
        #[cfg(feature = "etcd")]
        Command::Store(store) => store::run(&store, &arguments.store),
        Command::Revoke(revoke) => revoke::run(&revoke),
        Command::Rotate(rotate) => rotate::run(&rotate, arguments.directory.as_deref()),
        Command::Verify(verify) => verify::run(&verify),
    }
}

/// What can be typed.
fn command() -> clap::Command {
    Arguments::command()
}

/// Works in `directory`, as `git -C` does; `init` makes it if it is missing. Returns those that were made,
/// the innermost first.
fn enter(directory: &Path, create: bool) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::Io {
        path: directory.to_owned(),
        source,
    };
    let mut made = Vec::new();
    if create {
        let whole = path::absolute(directory).map_err(failed)?;
        let missing = whole.ancestors().take_while(|path| !path.exists());
        made.extend(missing.map(Path::to_owned));
        fs::create_dir_all(directory).map_err(failed)?;
    }
    std::env::set_current_dir(directory).map_err(failed)?;
    Ok(made)
}
