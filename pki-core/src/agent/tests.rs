use time::{Duration, OffsetDateTime};

use super::*;
use crate::key::{Fingerprint, KeyAlgorithm, PrivateKey};
use crate::seal::AgeIdentities;

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
}

fn identity() -> AgeIdentities {
    AgeIdentities::generate().0
}

fn token(owner: &str) -> (Token, Invitation) {
    Token::new(owner, Fingerprint::of(b"publisher"), Duration::HOUR, now()).unwrap()
}

fn enrolment(owner: &str, token: Option<&Token>) -> Enrolment {
    let recipient = identity().recipients().remove(0);
    Enrolment::new(owner, recipient, "host", token, now()).unwrap()
}

/// What becomes of one that asks so long after the token was made.
fn ask(place: &str, enrolment: &Enrolment, invitations: &[Invitation], later: Duration) -> Answers {
    let text = enrolment.to_json();
    answer([(place, text.as_slice())], &[], invitations, now() + later)
}

fn refusal(answers: &Answers) -> &str {
    assert!(answers.admitted.is_empty() && answers.used.is_empty());
    assert_eq!(answers.answered.len(), 1);
    &answers.refused[0].1.reason
}

#[test]
fn a_token_is_read_as_it_was_written() {
    let (made, _) = token("a.b-c");
    let text = made.to_text();
    let read = Token::from_text(&format!("{}\n", text.as_str())).unwrap();
    assert_eq!(read.owner, "a.b-c");
    assert_eq!(read.invitation, made.invitation);
    assert_eq!(read.publisher, made.publisher);
    assert!(!format!("{made:?}").contains(text.as_str().rsplit('.').next().unwrap()));
    for end in 0..text.as_str().len() {
        assert_eq!(
            Token::from_text(&text.as_str()[..end]).err(),
            Some(InvalidToken)
        );
    }
}

#[test]
fn who_has_a_token_is_admitted_once() {
    let (token, invitation) = token("etcd-0");
    let asked = enrolment("etcd-0", Some(&token));
    let answers = ask("etcd-0", &asked, &[invitation], Duration::MINUTE);
    assert_eq!(answers.admitted[0].recipient, asked.recipient);
    assert_eq!(answers.answered, ["etcd-0"]);
    // Again, with the same identity: a command did not come to its end.
    let text = asked.to_json();
    let again = answer(
        [("etcd-0", text.as_slice())],
        &answers.admitted,
        &answers.used,
        now(),
    );
    assert!(again.admitted.is_empty() && again.refused.is_empty());
    assert_eq!(again.answered, ["etcd-0"]);
    // Somebody else with the same token.
    let other = enrolment("etcd-0", Some(&token));
    let replayed = ask("etcd-0", &other, &answers.used, Duration::MINUTE);
    assert!(refusal(&replayed).contains("its token was used at"));
}

#[test]
fn two_with_one_token_at_the_same_time_are_one_too_many() {
    let (token, invitation) = token("etcd-0");
    let one = enrolment("etcd-0", Some(&token)).to_json();
    let letters = [("etcd-0", one.as_slice()), ("etcd-0", one.as_slice())];
    let answers = answer(letters, &[], &[invitation], now());
    assert_eq!(answers.admitted.len(), 1);
    assert_eq!(answers.refused.len(), 1);
}

