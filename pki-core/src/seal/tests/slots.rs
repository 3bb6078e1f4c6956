//! Adding, changing and removing slots.

use super::*;

fn name(text: &str) -> SlotName {
    text.parse().unwrap()
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

fn lock(passphrase: &Passphrase) -> Lock<'_> {
    Lock::Passphrase(passphrase, CHEAP)
}

#[test]
fn each_slot_opens_its_tiers_alone() {
    let (mut keyring, keys) = keyring();
    for (slot, tiers) in [("bob", Tiers::Issuing), ("carol", Tiers::Root)] {
        keyring
            .add_slot(name(slot), lock(&passphrase(slot)), tiers, &keys)
            .unwrap();
    }
    let keyring = Keyring::from_yaml(&keyring.to_yaml().unwrap()).unwrap();
    let bob = keyring.unlock(&passphrase("bob")).unwrap();
    assert_eq!(bob.tiers(), Some(Tiers::Issuing));
    assert!(same(&bob, &keys, Tier::Issuing));
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let root = Identity {
        tier: Tier::Root,
        ..identity("authorities/root", &key)
    };
    let error = bob.seal(root, key.pkcs8_der()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the root tier is not open: it opens with slot `passphrase` or `carol`"
    );
    let sealed = keys.seal(root, key.pkcs8_der()).unwrap();
    assert!(matches!(
        bob.open(root, &sealed),
        Err(SealError::Closed { .. })
    ));
    let carol = keyring
        .unlock_slot(&name("carol"), &passphrase("carol"))
        .unwrap();
    assert_eq!(carol.tiers(), Some(Tiers::Root));
    let both = bob.join(carol).unwrap();
    assert_eq!(both.tiers(), Some(Tiers::Both));
    assert!(both.open(root, &sealed).is_ok());
    let (_, foreign) = super::keyring();
    assert!(both.join(foreign).is_err());
}

#[test]
fn what_is_open_is_told_and_what_is_not_names_its_slots() {
    let (mut keyring, keys) = keyring();
    assert!(keys.check_open(Tiers::Both).is_ok());
    keyring
        .add_slot(name("bob"), lock(&passphrase("bob")), Tiers::Issuing, &keys)
        .unwrap();
    let bob = keyring.unlock(&passphrase("bob")).unwrap();
    assert!(bob.is_open(Tier::Issuing) && !bob.is_open(Tier::Root));
    assert!(bob.check_open(Tiers::Issuing).is_ok());
    for tiers in [Tiers::Root, Tiers::Both] {
        let error = bob.check_open(tiers).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the root tier is not open: it opens with slot `passphrase`"
        );
    }
}

#[test]
fn the_root_is_offline_where_no_slot_opens_it_with_the_rest() {
    let (mut keyring, keys) = keyring();
    assert!(!keyring.is_offline(Tier::Root));
    keyring
        .add_slot(name("root"), lock(&passphrase("root")), Tiers::Root, &keys)
        .unwrap();
    assert!(!keyring.is_offline(Tier::Root), "one slot opens both");
    keyring
        .withdraw(&SlotName::passphrase(), Tier::Root)
        .unwrap();
    assert!(keyring.is_offline(Tier::Root));
    assert!(!keyring.is_offline(Tier::Issuing));
}

#[test]
fn the_last_slot_of_a_tier_stays() {
    let (mut keyring, keys) = keyring();
    let first = SlotName::passphrase();
    keyring
        .add_slot(name("bob"), lock(&passphrase("bob")), Tiers::Issuing, &keys)
        .unwrap();
    let before = keyring.clone();
    let last = |result: Result<(), SlotError>| matches!(result, Err(SlotError::LastSlot { tier, .. }) if tier == Tier::Root);
    assert!(last(keyring.remove_slot(&first)));
    assert!(last(keyring.withdraw(&first, Tier::Root)));
    let new = passphrase("new");
    assert!(last(keyring.change_slot(
        &first,
        lock(&new),
        Tiers::Issuing,
        &keys
    )));
    assert_eq!(keyring, before);
    keyring.withdraw(&first, Tier::Issuing).unwrap();
    assert_eq!(keyring.slot(&first).unwrap().tiers(), Tiers::Root);
    keyring
        .change_slot(&name("bob"), lock(&new), Tiers::Both, &keys)
        .unwrap();
    keyring.withdraw(&first, Tier::Root).unwrap();
    assert!(keyring.slot(&first).is_err());
    assert!(same(&keyring.unlock(&new).unwrap(), &keys, Tier::Root));
}

