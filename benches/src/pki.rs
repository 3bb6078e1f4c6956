//! Directories of any size.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process;

/// Makes a PKI with so many nodes, of two certificates each, and clients.
///
/// # Panics
///
/// When it cannot be made.
pub fn make_pki(etcdpki: &Path, directory: &Path, nodes: usize, clients: usize) {
    let mut description = String::from("domain: bench.example\nnetworks: [10.0.0.0/8]\nnodes:\n");
    for node in 0..nodes {
        let address = format!("10.0.{}.{}", node / 250, node % 250 + 1);
        let _ = writeln!(
            description,
            "  - {{ name: etcd-{node}, addresses: [{address}] }}"
        );
    }
    description.push_str("clients:\n");
    for client in 0..clients {
        let _ = writeln!(description, "  - client-{client}");
    }
    fs::write(directory.join("etcdpki.yml"), description)
        .unwrap_or_else(|error| panic!("cannot write: {error}"));
    process(
        Command::new(etcdpki)
            .arg("-C")
            .arg(directory)
            .args(["init", "--generate-secrets"]),
    );
}
