//! `etcdpki ca slot rotate`, which seals every key anew.

use std::fs;
use std::path::Path;
use std::process::Command;

use fixtures::strace::{self, Call, Fault};
use fixtures::{AgeKey, run};
use tempfile::TempDir;

use super::{copy_of, etcdpki, init};

#[test]
fn an_interrupted_rotation_of_data_keys_loses_no_key() {
    let start = sealed_for_age();
    let directory = copy_of(Some(&start));
    let (calls, outcome) = strace::changes(&rotate(directory.path()), directory.path());
    outcome.expect_success();
    assert!(
        calls.len() > 20,
        "it seems to write next to nothing: {calls:#?}"
    );
    for call in &calls {
        play(&start, call, Fault::Error("ENOSPC"));
        // What a sync leaves, the kill at the next call shows.
        if !call.name.contains("sync") {
            play(&start, call, Fault::Kill);
        }
    }
}

#[track_caller]
fn play(start: &TempDir, call: &Call, fault: Fault) {
    let directory = copy_of(Some(start));
    let directory = directory.path();
    let outcome = strace::run_with(&rotate(directory), call, fault);
    let point = format!("{fault:?} at {}: {}\n{outcome}", call.name, call.line);
    assert!(!outcome.status.success(), "it did not notice\n{point}");
    // Every key opens wherever it stopped, and it can be gone on with.
    let verify = run(etcdpki(directory)
        .arg("verify")
        .args(opened_with(directory)));
    let unfinished = verify.status.code() == Some(3)
        && verify.stdout.contains("1 finding in")
        && verify
            .stdout
            .contains("that was interrupted; every key opens");
    assert!(verify.status.success() || unfinished, "{point}\n{verify}");
    let next = run(&mut rotate(directory));
    assert!(next.status.success(), "{point}\n{next}");
    let list = run(etcdpki(directory).args(["ca", "slot", "list"]));
    assert!(
        !list.expect_success().stdout.contains("interrupted"),
        "{point}"
    );
    let verify = run(etcdpki(directory)
        .arg("verify")
        .args(opened_with(directory)));
    assert!(verify.status.success(), "{point}\n{verify}");
    assert_eq!(temporary(directory), 0, "{point}");
}

/// A PKI whose only slot is for an age identity: no passphrase need be stretched each time.
pub(super) fn sealed_for_age() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    run(&mut init(path)).expect_success();
    let key = AgeKey::generate(path, IDENTITY);
    let slot = |arguments: &[&str]| {
        run(etcdpki(path).args(["ca", "slot"]).args(arguments)).expect_success();
    };
    slot(&["add", "alice", "--recipient", &key.recipient]);
    let identity = key.identity.display().to_string();
    slot(&["remove", "passphrase", "--age-identity", &identity]);
    directory
}

fn rotate(directory: &Path) -> Command {
    let mut command = etcdpki(directory);
    command
        .args(["ca", "slot", "rotate"])
        .args(opened_with(directory));
    command
}

pub(super) fn opened_with(directory: &Path) -> [String; 2] {
    let identity = directory.join(IDENTITY);
    ["--age-identity".to_owned(), identity.display().to_string()]
}

/// How many files are left that were to be renamed.
pub(super) fn temporary(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    entries
        .map(|entry| match entry.path().is_dir() {
            true => temporary(&entry.path()),
            false => usize::from(entry.file_name().to_string_lossy().contains(".etcdpki-")),
        })
        .sum()
}

const IDENTITY: &str = "alice.txt";
