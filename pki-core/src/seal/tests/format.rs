//! What 0.1.0 wrote, octet by octet, has to open for ever. The files in `format` are made once:
//! a key for two identities, sealed before and after the data keys were replaced.

use super::*;

const KEY: &[u8] = include_bytes!("format/key.pem");
const KEYRING: &str = include_str!("format/keyring.yml");
const SEALED: [(Tier, &str, &[u8]); 4] = [
    (
        Tier::Root,
        ROOT,
        include_bytes!("format/root.retiring.key.sealed"),
    ),
    (Tier::Root, ROOT, include_bytes!("format/root.key.sealed")),
    (
        Tier::Issuing,
        LEAF,
        include_bytes!("format/issuing.retiring.key.sealed"),
    ),
    (
        Tier::Issuing,
        LEAF,
        include_bytes!("format/issuing.key.sealed"),
    ),
];
const ROOT: &str = "authorities/root";
const LEAF: &str = "certificates/etcd-0/server";

/// Whether each key of `tiers` opens, whichever data key sealed it.
fn opens(unlocked: &Unlocked, tiers: Tiers) -> bool {
    let key = PrivateKey::read(KEY, None).unwrap();
    let mut sealed = SEALED.iter().filter(|(tier, ..)| tiers.contains(*tier));
    sealed.all(|(tier, path, sealed)| {
        let identity = Identity {
            tier: *tier,
            path,
            key: key.public().fingerprint(),
        };
        let sealed = SealedKey::from_pem(sealed).unwrap();
        let opened = unlocked.open(identity, &sealed);
        opened.is_ok_and(|opened| *opened == key.pkcs8_der())
    })
}

#[test]
fn a_keyring_and_its_keys_open() {
    let keyring = Keyring::from_yaml(KEYRING).unwrap();
    assert_eq!(keyring.cluster(), "etcd");
    assert_eq!(keyring.retiring(), Some(Tiers::Both));
    let passphrase = Passphrase::new("correct horse").unwrap();
    let unlocked = keyring.unlock(&passphrase).unwrap();
    assert!(opens(&unlocked, Tiers::Both));
    assert_eq!(keyring.to_yaml().unwrap(), KEYRING);
}

#[cfg(feature = "age")]
#[test]
fn a_keyring_opens_for_an_age_recipient() {
    let keyring = Keyring::from_yaml(KEYRING).unwrap();
    let identities =
        AgeIdentities::from_file_content(include_bytes!("format/identity.txt")).unwrap();
    let unlocked = keyring.unlock_age(&identities).unwrap();
    assert_eq!(unlocked.tiers(), Some(Tiers::Root));
    assert!(opens(&unlocked, Tiers::Root));
}
