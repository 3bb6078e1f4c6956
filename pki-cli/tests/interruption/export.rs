//! `etcdpki export`, which writes private keys in clear.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use fixtures::strace::{self, Call, Fault};
use fixtures::{clear_keys, run};
use pki_core::journal::{Event, Journal};
use tempfile::TempDir;

use super::slots::{opened_with, sealed_for_age, temporary};
use super::{copy_of, etcdpki};

#[test]
fn an_interrupted_export_leaves_no_half_file_and_no_key_untold() {
    let start = sealed_for_age();
    let directory = copy_of(Some(&start));
    let (calls, outcome) = strace::changes(&export(directory.path()), directory.path());
    outcome.expect_success();
    assert!(calls.len() > 20, "it seems to write nothing: {calls:#?}");
    let clean = exported(directory.path());
    for call in &calls {
        play(&start, &clean, call, Fault::Error("ENOSPC"));
        // What a sync leaves, the kill at the next call shows.
        if !call.name.contains("sync") {
            play(&start, &clean, call, Fault::Kill);
            play(&start, &clean, call, Fault::Terminate);
        }
    }
}

#[track_caller]
fn play(start: &TempDir, clean: &[(String, Vec<u8>)], call: &Call, fault: Fault) {
    let directory = copy_of(Some(start));
    let directory = directory.path();
    let outcome = strace::run_with(&export(directory), call, fault);
    let point = format!("{fault:?} at {}: {}\n{outcome}", call.name, call.line);
    // Who is asked to end may end it instead.
    let may_end = fault == Fault::Terminate;
    let noticed = may_end || !outcome.status.success();
    assert!(noticed, "it did not notice\n{point}");
    let left = exported(directory);
    for file in &left {
        assert!(clean.contains(file), "{} is not whole\n{point}", file.0);
    }
    let has_key = left.iter().any(|(path, _)| path.ends_with(".key"));
    assert!(!has_key || is_told_of(directory), "no line tells\n{point}");
    if fault != Fault::Kill {
        assert_eq!(temporary(directory), 0, "{point}");
    }
    if directory.join("out").exists() && !left.is_empty() {
        for key in clear_keys(&directory.join("out")) {
            let mode = fs::metadata(&key.file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{point}");
        }
    }

    // The next one finishes it, and removes what is left of a key.
    let next = run(export(directory).arg("--force"));
    assert!(next.status.success(), "{point}\n{next}");
    assert_eq!(exported(directory), clean, "{point}");
    let strays = fs::read_dir(directory.join("out/etcdctl")).unwrap();
    assert_eq!(strays.count(), 2, "{point}");
    let verify = run(etcdpki(directory)
        .arg("verify")
        .args(opened_with(directory)));
    assert!(verify.status.success(), "{point}\n{verify}");
}

fn export(directory: &Path) -> Command {
    let mut command = etcdpki(directory);
    command
        .args(["export", "-f", "pem", "etcdctl", "-o", "out"])
        .args(opened_with(directory));
    command
}

/// The files in their places.
fn exported(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let places = [
        "etcdctl/client.crt",
        "etcdctl/client.key",
        "ca.crt",
        "members-ca.crt",
    ];
    let read = |name: &str| {
        let content = fs::read(directory.join("out").join(name)).ok()?;
        Some((name.to_owned(), content))
    };
    places.into_iter().filter_map(read).collect()
}

fn is_told_of(directory: &Path) -> bool {
    let journal = fs::read(directory.join("pki/journal.jsonl")).unwrap();
    let journal = Journal::read(&journal);
    assert_eq!(journal.faults(), []);
    let mut lines = journal.lines().iter();
    lines.any(|line| line.entry().event == Event::Exported)
}
