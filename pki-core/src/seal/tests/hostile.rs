//! Keyrings that somebody changed.

use base64ct::{Base64, Encoding};
use proptest::prelude::*;

use super::*;

/// What a change of a field must lead to.
type Refusal = fn(&SealError) -> bool;

/// Every change of one bit of the base64 value on the line that begins with `field`, of several
/// the one with number `skipped`. Of a long one each octet is changed at least once.
fn changed(yaml: &str, field: &str, skipped: usize) -> Vec<Keyring> {
    let prefix = format!("{field}: ");
    let (index, line) = yaml
        .lines()
        .enumerate()
        .filter(|(_, line)| line.trim_start().starts_with(&prefix))
        .nth(skipped)
        .unwrap_or_else(|| panic!("no {field} number {skipped} in {yaml}"));
    let (name, value) = line.split_once(": ").unwrap();
    let octets = Base64::decode_vec(value.trim_matches('"')).unwrap();
    let mut keyrings = Vec::new();
    let step = if octets.len() > 64 { 7 } else { 1 };
    for bit in (0..8 * octets.len()).step_by(step) {
        let mut flipped = octets.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let mut lines: Vec<_> = yaml.lines().map(str::to_owned).collect();
        lines[index] = format!("{name}: {}", Base64::encode_string(&flipped));
        keyrings.push(Keyring::from_yaml(&lines.join("\n")).unwrap());
    }
    keyrings
}

#[test]
fn every_bit_of_a_passphrase_slot_counts() {
    let (keyring, _) = keyring();
    let passphrase = Passphrase::new("correct horse").unwrap();
    let yaml = keyring.to_yaml().unwrap();
    let wrong: Refusal = |error| matches!(error, SealError::WrongPassphrase);
    let root: Refusal =
        |error| matches!(error, SealError::SlotDamaged { tier, .. } if *tier == Tier::Root);
    let issuing: Refusal =
        |error| matches!(error, SealError::SlotDamaged { tier, .. } if *tier == Tier::Issuing);
    for (field, number, refusal) in [
        ("id", 0, wrong),
        ("salt", 0, wrong),
        ("nonce", 0, root),
        ("key", 0, root),
        ("nonce", 1, issuing),
        ("key", 1, issuing),
    ] {
        for keyring in changed(&yaml, field, number) {
            let error = keyring.unlock(&passphrase).unwrap_err();
            assert!(refusal(&error), "{field} {number}: {error}");
        }
    }
}

#[test]
fn keys_do_not_open_in_another_tier_slot_or_keyring() {
    let passphrase = Passphrase::new("correct horse").unwrap();
    let (mut ours, keys) = keyring();
    let bob = "bob".parse().unwrap();
    ours.add_slot(
        bob,
        Lock::Passphrase(&passphrase, CHEAP),
        Tiers::Both,
        &keys,
    )
    .unwrap();
    let (mut theirs, keys) = keyring();
    let bob = "bob".parse().unwrap();
    theirs
        .add_slot(
            bob,
            Lock::Passphrase(&passphrase, CHEAP),
            Tiers::Both,
            &keys,
        )
        .unwrap();
    let blocks = |keyring: &Keyring| -> (Vec<String>, Vec<usize>) {
        let lines: Vec<_> = keyring
            .to_yaml()
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect();
        let tiers = ["root:", "issuing:"];
        let at = (0..lines.len()).filter(|at| tiers.contains(&lines[*at].trim()));
        (lines.clone(), at.collect())
    };
    let (lines, at) = blocks(&ours);
    let (others, _) = blocks(&theirs);
    assert_eq!(at.len(), 4);
    for to in &at {
        for (from, source) in at.iter().map(|at| (at, &lines)).chain([(to, &others)]) {
            if from == to && source == &lines {
                continue;
            }
            let mut swapped = lines.clone();
            swapped[to + 1..to + 3].clone_from_slice(&source[from + 1..from + 3]);
            let swapped = Keyring::from_yaml(&swapped.join("\n")).unwrap();
            let name = if *to < at[2] { "passphrase" } else { "bob" };
            let error = swapped
                .unlock_slot(&name.parse().unwrap(), &passphrase)
                .unwrap_err();
            assert!(
                matches!(error, SealError::SlotDamaged { .. }),
                "{from} {to} {error}"
            );
        }
    }
}

