//! What is told of a step that was made.

use std::fmt::Write as _;

use pki_core::Cluster;
use pki_core::hierarchy::AuthorityName;
use pki_core::rotation::{Change, Procedure, Proof, RotationError, Step, Underway, next_after};
use pki_core::store::Pki;
use serde::{Serialize, Serializer};

use crate::etcdpki::output::{DIM, GOOD, HEADING, WARN};
use crate::etcdpki::place::Kept;

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
    /// Which step comes next; none where it is done.
    next: Option<&'static str>,
    #[serde(skip)]
    meaning: &'static str,
}

impl Rotation {
    pub(in crate::etcdpki) fn next(
        authority: AuthorityName,
        procedure: Procedure,
        step: Step,
        cluster: &Cluster,
        pki: &Pki<Kept>,
        change: &Change,
    ) -> Result<Self, RotationError> {
        let next = next_after(cluster, pki, change)?;
        Ok(Self {
            authority,
            procedure,
            step: Some(step.as_str()),
            restarts: step.restarts(cluster, authority),
            pairs: 0,
            next: next.map(|underway| underway.next.as_str()),
            meaning: super::view::meaning(step),
        })
    }

    pub(in crate::etcdpki) fn back(underway: Underway) -> Self {
        Self {
            authority: underway.authority,
            procedure: underway.procedure,
            step: None,
            restarts: underway.procedure == Procedure::Bundle && underway.next == Step::Sign,
            pairs: 0,
            next: None,
            meaning: "one step back",
        }
    }

    pub(in crate::etcdpki) fn proved(&mut self, proof: &Proof) {
        self.pairs = proof.pairs;
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
    }

    pub(in crate::etcdpki) fn write_next(&self, text: &mut String, program: &str) {
        let how = match (self.procedure, self.restarts) {
            (Procedure::Compromise, true) => {
                "restart all members at once: until then those with the old files are shut out"
            }
            (_, true) => {
                "restarts the members one at a time: they read CA files at their start alone"
            }
            (_, false) => "members read it at their next handshake: nothing is restarted",
        };
        let _ = writeln!(text, "  ansible-playbook etcd.yml  {DIM}{how}{DIM:#}");
        let authority = self.authority;
        match (self.step, self.next) {
            (None, _) => {
                let _ = writeln!(
                    text,
                    "  {program} rotate ca {authority} --abort  {DIM}if there is more to take back{DIM:#}"
                );
            }
            (Some(_), Some(next)) => {
                let _ = writeln!(
                    text,
                    "  {program} rotate ca {authority}  {DIM}{next}: {WARN}when every host has what this step made{WARN:#}{DIM:#}"
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
