//! What `etcdpki ca adopt` tells.

use std::fmt::Write as _;
use std::process::ExitCode;

use pki_core::adopt::{Adoption, Problem};
use serde::Serialize;

use crate::etcdpki::description::{self, Described};
use crate::etcdpki::error::Error;
use crate::etcdpki::init::next_command;
use crate::etcdpki::output::{self, BAD, DIM, GOOD, HEADING, count, date, timestamp};

#[derive(Debug, Serialize)]
pub(super) struct Report {
    dry_run: bool,
    /// The description that was written, or would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    domain: String,
    nodes: Vec<String>,
    clients: Vec<String>,
    /// How many of them have a certificate here: the description may have more.
    #[serde(skip)]
    clients_found: usize,
    authorities: Vec<Row>,
    certificates: Vec<Row>,
    problems: Vec<Wrong>,
    /// How many certificates keep the rest from being taken over.
    undecided: usize,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    subject: String,
    not_after: String,
    #[serde(skip)]
    expires: String,
    key: bool,
    path: String,
}

#[derive(Debug, Serialize)]
struct Wrong {
    path: String,
    message: String,
}

impl Report {
    /// A dry run, until [`kept`](Self::kept) says otherwise.
    pub(super) fn new(described: &Described, adoption: &Adoption) -> Self {
        let cluster = &described.cluster;
        let authorities = adoption.authorities.iter().map(|found| Row {
            name: format!("{} authority", found.name),
            subject: found.certificate.subject.clone(),
            not_after: timestamp(found.certificate.validity.not_after),
            expires: date(found.certificate.validity.not_after),
            key: found.has_key(),
            path: found.path.clone(),
        });
        let certificates = adoption.leaves.iter().map(|found| Row {
            name: found.id.to_string(),
            subject: found.chain[0].subject.clone(),
            not_after: timestamp(found.chain[0].validity.not_after),
            expires: date(found.chain[0].validity.not_after),
            key: true,
            path: found.path.clone(),
        });
        let wrong = |Problem { path, message }: &Problem| Wrong {
            path: path.clone(),
            message: message.clone(),
        };
        Self {
            dry_run: true,
            description: described
                .is_new
                .then(|| String::from_utf8_lossy(&described.text).into_owned()),
            domain: cluster.domain.to_string(),
            nodes: cluster
                .nodes
                .iter()
                .map(|node| node.name.to_string())
                .collect(),
            clients: cluster.clients.iter().map(ToString::to_string).collect(),
            clients_found: adoption.proposal.clients.len(),
            authorities: authorities.collect(),
            certificates: certificates.collect(),
            problems: adoption.problems.iter().map(wrong).collect(),
            undecided: adoption.undecided.len(),
        }
    }

    /// It is in the store.
    pub(super) fn kept(&mut self) {
        self.dry_run = false;
    }

    pub(super) fn print(&self, json: bool) -> Result<ExitCode, Error> {
        match json {
            true => output::print_json(self)?,
            false => output::print(&self.to_text())?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        let verb = match self.dry_run {
            true => "Would take over",
            false => "Took over",
        };
        let _ = writeln!(
            text,
            "{GOOD}{verb}{GOOD:#} {} of {} in {} and {}\n",
            count(self.certificates.len(), "certificate"),
            count(self.nodes.len(), "node"),
            self.domain,
            count(self.clients_found, "client"),
        );
        let rows = || self.authorities.iter().chain(&self.certificates);
        let width = rows().map(|row| row.name.len()).max().unwrap_or(0);
        for row in rows() {
            let key = if row.key { "" } else { "  without its key" };
            let _ = writeln!(
                text,
                "{:width$}  {}  {}{key}\n{:width$}  {DIM}{}{DIM:#}",
                row.name, row.expires, row.subject, "", row.path
            );
        }
        self.write_problems(&mut text);
        self.write_description(&mut text);
        let next = match self.dry_run {
            true if self.undecided > 0 => {
                "Nothing was written: see what is to be decided first.".to_owned()
            }
            true => "Nothing was written: this is a dry run.".to_owned(),
            false => format!(
                "Next: `{}` makes what is described and was not found, and the vault files.",
                next_command()
            ),
        };
        let _ = writeln!(text, "\n{next}");
        text
    }

    fn write_problems(&self, text: &mut String) {
        if self.problems.is_empty() {
            return;
        }
        let _ = writeln!(
            text,
            "\n{BAD}{}{BAD:#}",
            count(self.problems.len(), "remark")
        );
        let mut last = "";
        for Wrong { path, message } in &self.problems {
            if path != last {
                let _ = writeln!(text, "  {path}");
            }
            let _ = writeln!(text, "    {message}");
            last = path;
        }
    }

    fn write_description(&self, text: &mut String) {
        match (&self.description, self.dry_run) {
            (Some(description), true) => {
                let _ = writeln!(
                    text,
                    "\n{HEADING}The {} that fits{HEADING:#}",
                    description::FILE
                );
                let said = description
                    .lines()
                    .filter(|line| !line.starts_with('#') && !line.is_empty());
                for line in said {
                    let _ = writeln!(text, "  {line}");
                }
            }
            (Some(_), false) => {
                let _ = writeln!(text, "\nWrote {}: look it over", description::FILE);
            }
            (None, _) => {}
        }
    }
}
