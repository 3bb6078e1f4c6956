//! Keys that open for age recipients: two operators, and a root that is kept offline.
//!
//! `cargo run -p pki-core --features age --example seal_to_age_recipients`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use age::secrecy::ExposeSecret;
use pki_core::hierarchy::AuthorityName;
use pki_core::seal::{
    AgeIdentities, Keyring, Lock, SealError, Tier, Tiers, Unlocked, escrow, open_escrow,
};
use pki_core::store::{Memory, Pki, StoreError};
use pki_core::{Cluster, converge};
use time::OffsetDateTime;

fn main() -> Result<(), Box<dyn Error>> {
    let cluster = Cluster::from_yaml(
        "domain: internal.example
nodes:
  - { name: etcd-0, addresses: [10.0.0.10] }
",
    )?;
    let (alice, bob, safe) = (identity()?, identity()?, identity()?);

    // A slot of Alice's opens every key, one of Bob's every key but the root's.
    let keys = Unlocked::generate()?;
    let lock = Lock::Age(&alice.recipients());
    let mut keyring = Keyring::with_slot(cluster.name.as_str(), &keys, "alice".parse()?, lock)?;
    let lock = Lock::Age(&bob.recipients());
    keyring.add_slot("bob".parse()?, lock, Tiers::Issuing, &keys)?;

    let mut pki = Pki::new(Memory::default());
    pki.put_keyring(&keyring)?;
    let now = OffsetDateTime::now_utc();
    converge::plan(&cluster, &pki, now)?.apply(&cluster, &mut pki, &keys, now)?;
    drop(keys);
    for slot in keyring.slots() {
        println!("{} opens {}", slot.name(), slot.tiers());
    }

    // Keys from an age slot are held against what they must have sealed before they are used.
    let of_bob = keyring.unlock_age(&bob)?;
    pki.check_keys(&of_bob)?;
    let root = pki.authority(AuthorityName::Root)?.ok_or("no root")?;
    match pki.authority_key(&root, &of_bob) {
        Err(StoreError::Key {
            source: error @ SealError::Closed { .. },
            ..
        }) => {
            println!("bob: {error}");
        }
        other => return Err(format!("bob must not open the root: {other:?}").into()),
    }

    // The root's key for safe keeping: a file that `age -d` opens.
    let of_alice = keyring.unlock_age(&alice)?;
    let key = pki.authority_key(&root, &of_alice)?;
    let file = escrow(&key, &safe.recipients())?;
    assert_eq!(open_escrow(file.as_bytes(), &safe)?.public(), key.public());
    println!("{file}");

    // And offline: a slot of its own, no other, and a data key that Alice never had.
    keyring.add_slot(
        "offline".parse()?,
        Lock::Age(&safe.recipients()),
        Tiers::Root,
        &of_alice,
    )?;
    keyring.withdraw(&"alice".parse()?, Tier::Root)?;
    let keys = keyring.replace_data_keys(Tiers::Root, of_alice)?;
    pki.reseal(&keyring, &keys, "the root tier was taken offline")?;
    let keyring = pki.keyring()?.ok_or("no keyring")?;
    assert!(!keyring.unlock_age(&alice)?.is_open(Tier::Root));
    pki.authority_key(&root, &keyring.unlock_age(&safe)?)?;
    println!("the root opens for its keeper alone");
    Ok(())
}

/// What `age-keygen` writes to a file.
fn identity() -> Result<AgeIdentities, Box<dyn Error>> {
    let identity = age::x25519::Identity::generate().to_string();
    let content = identity.expose_secret().as_bytes();
    Ok(AgeIdentities::from_file_content(content)?)
}