#[test]
fn a_name_is_given_once_and_to_a_slot_that_is_there() {
    let (mut keyring, keys) = keyring();
    let other = passphrase("other");
    let taken = keyring.add_slot(SlotName::passphrase(), lock(&other), Tiers::Both, &keys);
    assert!(matches!(taken, Err(SlotError::Taken { .. })));
    let error = keyring.remove_slot(&name("bob")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the keyring has no slot `bob`: it has slot `passphrase`"
    );
    let (_, foreign) = super::keyring();
    let error = keyring.add_slot(name("bob"), lock(&other), Tiers::Both, &foreign);
    assert!(matches!(
        error,
        Err(SlotError::Seal(SealError::OtherKeyring))
    ));
    for text in ["", "a b", "a/b", "é", &"a".repeat(65)] {
        assert!(text.parse::<SlotName>().is_err(), "{text}");
    }
}

#[test]
fn there_is_an_end_to_slots() {
    let (mut keyring, keys) = keyring();
    let other = passphrase("other");
    for number in 1..64 {
        keyring
            .add_slot(name(&number.to_string()), lock(&other), Tiers::Both, &keys)
            .unwrap();
    }
    let one_more = keyring.add_slot(name("x"), lock(&other), Tiers::Both, &keys);
    assert!(matches!(one_more, Err(SlotError::TooMany)));
    let yaml = keyring.to_yaml().unwrap();
    assert_eq!(Keyring::from_yaml(&yaml).unwrap(), keyring);
}

#[test]
fn new_data_keys_shut_out_who_was_removed() {
    let (mut keyring, keys) = keyring();
    let (alice, eve) = (passphrase("correct horse"), passphrase("eve"));
    keyring
        .add_slot(name("eve"), lock(&eve), Tiers::Both, &keys)
        .unwrap();
    let keys = keyring.unlock(&alice).unwrap();
    let before = keyring.clone();
    let error = keyring.replace_data_keys(Tiers::Both, keys).unwrap_err();
    assert!(
        matches!(&error, SlotError::PassphrasesNeeded { slots } if *slots == [name("eve")]),
        "{error}"
    );
    assert_eq!(keyring, before);
    let keys = keyring.unlock(&alice).unwrap();
    let old = keyring.unlock(&eve).unwrap();
    keyring.remove_slot(&name("eve")).unwrap();
    let new = keyring.replace_data_keys(Tiers::Both, keys).unwrap();
    let again = keyring.unlock(&alice).unwrap();
    let again = keyring.replace_data_keys(Tiers::Issuing, again);
    assert!(matches!(again, Err(SlotError::Unfinished { .. })));

    let keyring = Keyring::from_yaml(&keyring.to_yaml().unwrap()).unwrap();
    let opened = keyring.unlock(&alice).unwrap();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let own = identity("certificates/etcd-0/peer", &key);
    let (of_old, of_new) = (
        old.seal(own, key.pkcs8_der()).unwrap(),
        new.seal(own, key.pkcs8_der()).unwrap(),
    );
    for holder in [&opened, &new] {
        assert!(holder.open(own, &of_old).is_ok() && holder.open(own, &of_new).is_ok());
    }
    assert!(old.open(own, &of_new).is_err());
    assert_eq!(opened.reseal(own, &of_new).unwrap(), None);
    let resealed = opened.reseal(own, &of_old).unwrap().unwrap();
    let finished = keyring.without_retired(Tiers::Both);
    let opened = finished.unlock(&alice).unwrap();
    assert!(opened.open(own, &of_old).is_err() && opened.open(own, &of_new).is_ok());
    assert!(opened.open(own, &resealed).is_ok());
}

#[test]
fn a_passphrase_that_was_changed_meanwhile_is_not_used_to_wrap() {
    let (mut keyring, _) = keyring();
    let (first, new) = (SlotName::passphrase(), passphrase("new"));
    let keys = keyring.unlock(&passphrase("correct horse")).unwrap();
    keyring
        .change_slot(&first, lock(&new), Tiers::Both, &keys)
        .unwrap();
    let error = keyring.replace_data_keys(Tiers::Both, keys).unwrap_err();
    assert!(
        matches!(error, SlotError::PassphrasesNeeded { .. }),
        "{error}"
    );
    assert!(keyring.unlock(&new).is_ok());
}

#[test]
fn recipients_are_of_one_length_and_alphabet() {
    for text in [
        &RECIPIENT[..RECIPIENT.len() - 1],
        &format!("{RECIPIENT}q"),
        &RECIPIENT.replace('q', "b"),
    ] {
        assert!(text.parse::<AgeRecipient>().is_err(), "{text}");
    }
}

#[test]
fn tiers_are_called_as_they_are_written() {
    for (text, tiers) in [
        ("both", Tiers::Both),
        ("issuing", Tiers::Issuing),
        ("root", Tiers::Root),
    ] {
        assert_eq!(text.parse::<Tiers>().unwrap(), tiers);
        assert_eq!(tiers.to_string(), text);
    }
    assert!("Both".parse::<Tiers>().is_err());
}