#[test]
fn who_has_no_good_token_is_refused() {
    let (token_0, invitation_0) = token("etcd-0");
    let (token_1, invitation_1) = token("etcd-1");
    let invitations = [invitation_0.clone(), invitation_1];
    let asked = enrolment("etcd-0", Some(&token_0));
    let late = ask("etcd-0", &asked, &invitations, Duration::HOUR);
    assert!(refusal(&late).contains("its token expired at 2027-01-15T09:00:00Z"));
    let unknown = ask("etcd-0", &asked, &invitations[1..], Duration::ZERO);
    assert!(refusal(&unknown).contains("no such token"));
    // Another's name, in its own place and in its place.
    let other = enrolment("etcd-0", Some(&token_1));
    let answers = ask("etcd-0", &other, &invitations, Duration::ZERO);
    assert!(refusal(&answers).contains("asks for the name etcd-0, and its token is for etcd-1"));
    let answers = ask("etcd-1", &asked, &invitations, Duration::ZERO);
    assert!(refusal(&answers).contains("asks for the name etcd-0"));
    // A proof that was made for another recipient.
    let mut forged = serde_json::to_value(&asked).unwrap();
    forged["recipient"] = identity().recipients()[0].to_string().into();
    forged["format"] = 1.into();
    let text = serde_json::to_vec(&forged).unwrap();
    let answers = answer([("etcd-0", text.as_slice())], &[], &invitations, now());
    assert!(refusal(&answers).contains("does not have the token"));
    for text in ["", "{}", "[1]", "{\"format\":2}"] {
        let answers = answer([("etcd-0", text.as_bytes())], &[], &invitations, now());
        assert!(
            refusal(&answers).contains("enrolment of format 1"),
            "{text}"
        );
    }
}

#[test]
fn who_comes_without_a_token_waits_for_a_person() {
    let asked = enrolment("etcd-0", None);
    let answers = ask("etcd-0", &asked, &[], Duration::ZERO);
    assert_eq!(answers.waiting, [asked]);
    assert!(answers.answered.is_empty() && answers.refused.is_empty());
}

mod of_deliveries {
    use super::*;
    use crate::converge::{self, State};
    use crate::description::Cluster;
    use crate::seal::Unlocked;
    use crate::seal::tests::keys_of;
    use crate::store::{Memory, Pki};

    struct Made {
        cluster: Cluster,
        pki: Pki<Memory>,
        keys: Unlocked,
        state: State,
    }

    fn made() -> Made {
        let text = "domain: example\nnodes:\n- { name: etcd-0, addresses: [10.0.0.1] }\n- { name: etcd-1, addresses: [10.0.0.2] }\nclients: [backup]\n";
        let cluster = Cluster::from_yaml(text).unwrap();
        let mut pki = Pki::new(Memory::default());
        let keys = keys_of(&mut pki);
        let now = OffsetDateTime::now_utc();
        let plan = converge::plan(&cluster, &pki, now).unwrap();
        let state = plan.apply(&cluster, &mut pki, &keys, now).unwrap();
        Made {
            cluster,
            pki,
            keys,
            state,
        }
    }

    impl Made {
        fn content(&self, owner: &str) -> Result<Content, ContentError> {
            let key = |leaf: &_| Ok(self.pki.leaf_key(leaf, &self.keys)?);
            let list = self.pki.revocation_list_file().unwrap();
            let list = list.map(|(_, content)| content);
            Content::of(&self.cluster, &self.state, owner, key, list)
        }
    }

    #[test]
    fn what_is_handed_out_arrives() {
        let made = made();
        let publisher = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap();
        let known = publisher.public().fingerprint();
        let (own, other) = (identity(), identity());
        let recipient = own.recipients().remove(0);
        for (owner, roles) in [("etcd-1", "server peer"), ("backup", "client")] {
            let content = made.content(owner).unwrap();
            content.check(owner, OffsetDateTime::now_utc()).unwrap();
            let delivery = Delivery::new(owner, 7, &content, &recipient, &publisher).unwrap();
            assert!(delivery.is_of(&content, &recipient));
            assert!(delivery.is_from(publisher.public()));
            assert!(
                !delivery.is_from(
                    PrivateKey::generate(KeyAlgorithm::Ed25519)
                        .unwrap()
                        .public()
                )
            );
            let text = delivery.to_json();
            assert!(!String::from_utf8_lossy(&text).contains("PRIVATE KEY"));
            let read = Delivery::from_json(&text).unwrap();
            let arrived = read.open(owner, &own, known).unwrap();
            assert_eq!(arrived.fingerprint(), content.fingerprint());
            let names: Vec<_> = arrived
                .pairs
                .iter()
                .map(|pair| pair.role.as_str())
                .collect();
            assert_eq!(names.join(" "), roles);
            for (one, other) in arrived.pairs.iter().zip(&content.pairs) {
                assert_eq!(one.key.pkcs8_der(), other.key.pkcs8_der());
            }
            assert_eq!(arrived.revoked.is_some(), owner == "etcd-1");
            let error = |result: Result<Content, DeliveryError>| result.unwrap_err().to_string();
            assert!(error(read.open(owner, &other, known)).contains("not the identity here"));
            assert!(error(read.open("etcd-0", &own, known)).contains("it is for"));
            let another = Fingerprint::of(b"other");
            assert!(error(read.open(owner, &own, another)).contains("publisher of this PKI"));
        }
        assert!(made.content("etcd-2").is_err());
    }

