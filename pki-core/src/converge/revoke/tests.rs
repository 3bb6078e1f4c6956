use time::Duration;

use super::*;
use crate::converge::tests::{DESCRIPTION, Fixture};
use crate::converge::{Action, Reason as Why, State, plan};
use crate::crl::{Crl, Due, Reason};
use crate::hierarchy::AuthorityName;
use crate::journal::Event;
use crate::store::{Failing, Memory};
use crate::verify;

const MERGED: &str = "crl/etcd.crl";
const OF_ROOT: &str = "crl/authorities/root/1.crl";

impl Fixture {
    fn described(description: &str) -> (Self, Cluster) {
        let mut fixture = Self::new();
        fixture.converge(description).unwrap();
        (fixture, Cluster::from_yaml(description).unwrap())
    }

    fn leaf(&self, cluster: &Cluster, id: &str) -> crate::certificate::Certificate {
        let state = State::read(cluster, &self.pki).unwrap();
        let mut leaves = state.leaves.iter();
        let found = leaves.find(|leaf| leaf.id.to_string() == id);
        found.unwrap().certificate().clone()
    }

    fn revoke(&mut self, cluster: &Cluster, revocation: &Revocation, days: i64) -> Vec<String> {
        let now = OffsetDateTime::now_utc() + Duration::days(days);
        let revocations = std::slice::from_ref(revocation);
        let signed = revoke(cluster, &mut self.pki, revocations, &self.keys, now).unwrap();
        assert_eq!(signed.unsigned, []);
        signed.written
    }

    fn list(&self, path: &str) -> Crl {
        let authorities = self.pki.authorities().unwrap();
        self.pki.crl(path, &authorities).unwrap().unwrap()
    }

    fn due(&self, cluster: &Cluster, days: i64) -> Vec<(String, Due)> {
        let now = OffsetDateTime::now_utc() + Duration::days(days);
        plan(cluster, &self.pki, now).unwrap().lists().to_vec()
    }

    fn issued(&mut self, description: &str) -> Vec<(String, Why)> {
        let actions = self.converge(description).unwrap();
        let issued = actions.into_iter().map(|action| match action {
            Action::Issue { id, reason } => (id.to_string(), reason),
            Action::MakeAuthority(name) => panic!("made {name}"),
        });
        issued.collect()
    }

    fn converge_on(&mut self, description: &str, days: i64) {
        let cluster = Cluster::from_yaml(description).unwrap();
        let now = OffsetDateTime::now_utc() + Duration::days(days);
        let plan = plan(&cluster, &self.pki, now).unwrap();
        plan.apply(&cluster, &mut self.pki, &self.keys, now)
            .unwrap();
    }

    fn remove(&mut self, path: &str) {
        let mut store = self.pki.store().clone();
        store.set(path, None);
        self.pki = Pki::new(store);
    }
}

fn revocation(certificate: &crate::certificate::Certificate, reason: Reason) -> Revocation {
    Revocation::new(certificate, reason, OffsetDateTime::now_utc())
}

/// Lists are backdated as certificates are, and what was revoked after a list cannot be on it.
#[test]
fn no_entry_is_younger_than_its_list() {
    let (mut fixture, cluster) = Fixture::described(DESCRIPTION);
    let before = fixture.list(MERGED);
    let leaf = fixture.leaf(&cluster, "etcdctl/client");
    let revoked = revocation(&leaf, Reason::Superseded);
    fixture.revoke(&cluster, &revoked, 0);
    let list = fixture.list(MERGED);
    assert_eq!(list.this_update, list.entries[0].revoked);
    assert!(before.this_update < list.this_update);
    // Of a clock that was ahead the list takes no notice: it would not hold yet.
    let to_come = OffsetDateTime::now_utc() + Duration::days(9);
    let ahead = Revocation::of_serial(vec![1], Reason::Superseded, to_come);
    fixture.revoke(&cluster, &ahead, 0);
    assert!(fixture.list(MERGED).this_update <= OffsetDateTime::now_utc());
}

#[test]
fn lists_are_there_and_empty_from_the_start() {
    let (fixture, cluster) = Fixture::described(DESCRIPTION);
    for (path, authority) in [
        (MERGED, AuthorityName::Etcd),
        (OF_ROOT, AuthorityName::Root),
        (
            "crl/authorities/intermediate/1.crl",
            AuthorityName::Intermediate,
        ),
    ] {
        let list = fixture.list(path);
        let authority = fixture.pki.authority(authority).unwrap().unwrap();
        assert!(list.entries.is_empty() && list.is_signed_by(&authority.certificate));
    }
    assert_eq!(fixture.due(&cluster, 0), []);
}

