use std::sync::OnceLock;

use proptest::prelude::*;
use time::OffsetDateTime;

use super::*;
use crate::converge;
use crate::description::Cluster;
use crate::seal::{KdfParameters, Lock, Passphrase, SlotError, SlotName};
use crate::store::Memory;

const DESCRIPTION: &str = "\
domain: internal.domain
nodes:
  - { name: etcd-0, addresses: [10.0.0.10] }
";
const CHEAP: KdfParameters = KdfParameters {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};

/// A store that loses its power after so many entries of a batch.
#[derive(Debug)]
struct Interrupted {
    memory: Memory,
    left: usize,
    entries: usize,
}

impl Store for Interrupted {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.memory.read(path)
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, StoreError> {
        self.memory.list(directory)
    }

    fn locate(&self, path: &str) -> String {
        self.memory.locate(path)
    }

    fn commit(&mut self, mut batch: Batch) -> Result<(), StoreError> {
        self.entries = batch.entries.len();
        batch.entries.truncate(self.left);
        self.memory.commit(batch)
    }
}

fn passphrase(name: &SlotName) -> Passphrase {
    Passphrase::new(format!("the passphrase of {name}")).unwrap()
}

fn unlocked(keyring: &Keyring) -> Unlocked {
    keyring
        .unlock(&passphrase(&SlotName::passphrase()))
        .unwrap()
}

/// A PKI with a second generation of a certificate, made once.
fn sealed() -> Memory {
    static SEALED: OnceLock<Memory> = OnceLock::new();
    let made = SEALED.get_or_init(|| {
        let keys = Unlocked::generate().unwrap();
        let first = passphrase(&SlotName::passphrase());
        let keyring = Keyring::new("etcd", &keys, &first, CHEAP).unwrap();
        let mut pki = Pki::new(Memory::default());
        pki.put_keyring(&keyring).unwrap();
        let later = format!("{DESCRIPTION}certificates: {{ server_sans: [api.internal.domain] }}");
        for description in [DESCRIPTION, &later] {
            let cluster = Cluster::from_yaml(description).unwrap();
            let now = OffsetDateTime::now_utc();
            let plan = converge::plan(&cluster, &pki, now).unwrap();
            plan.apply(&cluster, &mut pki, &keys, now).unwrap();
        }
        pki.store
    });
    made.clone()
}

/// How many keys open, of all that are of an open tier; each must.
fn open_all<S: Store>(pki: &Pki<S>, keys: &Unlocked) -> usize {
    let files = pki.sealed_files().unwrap();
    let open = files.iter().filter(|file| keys.is_open(file.tier));
    open.map(|file| {
        let opened = pki.open_file(file, keys);
        opened.unwrap_or_else(|error| panic!("{error}"));
    })
    .count()
}

#[test]
fn every_key_opens_wherever_the_replacement_is_interrupted() {
    let before = Pki::new(sealed());
    let keyring = before.keyring().unwrap().unwrap();
    let old = unlocked(&keyring);
    let keys = open_all(&before, &old);
    assert_eq!(keys, 3 + 3 + 2);
    let mut entries = 1;
    let mut left = 0;
    while left <= entries {
        let mut pki = Pki::new(Interrupted {
            memory: sealed(),
            left,
            entries: 0,
        });
        let mut replaced = keyring.clone();
        let new = replaced
            .replace_data_keys(Tiers::Both, unlocked(&keyring))
            .unwrap();
        assert_eq!(pki.reseal(&replaced, &new, "test").unwrap(), keys);
        entries = pki.store.entries;

        let found = pki.keyring().unwrap().unwrap();
        assert_eq!(
            open_all(&pki, &unlocked(&found)),
            keys,
            "after {left} entries"
        );
        pki.check_keys(&unlocked(&found)).unwrap();
        // And it can be finished from there.
        pki.store.left = usize::MAX;
        pki.reseal(&found, &unlocked(&found), "test").unwrap();
        let finished = pki.keyring().unwrap().unwrap();
        assert_eq!(finished.retiring(), None);
        assert_eq!(open_all(&pki, &unlocked(&finished)), keys);
        if left > 0 {
            let files = pki.sealed_files().unwrap();
            assert!(files.iter().all(|file| pki.open_file(file, &old).is_err()));
        }
        left += 1;
    }
    // Two keyrings, the journal, three barriers, and every key.
    assert_eq!(entries, 2 + 1 + 3 + keys);
}

