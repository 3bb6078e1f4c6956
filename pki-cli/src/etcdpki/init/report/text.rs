//! The report as a person reads it.

use std::fmt::Write as _;
use std::path::Path;

use pki_core::document::AnsibleRole;

use super::{Limit, NextRenewal, ROTATE, Report, Undescribed};
use crate::etcdpki::description::Examples;
use crate::etcdpki::init::written::{self, Line};
use crate::etcdpki::output::{BAD, DIM, GOOD, HEADING, WARN, WIDE, count, whole};
use crate::etcdpki::place::Place;
use crate::etcdpki::provision;
use crate::etcdpki::shortened::shortened;
use crate::refusal;

impl Report {
    /// The report for a person.
    ///
    /// `directory` is where the command worked, if it was told to work elsewhere; `width` is that of the
    /// terminal.
    pub(in crate::etcdpki::init) fn to_text(
        &self,
        directory: Option<&Path>,
        width: usize,
    ) -> String {
        let mut text = String::new();
        self.write(&mut text, directory, width >= WIDE);
        text
    }

    fn write(&self, text: &mut String, directory: Option<&Path>, with_paths: bool) {
        let Self {
            cluster,
            domain,
            nodes,
            clients,
            ..
        } = self;
        let _ = writeln!(
            text,
            "{HEADING}Cluster {cluster}{HEADING:#} in {domain}: {}, {}",
            count(*nodes, "node"),
            count(*clients, "client"),
        );
        if let Some(examples) = self.examples {
            let (what, why, edited) = match examples {
                Examples::Both => ("The nodes are examples", "none were", "nodes and domain"),
                Examples::Domain => ("The domain is an example", "none was", "the domain"),
                Examples::Nodes => ("The nodes are examples", "none were", "the nodes"),
            };
            let _ = writeln!(
                text,
                "\n{BAD}{what}{BAD:#}, since {why} given. Before this is put to use, edit {edited} in etcdpki.yml, remove {}/, and run this again.",
                Place::own()
            );
        }
        if let Some(note) = self.quorum() {
            let _ = writeln!(text, "{WARN}note{WARN:#}: {note}");
        }
        match (self.dry_run, self.is_idle()) {
            (true, _) => return self.write_plan(text),
            _ if self.rotation.is_some() => {
                if let Some(rotation) = &self.rotation {
                    rotation.write(text);
                }
                self.write_made(text);
            }
            (false, true) => {
                let _ = match self.command {
                    ROTATE => writeln!(text, "\n{GOOD}Nothing is due{GOOD:#}."),
                    _ => writeln!(
                        text,
                        "\n{GOOD}Nothing changed{GOOD:#}: every certificate that is described is there."
                    ),
                };
            }
            (false, false) => self.write_made(text),
        }
        self.write_table(text, with_paths);
        if let Some(limit) = &self.limit {
            let Limit {
                authority,
                day,
                certificates,
                ..
            } = limit;
            let (certificates, end) = match certificates {
                1 => ("1 certificate".to_owned(), "ends"),
                many => (count(*many, "certificate"), "end"),
            };
            let _ = writeln!(
                text,
                "\n{WARN}note{WARN:#}: {certificates} {end} with the {authority} CA, on {day}: no renewal lengthens that until the authority is replaced"
            );
        }
        for refused in &self.refused {
            let _ = writeln!(
                text,
                "\n{BAD}Refused{BAD:#}: {refused}; how to go on is in docs/revocation.md"
            );
        }
        if !self.undescribed.is_empty() {
            let _ = writeln!(
                text,
                "\n{BAD}Not described{BAD:#}, and taken by members until they expire"
            );
            for Undescribed { path, expires, .. } in &self.undescribed {
                let _ = writeln!(text, "  {expires}  {path}");
            }
            let _ = writeln!(
                text,
                "  {DIM}to have them refused: etcdpki revoke NAME{DIM:#}"
            );
        }
        if !self.unused.is_empty() {
            let _ = writeln!(
                text,
                "\n{BAD}Not used{BAD:#} any more: remove these, for Ansible reads them, and asks for their passwords"
            );
            for path in &self.unused {
                let _ = writeln!(text, "  {path}");
            }
        }
        self.write_next(text, directory);
    }

    /// What is to be known of a cluster that has another number of nodes than an odd one from 3.
    fn quorum(&self) -> Option<String> {
        match self.nodes {
            1 => Some(
                "one node survives no failure: describe three for a cluster that survives the loss of one"
                    .to_owned(),
            ),
            2 => Some(
                "a quorum of two nodes is both, so the failure of either stops the cluster: describe three, which survive the loss of one"
                    .to_owned(),
            ),
            even if even % 2 == 0 => Some(format!(
                "{even} nodes survive the loss of {}, no more than {} do: an odd number is better",
                self.tolerated_losses,
                even - 1
            )),
            _ => None,
        }
    }

    fn write_plan(&self, text: &mut String) {
        let _ = match self.made.is_empty() {
            true => writeln!(text, "\nNo certificate would be made."),
            false => writeln!(text, "\nWould make:"),
        };
        self.write_list(text);
        self.write_files(text, "Would write");
        let _ = writeln!(text, "\nNothing was written: this is a dry run.");
        if !self.closed.is_empty() {
            let _ = writeln!(
                text,
                "{DIM}It opens no encrypted file: one that holds something else than is described would be rewritten too.{DIM:#}"
            );
        }
    }

