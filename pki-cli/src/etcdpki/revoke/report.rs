//! What `etcdpki revoke` tells at its end.

use std::fmt::Write as _;

use pki_core::Cluster;
use pki_core::certificate::{Certificate, ExtendedKeyUsage};
use pki_core::converge::Signed;
use pki_core::etcd::EtcdVersion;
use pki_core::leaf;
use pki_core::revocation::{Carried, Revocation};
use pki_core::role::Usage;
use serde::Serialize;

use super::Selected;
use crate::etcdpki::files;
use crate::etcdpki::output::{BAD, DIM, HEADING, date, timestamp};
use crate::etcdpki::place::Place;

/// What was revoked, what members do with it, and what comes next.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    dry_run: bool,
    undo: bool,
    certificates: Vec<Changed>,
    /// Revoked for good before.
    already: Vec<Changed>,
    written: Vec<String>,
    /// What the next `init` issues anew, since the description asks for it.
    reissued: Vec<String>,
    warnings: Vec<String>,
    /// Whether members refuse each other once they have the list.
    stops_cluster: bool,
    /// What the version of etcd does not do.
    #[serde(skip)]
    bypass: Option<String>,
    #[serde(skip)]
    described: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Changed {
    name: String,
    serial: String,
    subject: Option<String>,
    reason: &'static str,
    revoked: String,
    invalid_since: Option<String>,
    not_after: Option<String>,
    #[serde(skip)]
    expires: String,
}

impl Report {
    pub(super) fn new(cluster: &Cluster, undo: bool, dry_run: bool) -> Self {
        let described = leaf::leaves(cluster).into_iter();
        Self {
            dry_run,
            undo,
            certificates: Vec::new(),
            already: Vec::new(),
            written: Vec::new(),
            reissued: Vec::new(),
            warnings: Vec::new(),
            stops_cluster: false,
            bypass: bypass(cluster.etcd.version),
            described: described.map(|leaf| leaf.id.to_string()).collect(),
        }
    }

    /// A certificate that is revoked or taken back.
    pub(super) fn changes(&mut self, revocation: &Revocation, selected: Option<&Selected>) {
        let changed = Changed::new(revocation, selected);
        let leaf = changed
            .name
            .rsplit_once('/')
            .map(|(leaf, _)| leaf.to_owned());
        let leaf = leaf.filter(|leaf| self.described.contains(leaf));
        if let Some(leaf) = leaf
            && !self.undo
            && !revocation.reason.is_hold()
            && !self.reissued.contains(&leaf)
        {
            self.reissued.push(leaf);
        }
        if !self.undo {
            self.warnings.extend(self.bypass.take());
            if selected.is_some_and(|selected| selected.certificate.is_none()) {
                let serial = revocation.serial_text();
                self.warnings.push(format!(
                    "{serial} is the serial number of no certificate here: compare it with the one that is meant, for it stays on the list for good"
                ));
            }
            let certificate = selected.and_then(|selected| selected.certificate.as_ref());
            self.warnings.extend(certificate.and_then(warning));
            self.warnings.dedup();
        }
        self.certificates.push(changed);
    }

    /// A certificate that was revoked for good before.
    pub(super) fn keeps(&mut self, revocation: &Revocation, selected: Option<&Selected>) {
        self.already.push(Changed::new(revocation, selected));
    }

    /// Authorities among them that certificates in use are sent along with.
    pub(super) fn stops(&mut self, carried: &[Carried]) {
        self.stops_cluster = !carried.is_empty();
        self.warnings
            .extend(carried.iter().map(ToString::to_string));
    }

    /// What was written.
    pub(super) fn signed(&mut self, signed: Signed) {
        self.written = signed.written;
        let unsigned = signed.unsigned.into_iter();
        self.warnings
            .extend(unsigned.map(|(path, reason)| format!("{path} was not signed anew: {reason}")));
    }

    /// A file beside the PKI that was written.
    pub(super) fn wrote(&mut self, path: &str) {
        self.written.push(path.to_owned());
    }

