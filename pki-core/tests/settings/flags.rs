//! The table of flags against the flags of real releases.

use std::collections::BTreeSet;
use std::process::Command;

use fixtures::etcd::Release;
use fixtures::run;
use pki_core::etcd::EtcdVersion;
use pki_core::etcd::flags::{self, FlagKind};

fn etcd(release: Release) -> Command {
    let mut command = Command::new(release.program());
    command.env_clear();
    command
}

fn version(release: Release) -> EtcdVersion {
    let answer = run(etcd(release).arg("--version")).expect_success().stdout;
    let line = answer.lines().next().unwrap();
    line.strip_prefix("etcd Version: ")
        .unwrap()
        .parse()
        .unwrap()
}

/// The flags that `etcd --help` lists.
fn helped(release: Release) -> BTreeSet<String> {
    let help = run(etcd(release).arg("--help")).output();
    let lines = help
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("--"));
    lines
        .map(|line| {
            line.split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

/// Whether etcd has the flag. It ends at the next argument, where it does not at this one.
fn knows(release: Release, flag: &str) -> bool {
    let mut command = etcd(release);
    let answer = run(command.args([&format!("--{flag}=x"), "--version=none"])).output();
    !answer.contains("flag provided but not defined")
}

#[test]
fn the_table_is_that_of_real_releases() {
    for release in [Release::Installed, Release::Newer] {
        let version = version(release);
        let helped = helped(release);
        assert!(helped.len() > 60, "{helped:?}");
        for name in &helped {
            let flag = flags::flag(name);
            let is_known = flag.is_some_and(|flag| flag.releases().include(version));
            assert!(is_known, "etcd {version} has --{name}");
        }
        for flag in flags::all() {
            let is_known = flag.releases().include(version);
            // Those that stand in the help need not be tried.
            if !is_known || !helped.contains(flag.name) {
                assert_eq!(
                    knows(release, flag.name),
                    is_known,
                    "{} in {version}",
                    flag.name
                );
            }
        }
    }
}

#[test]
fn kinds_are_those_of_a_real_release() {
    let release = Release::Newer;
    let version = version(release);
    let known = flags::all().iter();
    for flag in known.filter(|flag| flag.releases().include(version)) {
        let name = flag.name;
        // What takes a value takes the first one, and the second one ends etcd.
        let arguments = [&format!("--{name}"), "--version=one", "--version=two"];
        let answer = run(etcd(release).args(arguments));
        let is_switch = answer.output().contains("value \"one\" for -version");
        assert_eq!(is_switch, flag.is_switch(), "{name}\n{answer}");
        if matches!(flag.kind, FlagKind::Duration | FlagKind::Number) {
            let answer = run(etcd(release).args([&format!("--{name}=x"), "--version=none"]));
            let refused = format!("invalid value \"x\" for flag -{name}: ");
            assert!(answer.output().contains(&refused), "{name}\n{answer}");
        }
    }
}
