//! ansible-vault and `vault` with the same arguments: the same exit codes, files, output and
//! stable phrases, line by line of what ansible-vault documents.
//!
//! What differs on purpose is in a table of its own, and in VAULT.md.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod cases;
mod deviations;
mod ini;
#[path = "../vault_support/mod.rs"]
mod vault_support;
mod world;

use std::sync::Mutex;
use std::thread;

use world::{Program, World};

/// A command line for both programs.
#[derive(Clone, Copy, Debug)]
struct Case {
    /// Words, separated by blanks; `''` is an empty one, and `%20` a blank.
    arguments: &'static str,
    /// Standard input, empty if there is none.
    stdin: &'static str,
    /// `NAME=value`; `CFG=…` is the content of `ansible.cfg`.
    environment: &'static [&'static str],
    /// What both have to say on standard error.
    phrase: &'static str,
}

impl Case {
    const fn new(arguments: &'static str) -> Self {
        Self {
            arguments,
            stdin: "",
            environment: &[],
            phrase: "",
        }
    }

    const fn stdin(self, stdin: &'static str) -> Self {
        Self { stdin, ..self }
    }

    const fn with(self, environment: &'static [&'static str]) -> Self {
        Self {
            environment,
            ..self
        }
    }

    const fn says(self, phrase: &'static str) -> Self {
        Self { phrase, ..self }
    }
}

#[test]
fn both_do_the_same() {
    let faults = each(cases::CASES, |case| {
        let theirs = World::new().run(case, Program::Ansible);
        let ours = World::new().run(case, Program::Vault);
        let mut faults = theirs.differences(&ours);
        for (who, end) in [("ansible-vault", &theirs), ("vault", &ours)] {
            if !end.said.contains(case.phrase.trim()) {
                faults.push(format!("{who} does not say '{}'", case.phrase));
            }
        }
        (!faults.is_empty())
            .then(|| format!("{case:?}\n  {}\n{theirs}\n{ours}", faults.join("\n  ")))
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// If ansible-vault comes to do as we do it is no deviation any more.
#[test]
fn deviations_are_as_documented() {
    let faults = each(deviations::DEVIATIONS, |deviation| {
        let case = &deviation.case;
        let theirs = World::new().run(case, Program::Ansible);
        let ours = World::new().run(case, Program::Vault);
        let mut faults = Vec::new();
        if (theirs.code, ours.code) != deviation.codes {
            faults.push(format!("{deviation:?}: other exit codes"));
        }
        if theirs.differences(&ours).is_empty() {
            faults.push(format!("{deviation:?}: no deviation"));
        }
        if !ours.said.contains(case.phrase.trim()) {
            faults.push(format!("{deviation:?}: not said"));
        }
        (!faults.is_empty()).then(|| format!("{}\n{theirs}\n{ours}", faults.join("\n")))
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Runs a check of each, several at a time, and returns what they complain about.
fn each<T: Sync>(all: &[T], check: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let queue = Mutex::new(all.iter());
    let faults = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some(case) = next else { return };
                    if let Some(fault) = check(case) {
                        faults.lock().unwrap().push(fault);
                    }
                }
            });
        }
    });
    faults.into_inner().unwrap()
}