#[test]
fn one_tier_can_be_replaced_alone() {
    let mut pki = Pki::new(sealed());
    let mut keyring = pki.keyring().unwrap().unwrap();
    let (root, bob) = (SlotName::passphrase(), "bob".parse().unwrap());
    keyring
        .add_slot(
            bob,
            Lock::Passphrase(&passphrase(&"bob".parse().unwrap()), CHEAP),
            Tiers::Issuing,
            &unlocked(&keyring),
        )
        .unwrap();
    keyring.withdraw(&root, Tier::Issuing).unwrap();
    pki.put_keyring(&keyring).unwrap();
    let bob = passphrase(&"bob".parse().unwrap());
    let keys = keyring.unlock(&bob).unwrap();
    assert!(matches!(
        keyring.replace_data_keys(Tiers::Both, keys),
        Err(SlotError::Seal(SealError::Closed {
            tier: Tier::Root,
            ..
        }))
    ));
    let keys = keyring.unlock(&bob).unwrap();
    let new = keyring.replace_data_keys(Tiers::Issuing, keys).unwrap();
    assert_eq!(pki.reseal(&keyring, &new, "test").unwrap(), 7);
    let keyring = pki.keyring().unwrap().unwrap();
    assert_eq!(keyring.retiring(), None);
    let both = unlocked(&keyring).join(keyring.unlock(&bob).unwrap());
    assert_eq!(open_all(&pki, &both.unwrap()), 8);
}

#[test]
fn a_damaged_key_stops_the_replacement_before_it_begins() {
    let mut store = sealed();
    let path = "certificates/etcd-0/server/1/tls.key.sealed";
    let other = store.read(&path.replace("/1/", "/2/")).unwrap();
    store.set(path, other);
    let mut pki = Pki::new(store.clone());
    let mut keyring = pki.keyring().unwrap().unwrap();
    let keys = unlocked(&keyring);
    let new = keyring.replace_data_keys(Tiers::Both, keys).unwrap();
    let error = pki.reseal(&keyring, &new, "test").unwrap_err();
    assert!(
        matches!(&error, StoreError::Key { path: at, .. } if at == path),
        "{error}"
    );
    assert_eq!(pki.store, store);
}

#[test]
fn data_keys_that_sealed_nothing_here_are_refused() {
    let pki = Pki::new(sealed());
    let keyring = pki.keyring().unwrap().unwrap();
    pki.check_keys(&unlocked(&keyring)).unwrap();
    let foreign = Unlocked::generate().unwrap();
    assert!(matches!(
        pki.check_keys(&foreign),
        Err(StoreError::Key {
            source: SealError::Damaged,
            ..
        })
    ));
    Pki::new(Memory::default()).check_keys(&foreign).unwrap();

    // One that is damaged among others that open is for the check of the whole PKI to tell.
    let mut store = sealed();
    store.set("authorities/etcd/1/ca.key.sealed", Some(Vec::new()));
    Pki::new(store).check_keys(&unlocked(&keyring)).unwrap();
}

#[derive(Clone, Debug)]
enum Operation {
    Add(u8, Tiers),
    Change(u8, Tiers),
    Remove(u8),
    Replace(u8, Tiers),
    Withdraw(u8, Tier),
}

fn operation() -> impl Strategy<Value = Operation> {
    let tiers = || prop::sample::select(Tiers::ALL.to_vec());
    prop_oneof![
        (0..5_u8, tiers()).prop_map(|(slot, tiers)| Operation::Add(slot, tiers)),
        (0..5_u8, tiers()).prop_map(|(slot, tiers)| Operation::Change(slot, tiers)),
        (0..5_u8).prop_map(Operation::Remove),
        (0..5_u8, tiers()).prop_map(|(slot, tiers)| Operation::Replace(slot, tiers)),
        (0..5_u8, prop::sample::select(Tier::ALL.to_vec()))
            .prop_map(|(slot, tier)| Operation::Withdraw(slot, tier)),
    ]
}

fn slot(number: u8) -> SlotName {
    match number {
        0 => SlotName::passphrase(),
        _ => format!("slot-{number}").parse().unwrap(),
    }
}

/// Opens what all slots open together.
fn unlock_all(keyring: &Keyring) -> Unlocked {
    let opened = keyring.slots().iter().map(|slot| {
        let keys = secrets::unlock(keyring, slot);
        assert_eq!(keys.tiers(), Some(slot.tiers()));
        keys
    });
    opened.reduce(|all, keys| all.join(keys).unwrap()).unwrap()
}

