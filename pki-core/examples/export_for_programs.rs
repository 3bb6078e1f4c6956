//! Makes a PKI, and hands a client's certificate and key to Java and to Kubernetes.
//!
//! `cargo run -p pki-core --example export_for_programs`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use pki_core::Cluster;
use pki_core::converge;
use pki_core::export::kubernetes::{self, SecretType};
use pki_core::export::{self, Credential, pkcs12};
use pki_core::seal::{KdfParameters, Keyring, Passphrase, Unlocked};
use pki_core::store::{Memory, Pki};
use time::OffsetDateTime;

fn main() -> Result<(), Box<dyn Error>> {
    let cluster = Cluster::from_yaml(
        "domain: internal.example
nodes:
  - { name: etcd-0, addresses: [10.0.0.10] }
clients: [backup]
",
    )?;
    let mut pki = Pki::new(Memory::default());
    let keys = Unlocked::generate()?;
    let passphrase = Passphrase::new("correct horse battery staple")?;
    let name = cluster.name.as_str();
    pki.put_keyring(&Keyring::new(
        name,
        &keys,
        &passphrase,
        KdfParameters::default(),
    )?)?;
    let now = OffsetDateTime::now_utc();
    let state = converge::plan(&cluster, &pki, now)?.apply(&cluster, &mut pki, &keys, now)?;
    let bundles = &state.bundles;

    // The last of the leaves is the client's.
    let leaf = state.leaves.last().ok_or("nothing is described")?;
    let key = pki.leaf_key(leaf, &keys)?;
    let credential = Credential {
        id: &leaf.id,
        chain: &leaf.chain,
        key: Some(&key),
    };
    let password = pkcs12::Password::new(b"a password for Java")?;
    let files = [
        pkcs12::key_store(&credential, bundles, &password)?,
        pkcs12::trust_store(bundles, &password)?,
        kubernetes::secrets(SecretType::Tls, &[credential], bundles, None)?,
    ];
    export::check_paths(&files)?;

    // A line in the journal, before the key leaves. What is written to files must be 0600 where
    // it says so: `store::atomic::Group` does that.
    pki.record_exports([leaf], "pkcs12, kubernetes-tls")?;
    for file in &files {
        println!(
            "{}: {} octets, {:?}",
            file.path,
            file.content.len(),
            file.access
        );
    }
    Ok(())
}