#[test]
fn a_derivation_may_cost_so_much_and_no_more() {
    let most = KdfParameters {
        memory_kib: 2 * 1024 * 1024,
        passes: 64,
        lanes: 64,
    };
    assert!(most.checked().is_ok());
    for more in [
        KdfParameters {
            memory_kib: most.memory_kib + 1,
            ..most
        },
        KdfParameters { passes: 65, ..most },
        KdfParameters { lanes: 65, ..most },
    ] {
        assert!(more.checked().is_err(), "{more:?}");
    }
}

#[test]
fn a_keyring_for_recipients_is_read_without_age() {
    let (keyring, _) = keyring();
    let yaml = keyring.to_yaml().unwrap();
    let age = AGE_SLOT.replace("RECIPIENT", RECIPIENT);
    let keyring = Keyring::from_yaml(&format!("{yaml}{age}")).unwrap();
    assert!(matches!(keyring.slots()[1].kind(), LockKind::Age([_])));
    assert!(keyring.unlock(&passphrase("correct horse")).is_ok());
    let slots = yaml.find("- name").unwrap();
    let alone = Keyring::from_yaml(&format!("{}{age}", &yaml[..slots])).unwrap();
    let error = alone.unlock(&passphrase("x")).unwrap_err();
    assert!(
        matches!(&error, SealError::NoPassphraseSlot { slots } if *slots == [name("alice")]),
        "{error}"
    );
    assert_eq!(
        error.to_string().contains("built with age"),
        cfg!(not(feature = "age"))
    );
}

const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const AGE_SLOT: &str = "\
- name: alice
  age:
    recipients: [RECIPIENT]
    keys:
      issuing:
        file: AAAA
        nonce: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
        tag: AAAAAAAAAAAAAAAAAAAAAA==
";

#[cfg(feature = "age")]
pub(super) mod age {
    use super::*;

    /// Who holds an identity.
    pub(in crate::seal::tests) struct Holder {
        pub(in crate::seal::tests) identities: AgeIdentities,
        pub(in crate::seal::tests) recipient: AgeRecipient,
    }

    impl Holder {
        pub(in crate::seal::tests) fn new() -> Self {
            use ::age::secrecy::ExposeSecret;
            let text = ::age::x25519::Identity::generate().to_string();
            let content = format!("# a comment\n\n{}\n", text.expose_secret());
            let identities = AgeIdentities::from_file_content(content.as_bytes()).unwrap();
            let recipient = identities.recipients().remove(0);
            Self {
                identities,
                recipient,
            }
        }
    }

    /// A keyring with one slot, `alice`, for `holder`.
    pub(in crate::seal::tests) fn keyring_for(holder: &Holder) -> (Keyring, Unlocked) {
        let keys = Unlocked::generate().unwrap();
        let recipients = [holder.recipient.clone()];
        let keyring =
            Keyring::with_slot("etcd", &keys, name("alice"), Lock::Age(&recipients)).unwrap();
        let yaml = keyring.to_yaml().unwrap();
        assert_eq!(Keyring::from_yaml(&yaml).unwrap(), keyring);
        (keyring, keys)
    }

    #[test]
    fn an_age_slot_opens_for_its_recipients_alone() {
        let (alice, bob, eve) = (Holder::new(), Holder::new(), Holder::new());
        let keys = Unlocked::generate().unwrap();
        let recipients = [alice.recipient.clone(), bob.recipient.clone()];
        let team = Keyring::with_slot("etcd", &keys, name("team"), Lock::Age(&recipients)).unwrap();
        for holder in [&alice, &bob] {
            let opened = team.unlock_age(&holder.identities).unwrap();
            assert!(Tier::ALL.iter().all(|tier| same(&opened, &keys, *tier)));
        }
        assert!(matches!(
            team.unlock_age(&eve.identities),
            Err(SealError::WrongIdentity { .. })
        ));
        let (of_passphrase, _) = keyring();
        assert!(matches!(
            of_passphrase.unlock_age(&alice.identities),
            Err(SealError::NoAgeSlot { .. })
        ));
    }

    #[test]
    fn identities_open_all_slots_that_are_theirs() {
        let holder = Holder::new();
        let (mut keyring, keys) = keyring();
        let recipients = [holder.recipient.clone()];
        for (slot, tiers) in [("safe", Tiers::Root), ("desk", Tiers::Issuing)] {
            keyring
                .add_slot(name(slot), Lock::Age(&recipients), tiers, &keys)
                .unwrap();
        }
        let opened = keyring.unlock_age(&holder.identities).unwrap();
        assert_eq!(opened.tiers(), Some(Tiers::Both));
        let none = keyring.add_slot(name("none"), Lock::Age(&[]), Tiers::Both, &keys);
        assert!(matches!(none, Err(SlotError::NoRecipient { .. })));
        keyring.withdraw(&name("safe"), Tier::Root).unwrap();
        let opened = keyring.unlock_age(&holder.identities).unwrap();
        assert_eq!(opened.tiers(), Some(Tiers::Issuing));
    }