    /// The report for a person.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        self.write_certificates(&mut text);
        if !self.written.is_empty() {
            let _ = writeln!(text, "\n{HEADING}Wrote{HEADING:#}");
            let width = self.written.iter().map(String::len).max().unwrap_or(0);
            for path in &self.written {
                let line = format!("  {path:width$}  {DIM}{}{DIM:#}", remark(path));
                let _ = writeln!(text, "{}", line.trim_end());
            }
        }
        if self.dry_run {
            let _ = writeln!(text, "\nNothing was written: this is a dry run.");
        }
        if !self.certificates.is_empty() {
            text.push_str(match self.undo {
                true => "\nMembers take them again as soon as the new list is there.\n",
                false => EFFECT,
            });
        }
        for warning in &self.warnings {
            let _ = writeln!(text, "\n{BAD}warning:{BAD:#} {warning}");
        }
        self.write_next(&mut text);
        text
    }

    fn write_certificates(&self, text: &mut String) {
        let verb = match (self.undo, self.dry_run) {
            (false, false) => "Revoked",
            (false, true) => "Would revoke",
            (true, false) => "Took back",
            (true, true) => "Would take back",
        };
        if !self.certificates.is_empty() {
            let _ = writeln!(text, "{HEADING}{verb}{HEADING:#}");
        }
        self.certificates.iter().for_each(|one| one.write(text));
        if !self.already.is_empty() {
            let _ = writeln!(text, "{HEADING}Revoked before{HEADING:#}");
        }
        self.already.iter().for_each(|one| one.write(text));
    }

    fn write_next(&self, text: &mut String) {
        if self.certificates.is_empty() {
            return;
        }
        let _ = writeln!(text, "\n{HEADING}Next{HEADING:#}");
        if !self.reissued.is_empty() {
            let _ = writeln!(
                text,
                "  etcdpki init  issues anew what etcdpki.yml still asks for: {}. So does `etcdpki rotate`, as from a timer. Remove it there first if it is to have no certificate any more.",
                self.reissued.join(", ")
            );
        }
        if self.stops_cluster {
            let _ = write!(
                text,
                "  To go back, now or when the cluster has stopped: put {}/ back as it was before this, from {STOPPED}",
                Place::own()
            );
        }
        let _ = writeln!(
            text,
            "  Copy {} to every member, under another name first and then renamed: a member that finds no whole list refuses everybody. The role etcd-server does so.",
            files::LIST
        );
    }
}

impl Changed {
    fn new(revocation: &Revocation, selected: Option<&Selected>) -> Self {
        Self {
            name: selected.map_or_else(|| revocation.serial_text(), Selected::name),
            serial: revocation.serial_text(),
            subject: revocation.subject.clone(),
            reason: revocation.reason.as_str(),
            revoked: timestamp(revocation.revoked),
            invalid_since: revocation.invalid_since.map(timestamp),
            not_after: revocation.not_after.map(timestamp),
            expires: revocation.not_after.map_or("?".to_owned(), date),
        }
    }

    fn write(&self, text: &mut String) {
        let Self {
            name,
            serial,
            reason,
            expires,
            ..
        } = self;
        let subject = self.subject.as_deref().unwrap_or("not known here");
        let _ = writeln!(
            text,
            "  {name}  {reason}  {DIM}{subject}, expires {expires}{DIM:#}"
        );
        if name != serial {
            let _ = writeln!(text, "      {DIM}serial {serial}{DIM:#}");
        }
    }
}

/// What to revoke a certificate does not achieve.
fn warning(certificate: &Certificate) -> Option<String> {
    let serves = ExtendedKeyUsage::Known(Usage::ServerAuth);
    if certificate.authority.is_some() {
        return Some(format!(
            "{} is an authority: members refuse whoever sends it along, but nobody below it who does not, and who trusts it goes on trusting it",
            certificate.subject
        ));
    }
    let serves = certificate.extended_key_usages.contains(&serves);
    serves.then(|| {
        "clients of etcd read no CRL: who has the key of a server can go on posing as one to them"
            .to_owned()
    })
}

/// What a version of etcd does not do with a list.
fn bypass(version: Option<EtcdVersion>) -> Option<String> {
    let of = match version {
        Some(version) if !version.lets_revoked_clients_in() => return None,
        Some(version) => format!("etcd {version}"),
        None => "etcd before 3.5.32 and 3.6.13, and all of 3.4 from 3.4.25 on,".to_owned(),
    };
    Some(format!(
        "{of} lets revoked clients in by gRPC where --listen-client-http-urls is set (GHSA-3wh4-j44w-pg92): update, or do not set it{}",
        match version {
            Some(_) => "",
            None => "; name your version as `etcd: version` in etcdpki.yml",
        }
    ))
}

/// What a file is for.
fn remark(path: &str) -> &'static str {
    match path {
        files::LIST => "the list, for the role etcd-server",
        _ if path.ends_with("etcd.crl") => {
            "for --client-crl-file and --peer-crl-file of every member"
        }
        _ if path.ends_with("etcd.pem") => "the same, for who wants PEM; etcd 3.6 does not take it",
        _ if path.ends_with(".crl") => "the list of this authority alone",
        _ if path.ends_with(".yml") => "what the lists are signed after: keep it",
        _ => "",
    }
}

const STOPPED: &str = "git or another copy, run `etcdpki init`, and bring the list that it writes for the \
    role etcd-server to every member. Nothing that is issued under the revoked authority is taken: \
    docs/revocation.md says how to replace it.\n";
const EFFECT: &str = "\nMembers read their list at each new connection: once the new one is there they refuse \
    whoever shows one of these certificates, without a restart. Connections that are open stay open, and \
    watches go on: to end them, restart the members one by one.\n";
