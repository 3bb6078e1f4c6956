//! `etcdpki revoke`: revoke certificates, and sign the list that members refuse them by.

mod listing;
mod report;
mod selection;

use std::collections::HashMap;
use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::converge;
use pki_core::crl::{self, Reason};
use pki_core::leaf::leaves;
use pki_core::revocation::{Carried, Revocation};
use pki_core::store::{Batch, Pki};
use time::OffsetDateTime;

use super::args::Revoke;
use super::description;
use super::error::Error;
use super::{files, keys, opened, output};
use crate::etcdpki::place::Kept;
use report::Report;
use selection::Selected;
pub(super) use selection::owners;

/// Runs the command.
pub(super) fn run(arguments: &Revoke) -> Result<ExitCode, Error> {
    let cluster = description::read()?;
    if arguments.list {
        let (pki, _) = opened::existing(None)?;
        return listing::run(&pki, arguments.json);
    }
    let report = match arguments.dry_run {
        true => {
            let (pki, _) = opened::existing(None)?;
            Change::plan(arguments, &cluster, &pki, OffsetDateTime::now_utc())?
                .report(&cluster, true)
        }
        false => revoke(arguments, &cluster)?,
    };
    match arguments.json {
        true => output::print_json(&report)?,
        false => output::print(&report.to_text())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn revoke(arguments: &Revoke, cluster: &Cluster) -> Result<Report, Error> {
    let (mut pki, keyring) = opened::existing(Some("revoke"))?;
    let now = OffsetDateTime::now_utc();
    let change = Change::plan(arguments, cluster, &pki, now)?;
    let mut report = change.report(cluster, false);
    // A command that was killed may have left records that no list or journal tells of.
    if change.records.is_empty() && !change.lists_are_due {
        pki.commit(Batch::default())?;
        if files::write_list(&pki)? {
            report.wrote(files::LIST);
        }
        return Ok(report);
    }
    let keys = keys::open(&arguments.keys, &pki, &keyring)?;
    report.signed(converge::revoke(
        cluster,
        &mut pki,
        &change.records,
        &keys,
        now,
    )?);
    if files::write_list(&pki)? {
        report.wrote(files::LIST);
    }
    #[cfg(feature = "etcd")]
    super::agent::hand_out(cluster, &mut pki, &keys)?;
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
    /// What is to be written: those that change, and those of which the record was lost.
    records: Vec<Revocation>,
    lists_are_due: bool,
    /// Authorities to be revoked that certificates in use are sent along with.
    carried: Vec<Carried>,
}

impl Change {
    fn plan(
        arguments: &Revoke,
        cluster: &Cluster,
        pki: &Pki<Kept>,
        now: OffsetDateTime,
    ) -> Result<Self, Error> {
        let selected = selection::select(arguments, pki, now)?;
        let (authorities, records) = (pki.authorities()?, pki.revocations()?);
        let lists = crl::lists(cluster, pki, &authorities, &records, now)?;
        let in_force: HashMap<_, _> = crl::in_force(&records, &lists)
            .into_iter()
            .map(|revocation| (revocation.serial.clone(), revocation))
            .collect();
        let mut change = Self {
            undo: arguments.undo,
            selected: Vec::new(),
            revocations: Vec::new(),
            already: Vec::new(),
            records: Vec::new(),
            lists_are_due: lists.iter().any(|list| list.due.is_some()),
            carried: Vec::new(),
        };
        for selected in selected {
            let revocation = in_force.get(&selected.serial);
            change.add(selected, revocation, arguments, now)?;
        }
        if !arguments.undo {
            change.find_carried(cluster, pki)?;
        }
        if let Some(carried) = change.carried.first().filter(|_| !arguments.stop_cluster) {
            let carried = Box::new(carried.clone());
            return Err(Error::StopsCluster { carried });
        }
        change.records.clone_from(&change.revocations);
        let lost = change.already.iter().filter(|one| !records.contains(one));
        change.records.extend(lost.cloned());
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

    fn find_carried(&mut self, cluster: &Cluster, pki: &Pki<Kept>) -> Result<(), Error> {
        let mut stored = Vec::new();
        for leaf in leaves(cluster) {
            stored.extend(pki.leaf(&leaf.id)?);
        }
        let is_revoked = |serial: &[u8]| self.revocations.iter().any(|one| one.serial == serial);
        self.carried = Carried::find(&stored, is_revoked);
        Ok(())
    }

    /// Adds a certificate that is meant, with the revocation that is in force for it.
    fn add(
        &mut self,
        selected: Selected,
        in_force: Option<&Revocation>,
        arguments: &Revoke,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        match in_force {
            Some(found) if !found.reason.is_hold() => self.already.push(found.clone()),
            Some(found) if self.undo => self.revocations.push(found.clone().release(now)?),
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
        report.stops(&self.carried);
        report
    }
}
