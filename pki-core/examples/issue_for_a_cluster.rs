//! Makes everything that a description asks for, and one certificate more.
//!
//! `cargo run -p pki-core --example issue_for_a_cluster`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use pki_core::converge::{self, Order};
use pki_core::leaf::{LeafId, Owner};
use pki_core::role::Role;
use pki_core::seal::{KdfParameters, Keyring, Passphrase, Unlocked};
use pki_core::store::{Memory, Pki};
use pki_core::{Cluster, verify};
use time::OffsetDateTime;

fn main() -> Result<(), Box<dyn Error>> {
    let cluster = Cluster::from_yaml(
        "domain: internal.example
nodes:
  - { name: etcd-0, addresses: [10.0.0.10] }
  - { name: etcd-1, addresses: [10.0.0.11] }
  - { name: etcd-2, addresses: [10.0.0.12] }
",
    )?;
    // With `Directory` in place of `Memory` it is kept in files.
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
    for leaf in &state.leaves {
        println!("{}: {}", leaf.id, leaf.certificate().serial_text());
    }

    // A client that the description does not know, for a month.
    let id = LeafId {
        owner: Owner::Other("backup".parse()?),
        role: Role::Client,
    };
    let order = Order::new(&cluster, id, Vec::new(), None)?.with_lifetime("30d".parse()?);
    let backup = order.issue(&cluster, &pki, &keys, now)?.commit(&mut pki)?;
    println!(
        "{}: until {}",
        backup.id,
        backup.certificate().validity.not_after
    );

    // A second run finds nothing to do, and leaves the order alone.
    let plan = converge::plan(&cluster, &pki, now)?;
    println!("to be made: {:?}", plan.actions());
    let report = verify::verify(&cluster, &pki, Some(&keys), now)?;
    println!("{} keys opened", report.keys);
    Ok(())
}
