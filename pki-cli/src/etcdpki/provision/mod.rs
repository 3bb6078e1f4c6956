//! `etcdpki provision`: write what brings the certificates onto machines.

mod ansible;
mod flags;
mod kubernetes;
mod report;
mod systemd;
mod terraform;
mod variables;
mod written;

use std::path::{Component, Path};
use std::process::ExitCode;

pub(super) use ansible::play;
pub(super) use systemd::unit;
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
        Provision::Ansible(write) => finish(
            Target::Ansible,
            ansible::files(&cluster)?,
            write,
            &[&play()],
        ),
        Provision::Kubernetes(arguments) if arguments.secret => {
            kubernetes::print_secret(&cluster, arguments)
        }
        Provision::Kubernetes(arguments) => {
            let files = kubernetes::files(&cluster, &arguments)?;
            finish(Target::Kubernetes, files, arguments.write, kubernetes::NEXT)
        }
        Provision::Systemd(write) => finish(
            Target::Systemd,
            systemd::files(&cluster)?,
            write,
            systemd::NEXT,
        ),
        Provision::Terraform(write) => finish(
            Target::Terraform,
            terraform::files(&cluster)?,
            write,
            terraform::NEXT,
        ),
    }
}

/// Whether the settings of members were written: by the role that starts them, or as their units.
pub(super) fn has_settings() -> Result<bool, Error> {
    let written = Written::read()?;
    Ok(written.has(Target::Ansible) || written.has(Target::Systemd))
}

/// Whether the playbook was written.
pub(super) fn has_playbook() -> Result<bool, Error> {
    Ok(Written::read()?.has(Target::Ansible))
}

/// Whose files are written.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Ansible,
    Kubernetes,
    Systemd,
    Terraform,
}

impl Target {
    /// Whether a file is of this target: all but Ansible have a directory to themselves. None is
    /// outside of the project, whatever a record says.
    fn owns(self, path: &str) -> bool {
        let path = Path::new(path);
        let others = [Self::Kubernetes, Self::Systemd, Self::Terraform];
        let mut others = others.iter().filter_map(|other| other.directory());
        path.components()
            .all(|part| matches!(part, Component::Normal(_)))
            && match self.directory() {
                Some(directory) => path.starts_with(directory),
                None => !others.any(|directory| path.starts_with(directory)),
            }
    }

    fn directory(self) -> Option<&'static str> {
        match self {
            Self::Ansible => None,
            Self::Kubernetes => Some("kubernetes"),
            Self::Systemd => Some("systemd"),
            Self::Terraform => Some("terraform"),
        }
    }
}

/// A file that is to be there.
pub(super) struct File {
    /// From the top of the project.
    pub(super) path: String,
    pub(super) content: String,
    /// Whether it is a program.
    pub(super) executable: bool,
    /// Whether it is a person's to edit: it is written where it is not there, and never again.
    pub(super) once: bool,
}

impl File {
    fn new(path: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            content: content.into(),
            executable: false,
            once: false,
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
    target: Target,
    files: Vec<File>,
    write: Write,
    next: &[&str],
) -> Result<ExitCode, Error> {
    let mut written = Written::read()?;
    let outcomes = written.write(target, files, write)?;
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