    #[test]
    fn a_tier_is_taken_out_of_an_age_slot() {
        let holder = Holder::new();
        let (mut keyring, keys) = keyring();
        let recipients = [holder.recipient.clone()];
        keyring
            .add_slot(name("desk"), Lock::Age(&recipients), Tiers::Both, &keys)
            .unwrap();
        keyring.withdraw(&name("desk"), Tier::Root).unwrap();
        assert_eq!(keyring.slot(&name("desk")).unwrap().tiers(), Tiers::Issuing);
        let opened = keyring.unlock_age(&holder.identities).unwrap();
        assert_eq!(opened.tiers(), Some(Tiers::Issuing));
    }

    #[test]
    fn identities_of_several_files_open_together() {
        let (safe, desk) = (Holder::new(), Holder::new());
        let (mut keyring, keys) = keyring();
        for (slot, holder, tiers) in [
            ("safe", &safe, Tiers::Root),
            ("desk", &desk, Tiers::Issuing),
        ] {
            let recipients = [holder.recipient.clone()];
            keyring
                .add_slot(name(slot), Lock::Age(&recipients), tiers, &keys)
                .unwrap();
        }
        let mut identities = safe.identities;
        identities.append(desk.identities);
        let opened = keyring.unlock_age(&identities).unwrap();
        assert_eq!(opened.tiers(), Some(Tiers::Both));
    }

    #[test]
    fn data_keys_are_replaced_without_the_identity() {
        let holder = Holder::new();
        let (mut keyring, keys) = keyring();
        let recipients = [holder.recipient.clone()];
        keyring
            .add_slot(name("safe"), Lock::Age(&recipients), Tiers::Root, &keys)
            .unwrap();
        let keys = keyring.unlock(&passphrase("correct horse")).unwrap();
        let old = keyring.unlock(&passphrase("correct horse")).unwrap();
        let new = keyring.replace_data_keys(Tiers::Both, keys).unwrap();
        let opened = keyring.unlock_age(&holder.identities).unwrap();
        assert!(same(&opened, &new, Tier::Root) && !same(&opened, &old, Tier::Root));
    }

    #[test]
    fn an_escrow_opens_to_the_key() {
        let (holder, eve) = (Holder::new(), Holder::new());
        let key = PrivateKey::generate(KeyAlgorithm::P384).unwrap();
        let file = escrow(&key, std::slice::from_ref(&holder.recipient)).unwrap();
        assert!(file.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));
        let opened = open_escrow(file.as_bytes(), &holder.identities).unwrap();
        assert_eq!(opened.pkcs8_der(), key.pkcs8_der());
        let error = open_escrow(file.as_bytes(), &eve.identities).unwrap_err();
        let said = error.to_string();
        assert!(said.contains("give the identity of one of its "), "{said}");
        assert!(open_escrow(&file.as_bytes()[..file.len() / 2], &holder.identities).is_err());
        assert!(escrow(&key, &[]).is_err());
        // A key under another label is not what escrow writes.
        let other = crate::pem::encode("CERTIFICATE", key.pkcs8_der());
        let recipients = std::slice::from_ref(&holder.recipient);
        let file = crate::seal::age::encrypt_armored(recipients, other.as_bytes()).unwrap();
        assert!(open_escrow(&file, &holder.identities).is_err());
    }

    #[test]
    fn what_is_no_identity_file_is_told() {
        let read = |text: &str| AgeIdentities::from_file_content(text.as_bytes()).unwrap_err();
        assert_eq!(read("# only a comment\n"), InvalidIdentities::Nothing);
        assert_eq!(read("\nnonsense\n"), InvalidIdentities::Line { line: 2 });
        assert_eq!(read(RECIPIENT), InvalidIdentities::Line { line: 1 });
        let encrypted = "-----BEGIN AGE ENCRYPTED FILE-----\n";
        assert_eq!(read(encrypted), InvalidIdentities::Encrypted);
        let holder = Holder::new();
        assert_eq!(format!("{:?}", holder.identities), "AgeIdentities(****)");
    }

    #[test]
    fn recipients_of_other_kinds_are_refused() {
        assert!(RECIPIENT.parse::<AgeRecipient>().is_ok());
        let flipped = RECIPIENT.replace("ql3z", "ql3y");
        for text in [
            "",
            "age1",
            "ssh-ed25519 AAAA",
            &RECIPIENT.to_uppercase(),
            &flipped,
        ] {
            assert!(text.parse::<AgeRecipient>().is_err(), "{text}");
        }
    }
}
