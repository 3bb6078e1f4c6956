//! `etcdpki revoke`: revoke certificates, and sign the list that members refuse them by.

mod listing;
mod report;
mod selection;

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::converge;
use pki_core::crl::{self, Reason};
use pki_core::revocation::Revocation;
use pki_core::store::{Batch, Directory, Pki};
use time::OffsetDateTime;

use super::args::Revoke;
use super::description;
use super::error::Error;
use super::init::PKI;
use super::output;
use super::secrets::{self, Source};
use report::Report;
use selection::Selected;

/// Runs the command.
pub(super) fn run(arguments: &Revoke) -> Result<ExitCode, Error> {
    let cluster = description::read()?;
    let root = Path::new(PKI);
    let pki = Pki::new(Directory::open_read_only(root)?);
    if pki.keyring()?.is_none() {
        return Err(Error::NoPki { path: root.into() });
    }
    if arguments.list {
        return listing::run(&pki, arguments.json);
    }
    let report = match arguments.dry_run {
        true => Change::plan(arguments, &pki, OffsetDateTime::now_utc())?.report(&cluster, true),
        false => revoke(arguments, &cluster)?,
    };
    match arguments.json {
        true => output::print_json(&report)?,
        false => output::print(&report.to_text())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn revoke(arguments: &Revoke, cluster: &Cluster) -> Result<Report, Error> {
    let mut pki = Pki::new(Directory::open(Path::new(PKI))?).on_behalf_of("revoke");
    let now = OffsetDateTime::now_utc();
    let change = Change::plan(arguments, &pki, now)?;
    let mut report = change.report(cluster, false);
    // A command that was killed may have left records that no list or journal tells of.
    let (authorities, records) = (pki.authorities()?, pki.revocations()?);
    let lists = crl::lists(cluster, &pki, &authorities, &records, now)?;
    if change.revocations.is_empty() && lists.iter().all(|list| list.due.is_none()) {
        pki.commit(Batch::default())?;
        return Ok(report);
    }
    let keyring = pki
        .keyring()?
        .ok_or_else(|| Error::NoPki { path: PKI.into() })?;
    let secret = Source::passphrase(&arguments.passphrase).read(false)?;
    let keys = keyring.unlock(&secrets::passphrase(&secret)?)?;
    let revocations = &change.revocations;
    report.signed(converge::revoke(
        cluster,
        &mut pki,
        revocations,
        &keys,
        now,
    )?);
    Ok(report)
}

/// What is to be revoked or taken back, and what is so already.
#[derive(Debug)]
struct Change {
    undo: bool,
    selected: Vec<Selected>,
    /// Of the selected ones, in their order, those that change.
    revocations: Vec<Revocation>,
    /// What was revoked for good before.
    already: Vec<Revocation>,
}

impl Change {
    fn plan(arguments: &Revoke, pki: &Pki<Directory>, now: OffsetDateTime) -> Result<Self, Error> {
        let selected = selection::select(arguments, pki, now)?;
        let records = pki.revocations()?.into_iter();
        let records: HashMap<_, _> = records.map(|r| (r.serial.clone(), r)).collect();
        let mut change = Self {
            undo: arguments.undo,
            selected: Vec::new(),
            revocations: Vec::new(),
            already: Vec::new(),
        };
        for selected in selected {
            let record = records.get(&selected.serial);
            let record = record.filter(|record| record.is_active());
            change.add(selected, record, arguments, now)?;
        }
        if arguments.undo && change.revocations.is_empty() {
            // One that was revoked for good says why it cannot be taken back.
            if let Some(last) = change.already.pop() {
                last.release(now)?;
            }
            return Err(Error::NothingToRevoke {
                wanted: change.names().join(", "),
                reason: "nothing of it is on hold, so there is nothing to take back".to_owned(),
            });
        }
        Ok(change)
    }

    /// Adds a certificate that is meant, and the record that holds for it now.
    fn add(
        &mut self,
        selected: Selected,
        record: Option<&Revocation>,
        arguments: &Revoke,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        match record {
            Some(record) if !record.reason.is_hold() => self.already.push(record.clone()),
            Some(record) if self.undo => self.revocations.push(record.clone().release(now)?),
            None if self.undo => {}
            _ => {
                let reason = arguments.reason.unwrap_or(Reason::Unspecified);
                let revocation = selected.revoke(reason, now)?;
                let since = arguments.invalid_since;
                self.revocations.push(revocation.invalid_since(since));
            }
        }
        self.selected.push(selected);
        Ok(())
    }

    fn names(&self) -> Vec<String> {
        self.selected.iter().map(Selected::name).collect()
    }

    fn report(&self, cluster: &Cluster, dry_run: bool) -> Report {
        let find = |revocation: &Revocation| {
            let mut selected = self.selected.iter();
            selected.find(|selected| selected.serial == revocation.serial)
        };
        let mut report = Report::new(cluster, self.undo, dry_run);
        for revocation in &self.revocations {
            report.changes(revocation, find(revocation));
        }
        for revocation in &self.already {
            report.keeps(revocation, find(revocation));
        }
        report
    }
}