#[test]
fn what_no_keyring_may_hold_is_refused_when_it_is_read() {
    let (keyring, _) = keyring();
    let yaml = keyring.to_yaml().unwrap();
    let slots = yaml.find("- name").unwrap();
    let twice = format!("{yaml}{}", &yaml[slots..]);
    let cases = [
        (String::new(), "not a keyring"),
        (yaml.replace("version: 1", "version: 2"), "of version 2"),
        (yaml.replace("salt:", "pepper:"), "pepper"),
        (
            yaml.replace("memory_kib: 64", "memory_kib: 4294967295"),
            "memory_kib is 4294967295",
        ),
        (yaml.replace("passes: 1", "passes: 65"), "passes is 65"),
        (yaml.replace("lanes: 1", "lanes: 65"), "lanes is 65"),
        (yaml.replace("passes: 1", "passes: 0"), "out of bounds"),
        (
            yaml.replace("name: passphrase", "name: \"a b\""),
            "`a b` is no name",
        ),
        (yaml[..slots].trim_end().to_owned() + " []", "0 slots"),
        (twice, "two slots are called `passphrase`"),
        (
            yaml[..yaml.find("keys:").unwrap()].to_owned() + "keys: {}",
            "the key of no tier",
        ),
        (format!("{yaml}extra: 1\n"), "extra"),
        (format!("{yaml}#{}", " ".repeat(2 << 20)), "more than"),
    ];
    for (text, part) in cases {
        let error = Keyring::from_yaml(&text).unwrap_err().to_string();
        assert!(error.contains(part), "{part}: {error}\n{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// No text makes the reader panic, and none makes it give another key.
    #[test]
    fn a_changed_text_never_opens_to_another_key(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let (keyring, keys) = keyring();
        let mut text = keyring.to_yaml().unwrap().into_bytes();
        for (index, byte, kind) in edits {
            let at = index.index(text.len());
            match kind {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ => drop(text.remove(at)),
            }
        }
        let text = String::from_utf8_lossy(&text);
        if let Ok(changed) = Keyring::from_yaml(&text)
            // What somebody may ask for is bounded, and takes long.
            && changed.slots().iter().all(|slot| matches!(slot.kind(), LockKind::Passphrase(cost) if cost.memory_kib < 1024))
            && let Ok(opened) = changed.unlock(&Passphrase::new("correct horse").unwrap())
        {
            for tier in Tier::ALL {
                prop_assert!(!opened.is_open(tier) || same(&opened, &keys, tier));
            }
        }
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in any::<Vec<u8>>()) {
        let _ = Keyring::from_yaml(&String::from_utf8_lossy(&text));
        let _ = SealedKey::from_pem(&text);
        let block = crate::pem::encode(SEALED_KEY, &text);
        if let Ok(sealed) = SealedKey::from_pem(block.as_bytes()) {
            prop_assert_eq!(sealed.to_pem(), block);
        }
    }
}

#[cfg(feature = "age")]
mod age {
    use super::*;
    use crate::seal::tests::slots::age::{Holder, keyring_for};

    #[test]
    fn every_bit_of_an_age_slot_counts() {
        let holder = Holder::new();
        let (keyring, _) = keyring_for(&holder);
        let yaml = keyring.to_yaml().unwrap();
        for (field, number, tier) in [
            ("id", 0, Tier::Root),
            ("file", 0, Tier::Root),
            ("nonce", 0, Tier::Root),
            ("tag", 0, Tier::Root),
            ("file", 1, Tier::Issuing),
            ("nonce", 1, Tier::Issuing),
            ("tag", 1, Tier::Issuing),
        ] {
            for keyring in changed(&yaml, field, number) {
                let error = keyring.unlock_age(&holder.identities).unwrap_err();
                let expected =
                    matches!(error, SealError::SlotDamaged { tier: at, .. } if at == tier);
                assert!(expected, "{field} {number}: {error}");
            }
        }
        let other = Holder::new().recipient.to_string();
        for (from, to) in [
            ("cluster: etcd", "cluster: other"),
            ("name: alice", "name: mallory"),
            (holder.recipient.as_str(), other.as_str()),
        ] {
            let changed = Keyring::from_yaml(&yaml.replace(from, to)).unwrap();
            let error = changed.unlock_age(&holder.identities).unwrap_err();
            assert!(
                matches!(error, SealError::SlotDamaged { .. }),
                "{to}: {error}"
            );
        }
    }

    #[test]
    fn age_keys_do_not_open_in_another_tier() {
        let holder = Holder::new();
        let (keyring, _) = keyring_for(&holder);
        let yaml = keyring.to_yaml().unwrap();
        let swapped = yaml
            .replace("root:", "first:")
            .replace("issuing:", "root:")
            .replace("first:", "issuing:");
        let swapped = Keyring::from_yaml(&swapped).unwrap();
        assert!(matches!(
            swapped.unlock_age(&holder.identities),
            Err(SealError::SlotDamaged { .. })
        ));
    }

    #[test]
    fn a_recipient_that_somebody_added_is_not_given_the_next_data_key() {
        let (holder, mallory) = (Holder::new(), Holder::new());
        let (mut keyring, keys) = keyring_for(&holder);
        let bob = Holder::new();
        let recipients = [bob.recipient.clone()];
        keyring
            .add_slot(
                "bob".parse().unwrap(),
                Lock::Age(&recipients),
                Tiers::Both,
                &keys,
            )
            .unwrap();
        let yaml = keyring.to_yaml().unwrap();
        let added = yaml.replace(
            &format!("- {}", bob.recipient),
            &format!("- {}\n    - {}", bob.recipient, mallory.recipient),
        );
        assert_ne!(added, yaml);
        let mut added = Keyring::from_yaml(&added).unwrap();
        let before = added.clone();
        let keys = added.unlock_age(&holder.identities).unwrap();
        assert_eq!(added.forged_slots(&keys), ["bob".parse().unwrap()]);
        assert_eq!(keyring.forged_slots(&keys), []);
        let error = added.replace_data_keys(Tiers::Both, keys).unwrap_err();
        assert!(
            matches!(&error, SlotError::Recipients { slot } if slot.as_str() == "bob"),
            "{error}"
        );
        assert_eq!(added, before);
    }
}
