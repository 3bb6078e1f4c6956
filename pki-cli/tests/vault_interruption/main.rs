//! `vault` on a disk that is full or failing, and killed at its writes.
//!
//! A clean run is traced to learn its system calls. Then the same command runs again for each of
//! them, in a directory of its own, with that very call failing, or the process killed as it
//! makes it. Whatever is left must be the old file or the new one, and plaintext must not lie
//! about after the next run.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod stage;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use fixtures::run;
use fixtures::strace::{self, Call, Fault};
use stage::{Content, EDITED, PLAINTEXT, Stage};

/// What ansible-vault returns when it is interrupted.
const INTERRUPTED: i32 = 99;

#[test]
fn a_full_disk_loses_nothing() {
    for scenario in SCENARIOS {
        scenario.play_all(Fault::Error("ENOSPC"));
    }
}

#[test]
fn a_failing_disk_loses_nothing() {
    for scenario in SCENARIOS {
        scenario.play_all(Fault::Error("EIO"));
    }
}

#[test]
fn a_kill_loses_nothing_and_leaves_no_plaintext() {
    for scenario in SCENARIOS {
        scenario.play_all(Fault::Kill);
    }
}

#[test]
fn a_request_to_end_loses_nothing_and_leaves_no_plaintext() {
    for scenario in SCENARIOS {
        scenario.play_all(Fault::Terminate);
    }
}

/// Where a file needs a name from the start it is one that the next run sweeps.
#[test]
fn a_file_system_without_unnamed_files_is_no_worse() {
    for scenario in SCENARIOS {
        let stage = Stage::new(scenario.encrypted);
        let calls = scenario.trace(&stage);
        let unnamed = calls.iter().find(|call| call.line.contains("O_TMPFILE"));
        let unnamed = unnamed.expect("a draft without a name");
        let stage = Stage::new(scenario.encrypted);
        let command = scenario.command(&stage);
        strace::run_with(&command, unnamed, Fault::Error("EOPNOTSUPP")).expect_success();
        scenario.assert_done(&stage, "without O_TMPFILE");
        stage.assert_clean(
            scenario.files(),
            scenario.in_clear(&stage),
            "without O_TMPFILE",
        );
    }
}

#[test]
fn what_a_killed_process_left_is_swept_by_the_next() {
    let stage = Stage::new(false);
    fs::write(stage.file(".f.vault-draft-0123456789ab"), PLAINTEXT).unwrap();
    let command = &mut stage.vault(&["encrypt", "--vault-id", "p", "f"], "true");
    let outcome = run(command).expect_success();
    let said = "which a killed vault had left";
    assert!(outcome.stderr.contains(said), "{outcome}");
    stage.assert_clean(&["f"], &[], "the next");
}

/// A directory for plaintext is swept if it is not locked, and can not be locked before it is
/// there.
#[test]
fn who_sweeps_what_another_has_just_made_does_not_stop_it() {
    let edit = SCENARIOS[3];
    for name in ["openat", "flock"] {
        let stage = Stage::new(true);
        let (calls, outcome) = strace::calls(&edit.command(&stage), &[name], &stage.scratch());
        outcome.expect_success();
        let of_directory = |call: &&Call| call.line.contains("/vault-plaintext-");
        let call = calls.iter().find(of_directory).unwrap();

        let stage = Stage::new(true);
        fs::copy(stage.file("f"), stage.file("g")).unwrap();
        let outcome = thread::scope(|scope| {
            let first = scope.spawn(|| strace::run_with(&edit.command(&stage), call, Fault::Delay));
            let made = loop {
                if let Some(made) = fs::read_dir(stage.scratch()).unwrap().next() {
                    break made.unwrap().path();
                }
                assert!(!first.is_finished(), "no directory was made");
                thread::sleep(Duration::from_millis(5));
            };
            run(&mut stage.vault(&["edit", "--vault-id", "p", "g"], "true")).expect_success();
            assert!(!made.exists(), "nothing was swept");
            first.join().unwrap()
        });
        let outcome = outcome.expect_success();
        edit.assert_done(&stage, "swept");
        stage.assert_clean(&["f", "g"], &[], &outcome.to_string());
    }
}