fn perform(
    operation: &Operation,
    pki: &mut Pki<Memory>,
    keyring: &mut Keyring,
) -> Result<(), SlotError> {
    let keys = unlock_all(keyring);
    match operation {
        Operation::Add(number, tiers) => secrets::with_lock(*number, |lock| {
            keyring.add_slot(slot(*number), lock, *tiers, &keys)
        })?,
        Operation::Change(number, tiers) => secrets::with_lock(*number, |lock| {
            keyring.change_slot(&slot(*number), lock, *tiers, &keys)
        })?,
        Operation::Remove(number) => keyring.remove_slot(&slot(*number))?,
        Operation::Withdraw(number, tier) => keyring.withdraw(&slot(*number), *tier)?,
        Operation::Replace(number, tiers) => {
            let keys = match number {
                0 => keys,
                _ => secrets::unlock(keyring, keyring.slot(&slot(*number))?),
            };
            let new = keyring.replace_data_keys(*tiers, keys)?;
            pki.reseal(keyring, &new, "test").unwrap();
            *keyring = pki.keyring().unwrap().unwrap();
        }
    }
    pki.put_keyring(keyring).unwrap();
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever is done to the slots: every tier opens with one, and every key opens.
    #[test]
    fn no_sequence_of_changes_loses_a_key(operations in prop::collection::vec(operation(), 1..12)) {
        let mut pki = Pki::new(sealed());
        let mut keyring = pki.keyring().unwrap().unwrap();
        for operation in operations {
            let before = keyring.clone();
            if perform(&operation, &mut pki, &mut keyring).is_err() {
                prop_assert_eq!(&keyring, &before);
            }
            prop_assert_eq!(&pki.keyring().unwrap().unwrap(), &keyring);
            let keys = unlock_all(&keyring);
            prop_assert_eq!(keys.tiers(), Some(Tiers::Both));
            prop_assert_eq!(open_all(&pki, &keys), 8);
        }
    }
}

/// Slots with odd numbers are for age recipients, if they can be.
#[cfg(feature = "age")]
mod secrets {
    use age::secrecy::ExposeSecret;

    use super::*;
    use crate::seal::{AgeIdentities, LockKind};

    pub(super) fn with_lock<T>(number: u8, then: impl FnOnce(Lock<'_>) -> T) -> T {
        match number % 2 {
            0 => then(Lock::Passphrase(&passphrase(&slot(number)), CHEAP)),
            _ => then(Lock::Age(&identities(number).recipients())),
        }
    }

    pub(super) fn unlock(keyring: &Keyring, slot: &crate::seal::Slot) -> Unlocked {
        let opened = match slot.kind() {
            LockKind::Passphrase(_) => keyring.unlock_slot(slot.name(), &passphrase(slot.name())),
            LockKind::Age(_) => {
                let number = slot.name().as_str().trim_start_matches("slot-");
                keyring.unlock_age(identities(number.parse().unwrap()))
            }
        };
        opened.unwrap()
    }

    fn identities(number: u8) -> &'static AgeIdentities {
        static MADE: [OnceLock<AgeIdentities>; 5] = [const { OnceLock::new() }; 5];
        MADE[usize::from(number)].get_or_init(|| {
            let identity = age::x25519::Identity::generate().to_string();
            AgeIdentities::from_file_content(identity.expose_secret().as_bytes()).unwrap()
        })
    }
}

#[cfg(not(feature = "age"))]
mod secrets {
    use super::*;

    pub(super) fn with_lock<T>(number: u8, then: impl FnOnce(Lock<'_>) -> T) -> T {
        then(Lock::Passphrase(&passphrase(&slot(number)), CHEAP))
    }

    pub(super) fn unlock(keyring: &Keyring, slot: &crate::seal::Slot) -> Unlocked {
        keyring
            .unlock_slot(slot.name(), &passphrase(slot.name()))
            .unwrap()
    }
}

/// Who may write the directory can put a data key of his own into an age slot; it has sealed
/// nothing here.
#[cfg(feature = "age")]
#[test]
fn a_forged_age_slot_is_noticed_by_what_it_does_not_open() {
    use age::secrecy::ExposeSecret;

    use crate::seal::AgeIdentities;

    let pki = Pki::new(sealed());
    let identity = age::x25519::Identity::generate().to_string();
    let identities = AgeIdentities::from_file_content(identity.expose_secret().as_bytes()).unwrap();
    let forged = Unlocked::generate().unwrap();
    let lock = Lock::Age(&identities.recipients());
    let forged = Keyring::with_slot("etcd", &forged, "alice".parse().unwrap(), lock).unwrap();
    let keys = forged.unlock_age(&identities).unwrap();
    assert!(pki.check_keys(&keys).is_err());
}