    #[test]
    fn nothing_of_a_delivery_can_be_changed() {
        let made = made();
        let publisher = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap();
        let known = publisher.public().fingerprint();
        let own = identity();
        let recipient = own.recipients().remove(0);
        let content = made.content("etcd-0").unwrap();
        let delivery = Delivery::new("etcd-0", 7, &content, &recipient, &publisher).unwrap();
        let text = delivery.to_json();
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let other = Delivery::new(
            "etcd-1",
            8,
            &made.content("etcd-1").unwrap(),
            &identity().recipients()[0],
            &publisher,
        );
        let other: serde_json::Value = serde_json::from_slice(&other.unwrap().to_json()).unwrap();
        for field in [
            "owner",
            "number",
            "recipient",
            "content",
            "encrypted",
            "signature",
        ] {
            let mut changed = value.clone();
            changed[field] = other[field].clone();
            let changed = Delivery::from_json(&serde_json::to_vec(&changed).unwrap()).unwrap();
            let error = changed.open("etcd-0", &own, known).unwrap_err();
            assert!(matches!(error, DeliveryError::Changed), "{field}: {error}");
            assert!(!changed.is_from(publisher.public()), "{field}");
        }
    }

    #[test]
    fn content_that_would_not_work_is_told() {
        let made = made();
        let now = OffsetDateTime::now_utc();
        let mut content = made.content("etcd-0").unwrap();
        content.pairs.swap(0, 1);
        assert!(content.check("etcd-0", now).is_ok());
        // It does not carry the other's names.
        let error = content.check("etcd-1", now).unwrap_err().to_string();
        assert!(error.contains("peer certificate does not hold"), "{error}");
        let error = content.check("etcd-0", now + Duration::days(3650));
        assert!(error.unwrap_err().to_string().contains("does not hold"));
        content.trusted.clear();
        assert!(content.check("etcd-0", now).is_err());
        let mut content = made.content("etcd-0").unwrap();
        content.pairs[0].key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let error = content.check("etcd-0", now).unwrap_err().to_string();
        assert!(error.contains("key of its server certificate"), "{error}");
    }

    #[test]
    fn records_and_the_publisher_are_kept() {
        use crate::store::Batch;
        let mut made = made();
        assert!(made.pki.publisher(&made.keys).unwrap().is_none());
        let mut batch = Batch::default();
        let publisher = Pki::<Memory>::add_publisher(&mut batch, &made.keys).unwrap();
        let (token, invitation) = token("etcd-0");
        Pki::<Memory>::add_invitation(&mut batch, &invitation);
        made.pki.commit(batch).unwrap();
        let kept = made.pki.publisher(&made.keys).unwrap().unwrap();
        assert_eq!(kept.public(), publisher.public());
        assert_eq!(
            made.pki.invitations().unwrap(),
            std::slice::from_ref(&invitation)
        );
        let asked = enrolment("etcd-0", Some(&token));
        let answers = ask("etcd-0", &asked, &[invitation], Duration::ZERO);
        let mut batch = Batch::default();
        Pki::<Memory>::add_agent(&mut batch, &answers.admitted[0]);
        Pki::<Memory>::add_invitation(&mut batch, &answers.used[0]);
        made.pki.commit(batch).unwrap();
        assert_eq!(made.pki.agents().unwrap(), answers.admitted);
        assert!(made.pki.invitations().unwrap()[0].used.is_some());
        // It is one of the keys that are sealed anew and checked.
        let files = made.pki.sealed_files().unwrap();
        let own = files.iter().find(|file| file.path.starts_with("agents/"));
        let opened = made.pki.open_file(own.unwrap(), &made.keys).unwrap();
        assert_eq!(opened.public(), publisher.public());
    }
}
