//! Whatever stands in the files that a member is started with, reading and judging them never
//! panics, and nothing that is found is without words.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pki_core::Cluster;
use pki_core::etcd::settings::{Settings, Source};
use pki_core::lint::{self, Member};

/// Between two files of one member.
const SEPARATOR: &str = "\n=====\n";

const DESCRIPTION: &str = "domain: a.b\nnodes: [{ name: a, addresses: [10.0.0.1] }]";

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut sources = Vec::new();
    for file in text.split(SEPARATOR) {
        match Source::read("file", file.as_bytes()) {
            Ok(source) => sources.push(source),
            Err(error) => assert!(error.to_string().starts_with("file:")),
        }
    }
    let settings = Settings::of(sources);
    let cluster = Cluster::from_yaml(DESCRIPTION).expect("the description is fixed");
    let mut member = Member::new(&cluster, &cluster.nodes[0]);
    for version in [None, Some("3.4"), Some("3.7.1")] {
        member.version = version.and_then(|version| version.parse().ok());
        for violation in lint::settings(&settings, &member) {
            assert!(!violation.message.is_empty());
        }
    }
});
