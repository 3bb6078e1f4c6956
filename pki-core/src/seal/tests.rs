mod format;
mod hostile;
mod slots;

use super::*;
use crate::key::{KeyAlgorithm, PrivateKey};
use crate::store::{Pki, Store};

const CHEAP: KdfParameters = KdfParameters {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};

/// Data keys, and their keyring in `pki`.
pub(crate) fn keys_of<S: Store>(pki: &mut Pki<S>) -> Unlocked {
    let (keyring, keys) = keyring();
    pki.put_keyring(&keyring).unwrap();
    keys
}

fn keyring() -> (Keyring, Unlocked) {
    let keys = Unlocked::generate().unwrap();
    let passphrase = Passphrase::new("correct horse").unwrap();
    let keyring = Keyring::new("etcd", &keys, &passphrase, CHEAP).unwrap();
    (keyring, keys)
}

/// Whether both hold the same data key of a tier.
fn same(one: &Unlocked, other: &Unlocked, tier: Tier) -> bool {
    match (one.data_key(tier), other.data_key(tier)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

fn identity<'a>(path: &'a str, key: &PrivateKey) -> Identity<'a> {
    Identity {
        tier: Tier::Issuing,
        path,
        key: key.public().fingerprint(),
    }
}

#[test]
fn a_key_opens_for_its_own_identity_alone() {
    let (_, unlocked) = keyring();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let other = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let own = identity("certificates/etcd-0/server", &key);
    let sealed = SealedKey::from_pem(
        unlocked
            .seal(own, key.pkcs8_der())
            .unwrap()
            .to_pem()
            .as_bytes(),
    )
    .unwrap();
    assert_eq!(
        unlocked.open(own, &sealed).unwrap().as_slice(),
        key.pkcs8_der()
    );

    let moved = identity("certificates/etcd-1/server", &key);
    assert!(matches!(
        unlocked.open(moved, &sealed),
        Err(SealError::Damaged)
    ));
    let of_another = identity("certificates/etcd-0/server", &other);
    assert!(matches!(
        unlocked.open(of_another, &sealed),
        Err(SealError::Damaged)
    ));
    let of_the_root = Identity {
        tier: Tier::Root,
        ..own
    };
    assert!(matches!(
        unlocked.open(of_the_root, &sealed),
        Err(SealError::Damaged)
    ));
    let (_, foreign) = keyring();
    assert!(matches!(
        foreign.open(own, &sealed),
        Err(SealError::Damaged)
    ));
}

#[test]
fn every_cut_and_every_changed_bit_is_noticed() {
    let (_, unlocked) = keyring();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let own = identity("certificates/etcd-0/peer", &key);
    let pem = unlocked.seal(own, key.pkcs8_der()).unwrap().to_pem();
    let opens = |text: &[u8]| match SealedKey::from_pem(text) {
        Ok(sealed) => unlocked.open(own, &sealed).is_ok(),
        Err(_) => false,
    };
    assert!(opens(pem.as_bytes()));
    for length in 0..pem.len() - 1 {
        assert!(!opens(&pem.as_bytes()[..length]), "cut to {length}");
    }
    // The newline at the end carries nothing.
    for index in 0..pem.len() - 1 {
        for bit in 0..8 {
            let mut changed = pem.clone().into_bytes();
            changed[index] ^= 1 << bit;
            assert!(!opens(&changed), "bit {bit} of octet {index}");
        }
    }
}

#[test]
fn a_keyring_opens_with_its_passphrase_alone() {
    let (keyring, unlocked) = keyring();
    let keyring = Keyring::from_yaml(&keyring.to_yaml().unwrap()).unwrap();
    let again = keyring
        .unlock(&Passphrase::new("correct horse").unwrap())
        .unwrap();
    for tier in Tier::ALL {
        assert_eq!(
            again.data_key(tier).unwrap(),
            unlocked.data_key(tier).unwrap()
        );
    }
    let wrong = Passphrase::new("correct horse ").unwrap();
    assert!(matches!(
        keyring.unlock(&wrong),
        Err(SealError::WrongPassphrase)
    ));
    assert!(matches!(Passphrase::new(""), Err(SealError::NoPassphrase)));
}

#[test]
fn a_keyring_that_was_changed_does_not_open() {
    let (keyring, _) = keyring();
    let passphrase = Passphrase::new("correct horse").unwrap();
    let yaml = keyring.to_yaml().unwrap();
    for (from, to) in [
        ("cluster: etcd", "cluster: other"),
        ("passes: 1", "passes: 2"),
        ("name: passphrase", "name: second"),
    ] {
        assert!(yaml.contains(from), "{yaml}");
        let changed = Keyring::from_yaml(&yaml.replace(from, to)).unwrap();
        assert!(
            matches!(changed.unlock(&passphrase), Err(SealError::WrongPassphrase)),
            "{to}"
        );
    }
}

/// The fields that hold a secret, and so the types around them, are wiped.
#[test]
fn secrets_are_wiped() {
    fn wiped<T: zeroize::ZeroizeOnDrop>(_: &T) {}
    let (keyring, unlocked) = keyring();
    let passphrase = Passphrase::new("correct horse").unwrap();
    wiped(&passphrase);
    wiped(&unlocked);
    wiped(unlocked.data_key(Tier::Root).unwrap());
    let opened = keyring.unlock(&passphrase).unwrap();
    wiped(opened.wrapping_key(&SlotName::passphrase()).unwrap());
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let own = identity("certificates/etcd-0/server", &key);
    let sealed = unlocked.seal(own, key.pkcs8_der()).unwrap();
    wiped(&unlocked.open(own, &sealed).unwrap());
}

#[test]
fn no_secret_is_printed() {
    let (keyring, unlocked) = keyring();
    assert_eq!(format!("{unlocked:?}"), "Unlocked(****)");
    assert_eq!(
        format!("{:?}", Passphrase::new("x").unwrap()),
        "Passphrase(****)"
    );
    assert!(!keyring.to_yaml().unwrap().contains("horse"));
}
