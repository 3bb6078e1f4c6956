//! `etcdpki init` and `revoke` on a disk that is full or read-only, and killed at their writes:
//! the first run, one after the description was changed, and a revocation; the same of what other
//! commands do in more than one file.
//!
//! A clean run is traced to learn its system calls. Then the command runs again for each of them,
//! in a directory of its own, with that very call failing, or the process killed as it makes
//! it. Whatever is left must be whole, as it was or as it is to be, and hold no key in the clear,
//! and the next run must end with the same files as a clean one.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod export;
mod rotation;
mod slots;
mod tree;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use fixtures::strace::{self, Call, Fault};
use fixtures::{Outcome, run};
use tempfile::TempDir;
use tree::Tree;

#[test]
fn a_full_disk_leaves_nothing_half_written() {
    Scene::observe(Start::Nothing).play_full_disk();
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    Scene::observe(Start::Changed).play_full_disk();
}

#[test]
fn a_read_only_disk_leaves_nothing_half_written() {
    let scene = Scene::observe(Start::Nothing);
    // A disk is read-only from the first change on, of whatever sort that is.
    let mut sorts: Vec<&str> = Vec::new();
    for call in &scene.calls {
        if !sorts.contains(&call.name.as_str()) {
            sorts.push(&call.name);
            scene.play(call, Fault::Error("EROFS"));
        }
    }
}

#[test]
fn a_killed_init_is_completed_by_the_next() {
    Scene::observe(Start::Nothing).play_kills();
}

#[test]
fn a_killed_change_is_completed_by_the_next() {
    Scene::observe(Start::Changed).play_kills();
}

#[test]
fn an_init_that_is_asked_to_end_takes_back_what_it_began_or_ends_it() {
    Scene::observe(Start::Nothing).play_terminations();
}

#[test]
fn a_change_that_is_asked_to_end_takes_back_what_it_began_or_ends_it() {
    Scene::observe(Start::Changed).play_terminations();
}

#[test]
fn a_provision_that_is_asked_to_end_takes_back_what_it_began_or_ends_it() {
    Scene::observe(Start::Unprovisioned).play_terminations();
}

#[test]
fn a_full_disk_leaves_no_revocation_half_done() {
    Scene::observe(Start::Complete).play_full_disk();
}

#[test]
fn a_killed_revocation_is_completed_by_the_next() {
    Scene::observe(Start::Complete).play_kills();
}

/// What is returned on SIGTERM: 128, and its number.
const TERMINATED: i32 = 143;

/// What a command finds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Start {
    /// A PKI, and a description that was changed since: a node and a client are new, a name too.
    Changed,
    /// A PKI in which something is to be revoked.
    Complete,
    /// An empty directory.
    Nothing,
    /// A PKI that has no playbook yet.
    Unprovisioned,
}

impl Start {
    fn directory(self) -> Option<TempDir> {
        match self {
            Self::Changed => Some(changed()),
            Self::Complete | Self::Unprovisioned => Some(complete()),
            Self::Nothing => None,
        }
    }

    /// The command that is interrupted, and then run again.
    fn command(self) -> fn(&Path) -> Command {
        match self {
            Self::Changed | Self::Nothing => init,
            Self::Complete => revoke,
            Self::Unprovisioned => provision,
        }
    }
}

/// What a clean run finds, does and leaves.
#[derive(Debug)]
struct Scene {
    command: fn(&Path) -> Command,
    start: Option<TempDir>,
    before: Tree,
    calls: Vec<Call>,
    tree: Tree,
}

impl Scene {
    fn observe(start: Start) -> Self {
        let (command, start) = (start.command(), start.directory());
        let directory = copy_of(start.as_ref());
        let before = Tree::read(directory.path());
        let (calls, outcome) = strace::changes(&command(directory.path()), directory.path());
        outcome.expect_success();
        assert!(
            calls.len() > 20,
            "it seems to write next to nothing: {calls:#?}"
        );
        Self {
            command,
            start,
            before,
            calls,
            tree: Tree::read(directory.path()),
        }
    }

    fn play_full_disk(&self) {
        for call in &self.calls {
            self.play(call, Fault::Error("ENOSPC"));
        }
    }

    fn play_kills(&self) {
        // A call that only syncs leaves nothing behind that the kill at the next one does not show.
        for call in self.calls.iter().filter(|call| !call.name.contains("sync")) {
            self.play(call, Fault::Kill);
        }
    }

