//! `etcdpki rotate ca`, killed as it puts one thing after another into its place.

use std::path::Path;
use std::process::Command;

use fixtures::run;
use fixtures::strace::{self, Fault};
use tempfile::TempDir;

use super::{complete, copy_of, etcdpki};

/// What makes a step where nobody can be asked; also where the authority is new.
const STEP: [&str; 3] = ["--unchecked", "--clients-ready", "--again"];

#[test]
fn the_authority_that_members_trust() {
    play(&complete(), &[&["etcd"], &STEP[..]].concat());
}

#[test]
fn one_above_it() {
    play(&complete(), &[&["root"], &STEP[..]].concat());
}

#[test]
fn one_with_the_same_key() {
    let same_key = ["etcd", "--procedure", "same-key"];
    play(&complete(), &[&same_key, &STEP[..]].concat());
}

#[test]
fn one_whose_key_was_stolen() {
    let compromise = ["etcd", "--procedure", "compromise", "--unchecked"];
    play(&complete(), &compromise);
}

#[test]
fn a_step_that_is_taken_back() {
    let start = complete();
    let step = [&["etcd"], &STEP[..]].concat();
    run(&mut rotate(start.path(), &step)).expect_success();
    play(&start, &["etcd", "--abort"]);
    // Where nothing is left of one there is nothing to take back.
    run(&mut rotate(start.path(), &["etcd", "--abort"])).expect_success();
    let outcome = run(&mut rotate(start.path(), &["etcd", "--abort"]));
    assert_eq!(outcome.status.code(), Some(1), "{outcome}");
    let said = "no rotation of an authority is under way";
    assert!(outcome.stderr.contains(said), "{outcome}");
}

/// Kills the step at each renaming; the same command goes on, and what may be brought to hosts then
/// holds together.
#[track_caller]
fn play(start: &TempDir, arguments: &[&str]) {
    let directory = copy_of(Some(start));
    let (calls, outcome) = strace::changes(&rotate(directory.path(), arguments), directory.path());
    outcome.expect_success();
    let mut kills = 0;
    for call in calls.iter().filter(|call| call.name.contains("rename")) {
        let directory = copy_of(Some(start));
        let directory = directory.path();
        let killed = strace::run_with(&rotate(directory, arguments), call, Fault::Kill);
        assert!(!killed.status.success(), "{}", call.line);
        kills += 1;

        let next = run(&mut rotate(directory, arguments));
        let point = format!("{}\n{killed}\nthe next: {next}", call.line);
        assert!(next.status.success(), "{point}");
        let verify = run(etcdpki(directory).arg("verify"));
        assert!(verify.status.success(), "{point}\n{verify}");
    }
    assert!(kills > 10, "it puts next to nothing into place: {calls:#?}");
}

fn rotate(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = etcdpki(directory);
    command.args(["rotate", "ca"]).args(arguments);
    command
}
