//! From `terraform apply` to a cluster on hosts with a real systemd: run by `scripts/test-hosts`,
//! as root.

#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed, and this one says where it is"
)]

mod access;
mod lab;
mod machine;
mod names;
mod phases;
mod pull;
mod restarts;
mod rotation;
mod story;
mod templates;
mod ways;
mod writer;

use std::time::Instant;

use fixtures::Outcome;

/// A part of a test that needs the parts before it.
fn step(name: &str, work: impl FnOnce()) {
    let begin = Instant::now();
    eprintln!("{name}");
    work();
    eprintln!("    {:.1} s", begin.elapsed().as_secs_f64());
}

/// Asserts how many tasks of a play changed something, on each host.
#[track_caller]
fn assert_changed(play: &Outcome, changed: usize) {
    let recap = play.stdout.split("PLAY RECAP").nth(1).unwrap_or_default();
    let lines: Vec<_> = recap
        .lines()
        .filter(|line| line.contains("changed="))
        .collect();
    assert!(!lines.is_empty(), "{play}");
    let expected = format!("changed={changed} ");
    assert!(lines.iter().all(|line| line.contains(&expected)), "{play}");
}
