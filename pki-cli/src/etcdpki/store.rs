//! `etcdpki store`: where the PKI is kept.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use pki_core::store::{Store as _, copy};
use serde::Serialize;

use super::args::{Store, StoreArguments, StoreCheck, StoreCopy};
use super::error::Error;
use super::place::Place;
use super::{opened, output, watcher};

/// Runs the command.
pub(super) fn run(store: &Store, arguments: &StoreArguments) -> Result<ExitCode, Error> {
    match store {
        Store::Check(check) => run_check(check),
        Store::Copy(copy) => run_copy(copy, arguments),
    }
}

fn run_copy(what: &StoreCopy, arguments: &StoreArguments) -> Result<ExitCode, Error> {
    let from = Place::named(&what.from, arguments)?;
    let to = Place::named(&what.to, arguments)?;
    if what.from == what.to {
        return Err(Error::Usage(format!(
            "{from} is named twice: name the place to copy to, too"
        )));
    }
    let source = from.open_to_copy(COPY)?;
    let mut target = to.open(COPY)?;
    let watcher = watcher::watcher();
    let told = Some(Arc::clone(&watcher));
    let copied = copy::copy(&source, &mut target, told).inspect_err(|_| to.discard_empty())?;
    // What was written is read anew, and not what is remembered of it.
    drop(target);
    let count = copy::compare(&source, &to.open_read_only()?, Some(&*watcher))?;
    output::print(&format!(
        "{from} -> {to}: {count} files, {} written, {} there already; read back: identical\n",
        copied.written, copied.present
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn run_check(arguments: &StoreCheck) -> Result<ExitCode, Error> {
    let view = View::read()?;
    match arguments.json {
        true => output::print_json(&view)?,
        false => output::print(&view.text())?,
    }
    Ok(match view.faults.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FOUND),
    })
}

/// What there is in a store.
#[derive(Serialize)]
struct View {
    store: String,
    /// Of a store that has revisions.
    revision: Option<i64>,
    files: usize,
    octets: usize,
    certificates: usize,
    journal_lines: usize,
    faults: Vec<String>,
}

impl View {
    fn read() -> Result<Self, Error> {
        let (pki, _) = opened::existing(None)?;
        let files = copy::files(pki.store(), Some(&*watcher::watcher()))?;
        let mut octets = 0;
        for path in &files {
            octets += pki.store().read(path)?.map_or(0, |content| content.len());
        }
        let journal = pki.journal()?;
        let place = pki.locate_journal();
        let faults = journal.faults().iter();
        let mut faults: Vec<_> = faults.map(|fault| format!("{place}: {fault}")).collect();
        let certificates = match pki.all_certificates() {
            Ok(certificates) => certificates.len(),
            Err(error) => {
                faults.push(error.to_string());
                0
            }
        };
        if let Some(missing) = pki.missing_lines(&journal)? {
            faults.push(format!(
                "{place}: {missing}: restore it from a copy, or run `etcdpki init` to add them"
            ));
        }
        Ok(Self {
            store: Place::own().to_string(),
            revision: pki.store().revision(),
            files: files.len(),
            octets,
            certificates,
            journal_lines: journal.lines().len(),
            faults,
        })
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", self.store);
        if let Some(revision) = self.revision {
            let _ = writeln!(text, "  revision      {revision}");
        }
        let _ = writeln!(
            text,
            "  files         {}, {} octets",
            self.files, self.octets
        );
        let _ = writeln!(text, "  certificates  {}", self.certificates);
        let _ = writeln!(text, "  journal       {} lines", self.journal_lines);
        for fault in &self.faults {
            let _ = writeln!(text, "  fault         {fault}");
        }
        text
    }
}

/// The name of the command, for others who wait for it.
const COPY: &str = "store copy";
/// The exit code that says that something was found.
const FOUND: u8 = 3;