#[test]
fn what_is_revoked_is_listed_and_issued_anew() {
    let (mut fixture, cluster) = Fixture::described(DESCRIPTION);
    let before = fixture.list(MERGED);
    let client = fixture.leaf(&cluster, "etcdctl/client");
    let since = OffsetDateTime::now_utc() - Duration::days(3);
    let record = revocation(&client, Reason::KeyCompromise).invalid_since(Some(since));
    let written = fixture.revoke(&cluster, &record, 0);
    let path = format!("revocations/{}.yml", client.serial_text());
    assert_eq!(written, [path.as_str(), MERGED, "crl/etcd.pem"]);

    let after = fixture.list(MERGED);
    assert_eq!(after.entries, [record.entry()]);
    assert!(after.number > before.number && after.this_update >= before.this_update);
    assert_eq!(fixture.pki.revocations().unwrap(), [record]);
    assert!(
        fixture
            .list("crl/authorities/root/1.crl")
            .entries
            .is_empty()
    );

    let issued = fixture.issued(DESCRIPTION);
    assert_eq!(issued, [("etcdctl/client".to_owned(), Why::Revoked)]);
    assert_ne!(
        fixture.leaf(&cluster, "etcdctl/client").serial,
        client.serial
    );
    assert_eq!(fixture.issued(DESCRIPTION), []);
    assert_eq!(fixture.list(MERGED), after);
}

#[test]
fn what_is_on_hold_is_kept_and_can_be_taken_back() {
    let (mut fixture, cluster) = Fixture::described(DESCRIPTION);
    let client = fixture.leaf(&cluster, "etcdctl/client");
    let record = revocation(&client, Reason::CertificateHold);
    fixture.revoke(&cluster, &record, 0);
    assert!(fixture.list(MERGED).find(&client.serial).is_some());
    assert_eq!(fixture.issued(DESCRIPTION), []);

    let released = record.release(OffsetDateTime::now_utc()).unwrap();
    fixture.revoke(&cluster, &released, 0);
    assert!(fixture.list(MERGED).entries.is_empty());
    assert_eq!(fixture.issued(DESCRIPTION), []);
    let journal = fixture.pki.journal().unwrap();
    let events = journal.lines().iter().map(|line| line.entry().event);
    let events: Vec<_> = events.filter(|event| *event != Event::Issued).collect();
    let (revoked, released, signed) = (Event::Revoked, Event::Released, Event::SignedCrl);
    assert_eq!(
        events,
        [signed, signed, signed, revoked, signed, released, signed]
    );

    // And on hold again, and then for good.
    let record = revocation(&client, Reason::CertificateHold);
    fixture.revoke(&cluster, &record, 0);
    let record = revocation(&client, Reason::KeyCompromise);
    fixture.revoke(&cluster, &record, 0);
    assert_eq!(fixture.list(MERGED).entries, [record.entry()]);
}

#[test]
fn a_revocation_outlives_its_record_and_its_list() {
    let (mut fixture, cluster) = Fixture::described(DESCRIPTION);
    let client = fixture.leaf(&cluster, "etcdctl/client");
    let record = revocation(&client, Reason::KeyCompromise);
    fixture.revoke(&cluster, &record, 0);
    let path = format!("revocations/{}.yml", client.serial_text());
    let list = fixture.list(MERGED);

    // Without its record, and with one that was turned into a hold that is over.
    let mut other = fixture.pki.store().clone();
    fixture.remove(&path);
    assert_eq!(fixture.due(&cluster, 0), []);
    let peer = fixture.leaf(&cluster, "etcd-0/peer");
    fixture.revoke(&cluster, &revocation(&peer, Reason::Superseded), 0);
    assert!(fixture.list(MERGED).find(&client.serial).is_some());
    let forged = revocation(&client, Reason::CertificateHold)
        .release(OffsetDateTime::now_utc())
        .unwrap();
    other.set(&path, Some(forged.to_yaml().unwrap().into_bytes()));
    fixture.pki = Pki::new(other.clone());
    assert_eq!(fixture.due(&cluster, 0), []);
    assert_eq!(
        fixture.issued(DESCRIPTION),
        [("etcdctl/client".to_owned(), Why::Revoked)]
    );

    // Without its list.
    other.set(&path, Some(record.to_yaml().unwrap().into_bytes()));
    fixture.pki = Pki::new(other);
    fixture.remove(MERGED);
    assert_eq!(
        fixture.due(&cluster, 0),
        [(MERGED.to_owned(), Due::Missing)]
    );
    fixture.converge(DESCRIPTION).unwrap();
    assert_eq!(fixture.list(MERGED).entries, list.entries);
    assert!(fixture.list(MERGED).number >= list.number);
}