/// Each file is whole, and a second run gets the others done.
#[test]
fn of_several_files_each_is_old_or_new() {
    let rekey = [
        "rekey",
        "--vault-id",
        "p",
        "--new-vault-id",
        "q",
        "--skip-encrypted",
        "f",
        "g",
    ];
    let stage = || {
        let stage = Stage::new(true);
        fs::copy(stage.file("f"), stage.file("g")).unwrap();
        stage
    };
    let clean = stage();
    let command = clean.vault(&rekey, "true");
    let (calls, outcome) = strace::changes(&command, clean.root());
    outcome.expect_success();
    let mut seen = BTreeSet::new();
    for call in &calls {
        for fault in [Fault::Kill, Fault::Error("EIO")] {
            let stage = stage();
            let command = stage.vault(&rekey, "true");
            let outcome = strace::run_with(&command, call, fault);
            let point = format!("{fault:?} at {}\n{outcome}", call.line);
            for name in ["f", "g"] {
                let content = stage.open(name).unwrap();
                assert_eq!(content.text, PLAINTEXT, "{point}");
                seen.insert((name, content.by.expect(&point)));
            }
            let next = run(&mut stage.vault(&rekey, "true"));
            assert!(next.status.success(), "{point}\nthe next: {next}");
            for name in ["f", "g"] {
                let done = Content::new(PLAINTEXT, Some("q"));
                assert_eq!(stage.open(name), done, "{point}\nthe next: {next}");
            }
            stage.assert_clean(&["f", "g"], &[], &point);
        }
    }
    assert_eq!(
        seen.len(),
        4,
        "the faults hit nothing that matters: {seen:?}"
    );
}

/// What is in place can not be taken back then, and doing it again would fail.
#[test]
fn a_directory_that_can_not_be_synced_is_told_with_what_to_do() {
    let encrypt = SCENARIOS[0];
    let calls = encrypt.trace(&Stage::new(false));
    let last = calls.iter().rfind(|call| call.name == "fsync").unwrap();
    let stage = Stage::new(false);
    let outcome = strace::run_with(&encrypt.command(&stage), last, Fault::Error("EIO"));
    assert!(
        outcome.stderr.contains("Unable to sync the directory"),
        "{outcome}"
    );
    assert!(
        outcome.stderr.contains("hint: everything is in place"),
        "{outcome}"
    );
    encrypt.assert_done(&stage, "EIO");
}

/// A command, and what it does to the file `f`.
#[derive(Clone, Copy, Debug)]
struct Scenario {
    arguments: &'static [&'static str],
    /// Whether `f` is a vault at first.
    encrypted: bool,
    /// Which file it makes or replaces.
    target: &'static str,
    /// What is in that file in the end, and the password for it.
    result: (&'static str, Option<&'static str>),
}

const SCENARIOS: [Scenario; 6] = [
    Scenario {
        arguments: &["encrypt", "--vault-id", "p", "f"],
        encrypted: false,
        target: "f",
        result: (PLAINTEXT, Some("p")),
    },
    Scenario {
        arguments: &["decrypt", "--vault-id", "p", "f"],
        encrypted: true,
        target: "f",
        result: (PLAINTEXT, None),
    },
    Scenario {
        arguments: &["rekey", "--vault-id", "p", "--new-vault-id", "q", "f"],
        encrypted: true,
        target: "f",
        result: (PLAINTEXT, Some("q")),
    },
    Scenario {
        arguments: &["edit", "--vault-id", "p", "f"],
        encrypted: true,
        target: "f",
        result: (EDITED, Some("p")),
    },
    Scenario {
        arguments: &["create", "--skip-tty-check", "--vault-id", "p", "new"],
        encrypted: true,
        target: "new",
        result: (EDITED, Some("p")),
    },
    Scenario {
        arguments: &["decrypt", "--vault-id", "p", "--output", "new", "f"],
        encrypted: true,
        target: "new",
        result: (PLAINTEXT, None),
    },
];

