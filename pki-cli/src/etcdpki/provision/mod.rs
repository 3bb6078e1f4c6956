//! `etcdpki provision`: write what brings the certificates onto machines.

mod ansible;
mod flags;
mod kubernetes;
mod report;
mod systemd;
mod terraform;
mod variables;
mod written;

use std::process::ExitCode;

pub(super) use variables::Variables;

use super::args::{Provision, Write};
use super::description;
use super::error::Error;
use super::output;
use report::Report;
use written::Written;

/// Runs the command.
pub(super) fn run(provision: Provision) -> Result<ExitCode, Error> {
    let cluster = description::read()?;
    match provision {
        Provision::Ansible(write) => finish(ansible::files(&cluster)?, write, ansible::NEXT),
        Provision::Kubernetes(arguments) if arguments.secret => {
            kubernetes::print_secret(&cluster, arguments)
        }
        Provision::Kubernetes(arguments) => {
            let files = kubernetes::files(&cluster, &arguments)?;
            finish(files, arguments.write, kubernetes::NEXT)
        }
        Provision::Systemd(write) => finish(systemd::files(&cluster)?, write, systemd::NEXT),
        Provision::Terraform(write) => finish(terraform::files(&cluster)?, write, terraform::NEXT),
    }
}

/// A file that is to be there.
pub(super) struct File {
    /// From the top of the project.
    pub(super) path: String,
    pub(super) content: String,
    /// Whether it is a program.
    pub(super) executable: bool,
}

impl File {
    fn new(path: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            content: content.into(),
            executable: false,
        }
    }
}

/// Templates that are files as they are, under this directory of the project.
fn verbatim(templates: &[(&str, &str)], directory: &str) -> Vec<File> {
    let files = templates.iter();
    files
        .map(|(path, content)| File::new(format!("{directory}{path}"), *content))
        .collect()
}

fn finish(
    files: Vec<File>,
    write: Write,
    next: &'static [&'static str],
) -> Result<ExitCode, Error> {
    let mut written = Written::read()?;
    let outcomes = written.write(files, write)?;
    let report = Report::new(outcomes, write, next);
    match write.json {
        true => output::print_json(&report)?,
        false => output::print(&report.to_text())?,
    }
    Ok(match report.has_kept() {
        true => ExitCode::from(FOUND),
        false => ExitCode::SUCCESS,
    })
}

/// The table of the templates in a directory.
macro_rules! templates {
    ($root:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../templates/", $root, "/", $path)))),*]
    };
}
use templates;

/// The exit code that says that edited files were kept.
const FOUND: u8 = 3;

#[cfg(test)]
mod tests;