#[test]
fn what_has_expired_leaves_the_list_with_the_second_one_after_its_end() {
    let (mut fixture, cluster) = Fixture::described(DESCRIPTION);
    let client = fixture.leaf(&cluster, "etcdctl/client");
    fixture.revoke(&cluster, &revocation(&client, Reason::Superseded), 0);
    // Nobody knows when what is known by its serial number alone expires: it stays.
    let unknown = Revocation::of_serial(vec![7], Reason::Unspecified, OffsetDateTime::now_utc());
    fixture.revoke(&cluster, &unknown, 0);
    assert_eq!(fixture.list(MERGED).entries.len(), 2);
    fixture.converge_on(DESCRIPTION, 366);
    assert_eq!(fixture.list(MERGED).entries.len(), 2);
    // That it may go is no reason to sign.
    assert_eq!(fixture.due(&cluster, 367), []);
    fixture.converge_on(DESCRIPTION, 366 + 61);
    let list = fixture.list(MERGED);
    assert!(list.find(&[7]).is_some() && list.entries.len() == 1);
    assert_eq!(fixture.due(&cluster, 366 + 62), []);
}

#[test]
fn an_authority_is_listed_by_the_one_that_signed_it_too() {
    let (mut fixture, cluster) = Fixture::described(DESCRIPTION);
    let intermediate = fixture.pki.authority(AuthorityName::Intermediate);
    let intermediate = intermediate.unwrap().unwrap().certificate;
    fixture.revoke(
        &cluster,
        &revocation(&intermediate, Reason::CaCompromise),
        0,
    );
    for path in [MERGED, OF_ROOT] {
        assert!(
            fixture.list(path).find(&intermediate.serial).is_some(),
            "{path}"
        );
    }
    assert!(
        fixture
            .list("crl/authorities/intermediate/1.crl")
            .entries
            .is_empty()
    );
    let now = OffsetDateTime::now_utc();
    let findings = verify::verify(&cluster, &fixture.pki, None, now)
        .unwrap()
        .findings;
    assert!(
        // Every leaf is sent with it, so members refuse them all.
        findings.len() == 1 + cluster.nodes.len() * 2 + cluster.clients.len()
            && findings
                .iter()
                .all(|finding| finding.message.contains("cACompromise")),
        "{findings:?}"
    );
}

#[test]
fn another_signer_takes_over_what_is_revoked() {
    let issuing = format!("{DESCRIPTION}authorities: {{ etcd: {{ issuing: true }} }}\n");
    let (mut fixture, cluster) = Fixture::described(&issuing);
    let client = fixture.leaf(&cluster, "etcdctl/client");
    fixture.revoke(&cluster, &revocation(&client, Reason::KeyCompromise), 0);
    // Without its record the list alone knows.
    fixture.remove(&format!("revocations/{}.yml", client.serial_text()));
    let old = fixture.list(MERGED);
    fixture.converge(DESCRIPTION).unwrap();
    let new = fixture.list(MERGED);
    assert_eq!(new.entries, old.entries);
    assert!(new.number > old.number && new.issuer != old.issuer);
    let own = fixture.list("crl/authorities/issuing/1.crl");
    assert!(own.number > old.number && own.issuer == old.issuer);
}

#[test]
fn lists_are_signed_anew_in_time() {
    let (mut fixture, cluster) = Fixture::described(DESCRIPTION);
    assert_eq!(fixture.due(&cluster, 59), []);
    assert_eq!(
        fixture.due(&cluster, 61),
        [(MERGED.to_owned(), Due::Expiring)]
    );
    let all = [Due::Expiring; 3];
    let due: Vec<_> = fixture.due(&cluster, 250).iter().map(|due| due.1).collect();
    assert_eq!(due, all);
    fixture.remove("crl/etcd.pem");
    assert_eq!(fixture.due(&cluster, 0), [(MERGED.to_owned(), Due::Pem)]);
    fixture.converge(DESCRIPTION).unwrap();
    assert_eq!(fixture.due(&cluster, 0), []);
}

#[test]
fn a_list_that_was_changed_is_not_replaced_in_silence() {
    let (mut fixture, cluster) = Fixture::described(DESCRIPTION);
    let whole = fixture.list(MERGED).der().to_vec();
    let mut changed = whole.clone();
    changed[whole.len() - 1] ^= 1;
    for content in [changed, whole[..40].to_vec(), Vec::new()] {
        let mut store = fixture.pki.store().clone();
        store.set(MERGED, Some(content));
        fixture.pki = Pki::new(store);
        let error = fixture.converge(DESCRIPTION).unwrap_err();
        assert!(
            error.to_string().contains("restore it from a copy"),
            "{error}"
        );
        let now = OffsetDateTime::now_utc();
        let report = verify::verify(&cluster, &fixture.pki, None, now).unwrap();
        assert!(report.findings[0].path.contains(MERGED));
    }
}