impl Scenario {
    fn play_all(self, fault: Fault) {
        let stage = Stage::new(self.encrypted);
        let calls = self.trace(&stage);
        self.assert_done(&stage, "a clean run");
        assert!(
            calls.len() > 4,
            "{self:?} writes next to nothing: {calls:#?}"
        );
        for call in &calls {
            self.play(call, fault);
        }
    }

    fn trace(self, stage: &Stage) -> Vec<Call> {
        let (calls, outcome) = strace::changes(&self.command(stage), stage.root());
        outcome.expect_success();
        calls
    }

    #[track_caller]
    fn play(self, call: &Call, fault: Fault) {
        let stage = Stage::new(self.encrypted);
        let outcome = strace::run_with(&self.command(&stage), call, fault);
        let point = format!(
            "{:?} with {fault:?} at {} number {}: {}\n{outcome}",
            self.arguments, call.name, call.ordinal, call.line
        );
        match fault {
            // Something else may do instead: a copy for a link.
            Fault::Error(_) if outcome.status.success() => self.assert_done(&stage, &point),
            Fault::Error(_) => {
                assert_eq!(outcome.status.code(), Some(1), "{point}");
                assert!(outcome.stderr.contains("[ERROR]: "), "{point}");
            }
            Fault::Kill => assert!(!outcome.status.success(), "{point}"),
            // It may have done all before a thread of it takes the signal.
            Fault::Terminate => {
                let ends = [Some(0), Some(INTERRUPTED)];
                assert!(ends.contains(&outcome.status.code()), "{point}");
            }
            Fault::Delay => assert!(outcome.status.success(), "{point}"),
        }
        if !self.is_done(&stage) {
            assert!(stage.is_old(), "{point}");
            assert!(
                self.target == "f" || stage.open(self.target).is_none(),
                "{point}"
            );
        }
        let next = run(&mut stage.vault(self.next(&stage), "true"));
        let point = format!("{point}\nthe next: {next}");
        assert!(next.status.success(), "{point}");
        stage.assert_clean(self.files(), self.in_clear(&stage), &point);
        assert!(
            stage.has_edit() || !stage.editor_ran(),
            "an edit is lost\n{point}"
        );
    }

    fn command(self, stage: &Stage) -> Command {
        stage.vault(self.arguments, &stage.editor())
    }

    fn is_done(self, stage: &Stage) -> bool {
        let (text, by) = self.result;
        stage.open(self.target) == Content::new(text, by)
    }

    #[track_caller]
    fn assert_done(self, stage: &Stage, context: &str) {
        let content = stage.open(self.target);
        assert!(self.is_done(stage), "{self:?}: {content:?}\n{context}");
    }

    /// A command that works in the same places, with an editor that does nothing.
    fn next(self, stage: &Stage) -> &'static [&'static str] {
        match self.arguments[0] {
            "edit" => self.arguments,
            "create" if stage.open("new").is_none() => self.arguments,
            "create" => &["edit", "--vault-id", "p", "new"],
            _ => &["create", "--skip-tty-check", "--vault-id", "p", "next"],
        }
    }

    /// All files that may be there in the end.
    fn files(self) -> &'static [&'static str] {
        &["f", "new", "next"]
    }

    /// Those that hold plaintext rightly.
    fn in_clear(&self, stage: &Stage) -> &[&'static str] {
        match (self.arguments[0], self.is_done(stage)) {
            ("encrypt", false) | ("decrypt", true) => std::slice::from_ref(&self.target),
            _ => &[],
        }
    }
}
