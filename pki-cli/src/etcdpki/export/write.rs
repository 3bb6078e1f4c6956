//! Where an export goes, and what is told of it.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use pki_core::export::File;
use pki_core::store::atomic::{Access, Group};
use serde::Serialize;

use crate::etcdpki::args::{Export, Format};
use crate::etcdpki::error::{Error, STDOUT};
use crate::etcdpki::output::{self, BAD, GOOD};

/// Writes the files, or says what would be written.
pub(super) fn run(arguments: &Export, files: &[File]) -> Result<ExitCode, Error> {
    if arguments.out.as_os_str() == "-" {
        return to_stdout(arguments, files);
    }
    let placed = place(&arguments.out, files);
    if !arguments.force {
        // Before anything is written: all or nothing.
        if let Some((path, _)) = placed
            .iter()
            .find(|(path, _)| path.symlink_metadata().is_ok())
        {
            return Err(Error::ExportExists { path: path.clone() });
        }
    }
    if !arguments.dry_run {
        let mut group = Group::default();
        for (path, file) in &placed {
            group.stage_file(path, &file.content, file.access)?;
        }
        group.commit()?;
    }
    Report::new(arguments.dry_run, &placed).print(arguments.json)
}

/// Many documents of text can follow each other; of other files there must be one.
fn to_stdout(arguments: &Export, files: &[File]) -> Result<ExitCode, Error> {
    if files.len() != 1 && arguments.format != Format::Combined {
        return Err(Error::ExportToStdout { count: files.len() });
    }
    let secret = files.iter().any(|file| file.access == Access::Owner);
    if secret && io::stdout().is_terminal() && !arguments.force {
        return Err(Error::ExportToTerminal);
    }
    if arguments.dry_run {
        let place = |file| (PathBuf::from(STDOUT), file);
        let placed: Vec<_> = files.iter().map(place).collect();
        return Report::new(true, &placed).print(arguments.json);
    }
    let failed = |source| Error::io(STDOUT, source);
    let mut stdout = io::stdout().lock();
    for file in files {
        stdout.write_all(&file.content).map_err(failed)?;
    }
    stdout.flush().map_err(failed)?;
    Ok(ExitCode::SUCCESS)
}

fn place<'a>(out: &Path, files: &'a [File]) -> Vec<(PathBuf, &'a File)> {
    let extension = out.extension().and_then(|text| text.to_str());
    let is_file = extension.is_some_and(|text| FILE_EXTENSIONS.contains(&text)) && !out.is_dir();
    match files {
        [file] if is_file => vec![(out.to_owned(), file)],
        _ => {
            let place = |file: &'a File| (out.join(&file.path), file);
            files.iter().map(place).collect()
        }
    }
}

#[derive(Debug, Serialize)]
struct Report {
    dry_run: bool,
    files: Vec<Written>,
}

#[derive(Debug, Serialize)]
struct Written {
    path: String,
    mode: &'static str,
    holds_private_key: bool,
}

impl Report {
    fn new(dry_run: bool, placed: &[(PathBuf, &File)]) -> Self {
        let written = |(path, file): &(PathBuf, &File)| {
            let secret = file.access == Access::Owner;
            Written {
                path: path.display().to_string(),
                mode: if secret { "0600" } else { "0644" },
                holds_private_key: secret,
            }
        };
        Self {
            dry_run,
            files: placed.iter().map(written).collect(),
        }
    }

    fn print(&self, json: bool) -> Result<ExitCode, Error> {
        match json {
            true => output::print_json(self)?,
            false => output::print(&self.to_text())?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn to_text(&self) -> String {
        let verb = match self.dry_run {
            true => "Would write",
            false => "Wrote",
        };
        let count = self.files.len();
        let mut text = format!("{GOOD}{verb}{GOOD:#} {count} files\n\n");
        if count == 1 {
            text = format!("{GOOD}{verb}{GOOD:#} 1 file\n\n");
        }
        for file in &self.files {
            let _ = writeln!(text, "  {}  {}", file.mode, file.path);
        }
        let secrets = self.files.iter().filter(|file| file.holds_private_key);
        match (self.dry_run, secrets.count()) {
            (true, _) => text.push_str("\nNothing was written: this is a dry run.\n"),
            (false, 0) => {}
            (false, _) => {
                let _ = writeln!(
                    text,
                    "\n{BAD}note{BAD:#}: files of mode 0600 hold private keys: keep them out of git, and remove them once they are installed"
                );
            }
        }
        text
    }
}

const FILE_EXTENSIONS: [&str; 5] = ["der", "p12", "pem", "yaml", "yml"];