    fn write_made(&self, text: &mut String) {
        if !self.made.is_empty() {
            let _ = writeln!(
                text,
                "\n{HEADING}Made{HEADING:#} {}",
                count(self.made.len(), "certificate")
            );
            // On a first run everything is missing, and the table below lists it all.
            if self.made.len() < self.authorities.len() + self.certificates.len() {
                self.write_list(text);
            }
        }
        self.write_files(text, "Wrote");
    }

    fn write_files(&self, text: &mut String, heading: &str) {
        if !self.written.is_empty() {
            let _ = writeln!(text, "\n{HEADING}{heading}{HEADING:#}");
            let lines = written::lines(&self.written);
            let (lines, left_out) = shortened(lines, |line| !line.is_of_one);
            let width = lines.iter().map(|line| line.path.len()).max().unwrap_or(0);
            for Line { path, remark, .. } in lines {
                let line = format!("  {path:width$}  {DIM}{remark}{DIM:#}");
                let _ = writeln!(text, "{}", line.trim_end());
            }
            if left_out > 0 {
                let _ = writeln!(
                    text,
                    "  {DIM}… and {left_out} more, each of one node or client{DIM:#}"
                );
            }
        }
    }

    fn write_list(&self, text: &mut String) {
        let (made, left_out) = shortened(&self.made, |made| !made.is_leaf);
        for made in made.into_iter().chain(&self.lists) {
            let _ = writeln!(text, "  {}: {}", made.what, made.reason);
        }
        if left_out > 0 {
            let _ = writeln!(
                text,
                "  {DIM}… and {}; --json lists them{DIM:#}",
                count(left_out, "certificate")
            );
        }
    }

    fn write_table(&self, text: &mut String, with_paths: bool) {
        let rows = self.authorities.iter().map(|authority| {
            let name = format!("{} CA", authority.name);
            (
                name,
                authority.key.clone(),
                authority.expires.clone(),
                &authority.path,
                false,
            )
        });
        let (leaves, left_out) = shortened(&self.certificates, |leaf| leaf.due);
        let leaves = leaves.into_iter().map(|leaf| {
            let due = leaf.due;
            (
                leaf.owner.clone(),
                leaf.role.clone(),
                leaf.expires.clone(),
                &leaf.path,
                due,
            )
        });
        let rows: Vec<_> = rows.chain(leaves).collect();
        let first = rows.iter().map(|row| row.0.len()).max().unwrap_or(0);
        let second = rows.iter().map(|row| row.1.len()).max().unwrap_or(0);
        let _ = writeln!(
            text,
            "\n{HEADING}{:first$}  {:second$}  expires{HEADING:#}",
            "", ""
        );
        for (name, kind, expires, path, due) in rows {
            let path = match with_paths {
                true => format!("  {DIM}{path}{DIM:#}"),
                false => String::new(),
            };
            let due = if due { "  due for renewal" } else { "" };
            let _ = writeln!(text, "{name:first$}  {kind:second$}  {expires}{path}{due}");
        }
        if left_out > 0 {
            let _ = writeln!(
                text,
                "{DIM}… and {left_out} more that are not due; `etcdpki status --all` lists them{DIM:#}"
            );
        }
    }

    fn write_next(&self, text: &mut String, directory: Option<&Path>) {
        if let (ROTATE, Some(next), None) = (self.command, &self.next_renewal, &self.rotation) {
            let NextRenewal {
                certificate, day, ..
            } = next;
            let _ = writeln!(
                text,
                "\nThe next renewal, of {certificate}, comes on {day}."
            );
        }
        if self.command == ROTATE && self.made.is_empty() && self.rotation.is_none() {
            return;
        }
        let _ = writeln!(text, "\n{HEADING}Next{HEADING:#}");
        if let Some(directory) = directory {
            let change = format!("cd {}", refusal::quoted(directory));
            let _ = writeln!(text, "  {}", whole(&change));
        }
        let program = program();
        let _ = writeln!(text, "  {}", whole(&format!("{program} verify")));
        if let Some(rotation) = &self.rotation {
            rotation.write_next(text, &program);
            return;
        }
        if self.is_played {
            let _ = writeln!(
                text,
                "  {}  {DIM}members read it at their next handshake: nothing is restarted{DIM:#}",
                whole(&provision::play())
            );
            return;
        }
        for command in [
            format!("{program} provision ansible"),
            format!("{program} inspect {}", AnsibleRole::EtcdServer.vault_path()),
        ] {
            let _ = writeln!(text, "  {}", whole(&command));
        }
    }
}

/// How this program is started again: by its name if it was found in PATH, else by its place.
fn program() -> String {
    let by_name = std::env::args_os()
        .next()
        .is_some_and(|name| name == "etcdpki");
    match std::env::current_exe() {
        Ok(path) if !by_name => path.display().to_string(),
        _ => "etcdpki".to_owned(),
    }
}
