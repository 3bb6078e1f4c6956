use std::error::Error;
use std::path::Path;

use pki_core::seal::{KdfParameters, Keyring, Passphrase, Unlocked};
use pki_core::store::{Directory, Pki};
use pki_core::{Cluster, converge, verify};
use time::OffsetDateTime;

fn main() -> Result<(), Box<dyn Error>> {
    make(Path::new("pki"))
}

fn make(directory: &Path) -> Result<(), Box<dyn Error>> {
    let cluster = Cluster::from_yaml(
        "domain: internal.example
nodes:
  - { name: etcd-0, addresses: [10.0.0.10] }
  - { name: etcd-1, addresses: [10.0.0.11] }
  - { name: etcd-2, addresses: [10.0.0.12] }
clients: [backup]
",
    )?;
    let mut pki = Pki::new(Directory::open(directory)?);

    // Once: data keys, and a keyring in which a passphrase wraps them. Later: `pki.keyring()`, and
    // `Keyring::unlock`.
    let passphrase = Passphrase::new("correct horse battery staple")?;
    let keys = Unlocked::generate()?;
    let parameters = KdfParameters::default();
    pki.put_keyring(&Keyring::new(cluster.name.as_str(), &keys, &passphrase, parameters)?)?;

    // What is missing, and making it. A second run finds nothing to do.
    let now = OffsetDateTime::now_utc();
    let state = converge::plan(&cluster, &pki, now)?.apply(&cluster, &mut pki, &keys, now)?;
    assert_eq!(state.leaves.len(), 7);
    assert!(converge::plan(&cluster, &pki, now)?.actions().is_empty());

    // The key of a leaf, for who brings it to its host.
    let leaf = &state.leaves[0];
    let key = pki.leaf_key(leaf, &keys)?;
    assert_eq!(key.public(), &leaf.certificate().public_key);

    let report = verify::verify(&cluster, &pki, Some(&keys), now)?;
    assert!(report.findings.is_empty());
    Ok(())
}