/// A root whose key is elsewhere keeps nobody from revoking leaves.
#[test]
fn a_list_whose_key_is_out_of_reach_is_left_for_later() {
    let (mut fixture, cluster) = Fixture::described(DESCRIPTION);
    let root = "authorities/root/1/ca.key.sealed";
    let mut store = fixture.pki.store().clone();
    let key = store.read(root).unwrap();
    store.set(root, None);
    fixture.pki = Pki::new(store);
    let client = fixture.leaf(&cluster, "etcdctl/client");
    fixture.revoke(&cluster, &revocation(&client, Reason::Superseded), 0);
    let intermediate = fixture.pki.authority(AuthorityName::Intermediate);
    let intermediate = intermediate.unwrap().unwrap().certificate;
    let revocations = [revocation(&intermediate, Reason::Superseded)];
    let now = OffsetDateTime::now_utc();
    let Fixture { pki, keys } = &mut fixture;
    let signed = revoke(&cluster, pki, &revocations, keys, now).unwrap();
    assert!(
        matches!(signed.unsigned.as_slice(), [(path, why)] if path == OF_ROOT && why.contains(root)),
        "{signed:?}"
    );
    assert!(fixture.list(MERGED).find(&intermediate.serial).is_some());
    assert_eq!(
        fixture.due(&cluster, 0),
        [(OF_ROOT.to_owned(), Due::Changed)]
    );
    let mut store = fixture.pki.store().clone();
    store.set(root, key);
    fixture.pki = Pki::new(store);
    fixture.converge(DESCRIPTION).unwrap();
    assert!(fixture.list(OF_ROOT).find(&intermediate.serial).is_some());
}

#[test]
fn whether_a_key_is_here_is_never_guessed() {
    let (mut fixture, cluster) = Fixture::described(DESCRIPTION);
    let path = "authorities/intermediate/1/ca.signer.yml";
    let mut store = fixture.pki.store().clone();
    store.set(path, Some(b"rubbish".to_vec()));
    fixture.pki = Pki::new(store);
    let now = OffsetDateTime::now_utc();
    let error = plan(&cluster, &fixture.pki, now).unwrap_err().to_string();
    assert!(error.starts_with(path), "{error}");
    let report = verify::verify(&cluster, &fixture.pki, Some(&fixture.keys), now).unwrap();
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|one| (one.path.as_str(), one.lint.code))
        .collect();
    assert_eq!(found, [(path, "unreadable")]);
}

/// Every prefix of the writes of a revocation, and of taking it back, as a kill leaves it.
#[test]
fn an_interrupted_revocation_is_completed() {
    let (fixture, cluster) = Fixture::described(DESCRIPTION);
    let now = OffsetDateTime::now_utc();
    let client = fixture.leaf(&cluster, "etcdctl/client");
    let held = revocation(&client, Reason::CertificateHold);
    let released = held.clone().release(now).unwrap();
    let run = |store: Failing<Memory>, record: &Revocation| {
        let mut pki = Pki::new(store);
        let revocations = std::slice::from_ref(record);
        let result = revoke(&cluster, &mut pki, revocations, &fixture.keys, now);
        (result.is_ok(), pki.store().clone())
    };
    let mut start = fixture.pki.store().clone();
    for record in [held, released] {
        let (done, whole) = run(Failing::never(start.clone()), &record);
        // The record, the list in DER and PEM, the journal.
        assert!(done && whole.written() == 4);
        for kept in 0..whole.written() {
            let (done, cut) = run(Failing::after(start.clone(), kept), &record);
            assert!(!done);
            let mut pki = Pki::new(cut.inner().clone());
            // With nothing written the revocation was not begun.
            let begun = kept > 0 || !record.is_active();
            plan(&cluster, &pki, now)
                .unwrap()
                .apply(&cluster, &mut pki, &fixture.keys, now)
                .unwrap();
            let authorities = pki.authorities().unwrap();
            let list = pki.crl(MERGED, &authorities).unwrap().unwrap();
            let listed = list.find(&client.serial).is_some();
            let expected = match record.is_active() {
                true => begun,
                false => kept == 0,
            };
            assert_eq!(listed, expected, "{kept}");
            let journal = pki.journal().unwrap();
            assert_eq!(journal.faults(), []);
            assert_eq!(pki.unrecorded(&journal).unwrap(), []);
            let lines = journal.lines().iter().map(|line| line.entry());
            let path = format!("revocations/{}.yml", client.serial_text());
            let about = lines.filter(|entry| entry.path.as_ref() == Some(&path));
            let before = usize::from(!record.is_active());
            assert_eq!(about.count(), before + usize::from(kept > 0), "{kept}");
        }
        start = whole.inner().clone();
    }
}
