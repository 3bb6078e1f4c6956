//! Whatever stands in `etcdpki.yml`, reading it ends in an error at a place in the text, or in a
//! cluster whose leaves all lie within the name constraints.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pki_core::Cluster;
use pki_core::certificate::AlternativeName;
use pki_core::leaf::leaves;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let cluster = match Cluster::from_yaml(&text) {
        Ok(cluster) => cluster,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let constraints = cluster.name_constraints();
    for leaf in leaves(&cluster) {
        for name in leaf.profile.names().iter().cloned() {
            let name = AlternativeName::from(name);
            assert!(constraints.as_ref().is_none_or(|all| all.permits(&name)));
        }
    }
    let _ = (cluster.join_string(), cluster.first_network());
});
