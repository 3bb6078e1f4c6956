//! `etcdpki init` on a disk that is full or read-only, and killed at its writes.
//!
//! A clean run is traced to learn its system calls. Then `init` runs again for each of them,
//! in a directory of its own, with that very call failing, or the process killed as it makes
//! it. Whatever is left must be whole and hold no key in the clear, and the next `init` must
//! end with the same files as a clean run.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod tree;

use std::path::Path;
use std::process::Command;

use fixtures::strace::{self, Call, Fault};
use fixtures::{Outcome, run};
use tree::Tree;

/// The calls that change a file system.
const CHANGES: &[&str] = &[
    "chmod",
    "copy_file_range",
    "creat",
    "fallocate",
    "fchmod",
    "fchmodat",
    "fdatasync",
    "fsync",
    "ftruncate",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "open",
    "openat",
    "pwrite64",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "symlink",
    "symlinkat",
    "sync_file_range",
    "syncfs",
    "unlink",
    "unlinkat",
    "write",
    "writev",
];

#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let scene = Scene::observe();
    for call in &scene.calls {
        scene.play(call, Fault::Error("ENOSPC"));
    }
}

#[test]
fn a_read_only_disk_leaves_nothing_half_written() {
    let scene = Scene::observe();
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
    let scene = Scene::observe();
    // A call that only syncs leaves nothing behind that the kill at the next one does not show.
    for call in scene
        .calls
        .iter()
        .filter(|call| !call.name.contains("sync"))
    {
        scene.play(call, Fault::Kill);
    }
}

/// What a clean `init` does and leaves.
#[derive(Debug)]
struct Scene {
    calls: Vec<Call>,
    tree: Tree,
}

impl Scene {
    fn observe() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (mut calls, outcome) =
            strace::calls(&init(directory.path()), CHANGES, directory.path());
        outcome.expect_success();
        calls.retain(is_change);
        assert!(
            calls.len() > 50,
            "init seems to write next to nothing: {calls:#?}"
        );
        Self {
            calls,
            tree: Tree::read(directory.path()),
        }
    }

    /// Runs `init` with a fault at one call, looks at what it left, and runs it again.
    #[track_caller]
    fn play(&self, call: &Call, fault: Fault) {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let point = format!(
            "{fault:?} at {} number {}: {}",
            call.name, call.ordinal, call.line
        );

        let outcome = strace::run_with(&init(directory), call, fault);
        assert!(
            !outcome.status.success(),
            "{point}\ninit did not notice\n{outcome}"
        );
        let left = Tree::read(directory);
        left.assert_whole(&self.tree, &format!("{point}\n{outcome}"));
        if let Fault::Error(_) = fault {
            assert_eq!(outcome.status.code(), Some(1), "{point}\n{outcome}");
            left.assert_no_more_than(&self.tree, &format!("{point}\n{outcome}"));
        }

        let describe = |next: &Outcome| format!("{point}\n{outcome}\nthe next: {next}");
        let next = run(&mut init(directory));
        assert!(next.status.success(), "{}", describe(&next));
        Tree::read(directory).assert_same_files(&self.tree, &describe(&next));
        let verify = run(etcdpki(directory).arg("verify"));
        assert!(verify.status.success(), "{}", describe(&verify));
    }
}

fn init(directory: &Path) -> Command {
    let mut command = etcdpki(directory);
    command.args([
        "init",
        "--generate-secrets",
        "--domain",
        "your-internal.domain",
    ]);
    command.args(["--node", "etcd-0=10.0.0.10", "--client", "etcdctl"]);
    command
}

fn etcdpki(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etcdpki"));
    command.arg("-C").arg(directory);
    command
}

/// Tells whether a call changes anything: one that opens a file may just read it.
fn is_change(call: &Call) -> bool {
    let opens = matches!(call.name.as_str(), "open" | "openat");
    !opens
        || ["O_WRONLY", "O_RDWR", "O_CREAT"]
            .iter()
            .any(|flag| call.line.contains(flag))
}
