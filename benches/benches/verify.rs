//! `etcdpki verify` and `etcdpki status` of a directory with 1,000 certificates, against one
//! `openssl verify` process over the same files.
//!
//! openssl validates each leaf once, for no purpose and no name; ours validates it for each
//! usage, from each anchor, for each name, checks it by every lint and compares it with the
//! description, and reads every file of the directory.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use benches::{
    Contestant, Row, Sample, Series, Table, build_program, compete, make_pki, process, rounds,
};

const NODES: usize = 333;
const CLIENTS: usize = 334;
/// The time of openssl, in times of ours.
const GOAL: f64 = 3.0;
/// Milliseconds for `status`.
const STATUS_LIMIT: f64 = 100.0;

fn main() {
    let directory = tempfile::tempdir().unwrap_or_else(|error| panic!("no directory: {error}"));
    let etcdpki = build_program("etcdpki");
    let leaves = make(&etcdpki, directory.path());
    let ours = |arguments: &[&str]| {
        let mut command = Command::new(&etcdpki);
        command.arg("-C").arg(directory.path()).args(arguments);
        process(&mut command)
    };
    let authorities = directory.path().join("pki/authorities");
    let openssl = || {
        let mut command = fixtures::openssl();
        command.args(["verify", "-x509_strict", "-CAfile"]);
        command.arg(authorities.join("root/1/ca.crt"));
        for authority in ["intermediate", "etcd"] {
            command
                .arg("-untrusted")
                .arg(authorities.join(authority).join("1/ca.crt"));
        }
        process(command.args(&leaves))
    };
    let mut contestants = [
        Contestant::new("etcdpki verify --without-keys", || {
            ours(&["verify", "--without-keys"])
        }),
        Contestant::new("etcdpki verify", || ours(&["verify"])),
        Contestant::new("etcdpki status", || ours(&["status"])),
        Contestant::new("openssl verify -x509_strict", openssl),
    ];
    report(&compete(rounds(11), &mut contestants), leaves.len());
}

fn report(series: &[Series], leaves: usize) {
    let [ours, _, status, openssl] = series else {
        panic!("contestants are missing")
    };
    let mut table = Table::new(
        format!("{leaves} certificates; medians of {}", ours.samples.len()),
        ["wall", "CPU", "wall / ours"],
    );
    for one in series {
        table.push(Row::new(
            &one.name,
            [
                format!("{:.1} ms", one.median(wall)),
                format!("{:.1} ms", one.median(|sample| sample.cpu)),
                format!("{:.2}", one.ratio_to(ours, wall)),
            ],
        ));
    }
    println!("\n{table}");
    let ratio = openssl.ratio_to(ours, wall);
    println!(
        "openssl / ours: {ratio:.2}; goal {GOAL}: {}",
        met(ratio >= GOAL)
    );
    let status = status.median(wall);
    println!(
        "status: {status:.1} ms; limit {STATUS_LIMIT} ms: {}",
        met(status < STATUS_LIMIT)
    );
}

/// Makes the PKI, and returns every leaf's file.
fn make(etcdpki: &Path, directory: &Path) -> Vec<PathBuf> {
    make_pki(etcdpki, directory, NODES, CLIENTS);
    let mut leaves = Vec::new();
    collect(&directory.join("pki/certificates"), &mut leaves);
    leaves
}

fn collect(directory: &Path, leaves: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{error}"));
    for path in entries.flatten().map(|entry| entry.path()) {
        match path.is_dir() {
            true => collect(&path, leaves),
            false if path.ends_with("tls.crt") => leaves.push(path),
            false => {}
        }
    }
}

fn wall(sample: &Sample) -> f64 {
    sample.wall
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}