    /// Asks the command to end at one call after another: none of its drafts is left.
    fn play_terminations(&self) {
        let mut endings = Vec::new();
        // Threads sync, each its first file: a second request would end it at once.
        let calls = self.calls.iter().filter(|call| !call.name.contains("sync"));
        // Of those that write files one after another each third will do.
        for call in calls.step_by(3) {
            let directory = copy_of(self.start.as_ref());
            let directory = directory.path();
            let point = format!("{} number {}: {}", call.name, call.ordinal, call.line);
            let outcome = strace::run_with(&(self.command)(directory), call, Fault::Terminate);
            let context = format!("{point}\n{outcome}");
            let left = Tree::read(directory);
            match outcome.status.code() {
                Some(0) => left.assert_same_files(&self.tree, &context),
                Some(TERMINATED) => {
                    left.assert_same_files(&self.before, &context);
                    assert_eq!(outcome.stderr, "interrupted\n", "{context}");
                    let is_empty = fs::read_dir(directory).unwrap().next().is_none();
                    assert_eq!(is_empty, self.start.is_none(), "{context}");
                }
                // Before there was anything to take back, or when all was done.
                _ => {
                    assert_eq!(outcome.status.signal(), Some(15), "{context}");
                    left.assert_no_more_than(&self.tree, &context);
                }
            }
            endings.push(outcome.status.code());
        }
        assert!(endings.contains(&Some(0)), "{endings:?}");
        assert!(endings.contains(&Some(TERMINATED)), "{endings:?}");
    }

    /// Runs the command with a fault at one call, looks at what it left, and runs it again.
    #[track_caller]
    fn play(&self, call: &Call, fault: Fault) {
        let directory = copy_of(self.start.as_ref());
        let directory = directory.path();
        let point = format!(
            "{fault:?} at {} number {}: {}",
            call.name, call.ordinal, call.line
        );

        let outcome = strace::run_with(&(self.command)(directory), call, fault);
        assert!(
            !outcome.status.success(),
            "{point}\nit did not notice\n{outcome}"
        );
        let left = Tree::read(directory);
        left.assert_whole(&self.before, &self.tree, &format!("{point}\n{outcome}"));
        if let Fault::Error(error) = fault {
            assert_eq!(outcome.status.code(), Some(1), "{point}\n{outcome}");
            let way_out = match error {
                "EROFS" => "mount the file system for writing",
                _ => "make room, and run this again",
            };
            assert!(outcome.stderr.contains(way_out), "{point}\n{outcome}");
            left.assert_no_more_than(&self.tree, &format!("{point}\n{outcome}"));
        }

        let describe = |next: &Outcome| format!("{point}\n{outcome}\nthe next: {next}");
        let next = run(&mut (self.command)(directory));
        assert!(next.status.success(), "{}", describe(&next));
        Tree::read(directory).assert_same_files(&self.tree, &describe(&next));
        let verify = run(etcdpki(directory).arg("verify"));
        assert!(verify.status.success(), "{}", describe(&verify));
    }
}

fn complete() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    run(&mut init(directory.path())).expect_success();
    directory
}

/// A PKI whose description was changed since it was made.
fn changed() -> TempDir {
    let directory = complete();
    let description = directory.path().join("etcdpki.yml");
    let old = fs::read_to_string(&description).unwrap();
    let changes = [
        (
            "nodes:\n",
            "nodes:\n  - { name: etcd-1, addresses: [10.0.0.11] }\n",
        ),
        ("[10.0.0.10]", "[10.0.0.12]"),
        ("[etcdctl]", "[etcdctl, backup]"),
    ];
    let new = changes.iter().fold(old, |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not in\n{text}");
        text.replace(from, to)
    });
    fs::write(&description, new).unwrap();
    directory
}

/// A new directory with the same files.
fn copy_of(start: Option<&TempDir>) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    if let Some(start) = start {
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(start.path().join("."));
        run(copy.arg(directory.path())).expect_success();
    }
    directory
}

fn init(directory: &Path) -> Command {
    let mut command = etcdpki(directory);
    command.args(["init", "--generate-secrets"]);
    if !directory.join("etcdpki.yml").exists() {
        command.args(["--domain", "your-internal.domain"]);
        command.args(["--node", "etcd-0=10.0.0.10", "--client", "etcdctl"]);
    }
    command
}

fn provision(directory: &Path) -> Command {
    let mut command = etcdpki(directory);
    command.args(["provision", "ansible"]);
    command
}

fn revoke(directory: &Path) -> Command {
    let mut command = etcdpki(directory);
    command.args(["revoke", "--serial", "1f00ff", "--reason", "superseded"]);
    command
}

fn etcdpki(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etcdpki"));
    command.arg("-C").arg(directory);
    command
}
