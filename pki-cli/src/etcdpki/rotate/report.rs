//! What is told of a step that was made.

use std::fmt::Write as _;

use pki_core::hierarchy::AuthorityName;
use pki_core::rotation::{LeftBehind, Made, Procedure, Proof, Restarts, Underway};
use serde::{Serialize, Serializer};

use super::view::{ByHand, Drops};

use crate::etcdpki::output::{DIM, GOOD, HEADING, WARN, whole};
use crate::etcdpki::provision;

/// A step of the rotation of an authority.
#[derive(Debug, Serialize)]
pub(in crate::etcdpki) struct Rotation {
    #[serde(serialize_with = "as_text")]
    pub(in crate::etcdpki) authority: AuthorityName,
    #[serde(serialize_with = "as_text")]
    pub(in crate::etcdpki) procedure: Procedure,
    /// None where it goes back.
    step: Option<&'static str>,
    /// Whether members load another CA file, so that each has to be restarted.
    restarts: bool,
    /// How many pairs of a certificate and a CA file were validated.
    pairs: usize,
    /// Which step comes next; none where it is done, or taken back.
    next: Option<&'static str>,
    /// What clients must have loaded before that.
    pub(in crate::etcdpki) clients_need_next: Vec<&'static str>,
    /// The rotation that it put an end to.
    #[serde(skip_serializing_if = "Option::is_none")]
    drops: Option<Drops>,
    /// What was issued by hand and does not hold any more.
    breaks: Vec<ByHand>,
    /// Whether some members refuse others until every one was restarted.
    #[serde(skip)]
    at_once: bool,
    #[serde(skip)]
    meaning: &'static str,
}

impl Rotation {
    pub(in crate::etcdpki) fn next(
        authority: AuthorityName,
        procedure: Procedure,
        made: &Made,
        breaks: &[LeftBehind],
    ) -> Self {
        Self {
            step: Some(made.step.as_str()),
            drops: made.dropped.map(Drops::of),
            breaks: ByHand::all(breaks),
            meaning: super::view::meaning(made.step),
            ..Self::back(authority, procedure, made.next)
        }
    }

    /// `left` is where it stands afterwards.
    pub(in crate::etcdpki) fn back(
        authority: AuthorityName,
        procedure: Procedure,
        left: Option<Underway>,
    ) -> Self {
        Self {
            authority,
            procedure,
            step: None,
            restarts: false,
            at_once: false,
            pairs: 0,
            next: left.map(|underway| underway.next.as_str()),
            clients_need_next: Vec::new(),
            drops: None,
            breaks: Vec::new(),
            meaning: "one step back",
        }
    }

    pub(in crate::etcdpki) fn proved(&mut self, proof: &Proof, restarts: Restarts) {
        self.pairs = proof.pairs;
        self.restarts = restarts != Restarts::None;
        self.at_once = restarts == Restarts::AllAtOnce;
    }

    pub(in crate::etcdpki) fn write(&self, text: &mut String) {
        let Self {
            authority,
            procedure,
            meaning,
            pairs,
            ..
        } = self;
        let step = self.step.unwrap_or("abort");
        let _ = writeln!(
            text,
            "\n{HEADING}Rotation of the {authority} CA{HEADING:#} by {procedure}: {GOOD}{step}{GOOD:#}, {meaning}"
        );
        let _ = writeln!(
            text,
            "{DIM}{pairs} pairs of a certificate and a CA file hold, old and new in every mixture{DIM:#}"
        );
        if !self.breaks.is_empty() {
            let _ = writeln!(
                text,
                "{WARN}broken{WARN:#}  what was issued by hand and does not hold any more with these files:"
            );
            ByHand::write_all(&self.breaks, text);
        }
        if let Some(drops) = &self.drops {
            let _ = writeln!(text, "{WARN}dropped{WARN:#}  {}", drops.to_text());
        }
    }

    pub(in crate::etcdpki) fn write_next(&self, text: &mut String, program: &str) {
        let (more, how) = match (self.at_once, self.restarts) {
            (true, _) => (
                " -e etcd_server_restart_together=true",
                "restarts all members at once: until then those with the old files are shut out",
            ),
            (_, true) => (
                "",
                "restarts the members one at a time: they read CA files at their start alone",
            ),
            (_, false) => (
                "",
                "members read it at their next handshake: nothing is restarted",
            ),
        };
        // A record that cannot be read is for `provision` to tell of.
        if !provision::has_playbook().unwrap_or(true) {
            let command = whole(&format!("{program} provision ansible"));
            let _ = writeln!(
                text,
                "  {command}  {DIM}writes the playbook, if that is to bring it to the hosts{DIM:#}"
            );
        }
        let play = whole(&format!("{}{more}", provision::play()));
        let _ = writeln!(text, "  {play}  {DIM}{how}{DIM:#}");
        let authority = self.authority;
        match (self.step, self.next) {
            (None, Some(_)) => {
                let _ = writeln!(
                    text,
                    "  {}  {DIM}one step further back{DIM:#}",
                    whole(&format!("{program} rotate ca {authority} --abort"))
                );
            }
            (None, None) => {
                let _ = writeln!(
                    text,
                    "\n{GOOD}That was the way back{GOOD:#}: with it on the hosts the {authority} CA is what it was."
                );
            }
            (Some(_), Some(next)) => {
                let needs = &self.clients_need_next;
                let (ready, clients) = match needs.is_empty() {
                    true => ("", String::new()),
                    false => (
                        " --clients-ready",
                        format!(", and every client {}", needs.join(" and ")),
                    ),
                };
                let command = whole(&format!("{program} rotate ca {authority}{ready}"));
                let _ = writeln!(
                    text,
                    "  {command}  {DIM}{next}: {WARN}when every host has what this step made{clients}{WARN:#}{DIM:#}"
                );
            }
            (Some(_), None) => {
                let _ = writeln!(
                    text,
                    "\n{GOOD}That was the last step{GOOD:#}: with it on the hosts the {authority} CA is replaced."
                );
            }
        }
    }
}

fn as_text<S: Serializer>(value: &impl ToString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}
