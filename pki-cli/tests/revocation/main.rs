//! What `etcdpki revoke` writes, given to real members of etcd.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod site;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use fixtures::Etcdctl;
use fixtures::etcd::Cluster;
use site::Site;

#[test]
fn members_refuse_whom_the_list_says_and_nobody_else() {
    let site = Site::of(&["etcd-0"]);
    // The empty list that is there from the start lets everybody in.
    let mut cluster = site.start();
    let (alice, bob) = (site.client(&cluster, "alice"), site.client(&cluster, "bob"));
    cluster.wait_until_healthy(&alice);
    assert_served(&bob);

    site.etcdpki(&["revoke", "alice", "--reason", "certificateHold"])
        .expect_success();
    assert_served(&alice);
    // No restart: the member reads its list at each new connection.
    for list in ["etcd.crl", "etcd.pem"] {
        site.deliver(list);
        assert_refused(&cluster, &alice);
        assert_served(&bob);
    }

    site.etcdpki(&["revoke", "alice", "--undo"])
        .expect_success();
    site.deliver("etcd.crl");
    assert_served(&alice);

    site.etcdpki(&["revoke", "alice", "--reason", "keyCompromise"])
        .expect_success();
    site.deliver("etcd.crl");
    assert_refused(&cluster, &alice);
    site.etcdpki(&["init"]).expect_success();
    site.open_keys();
    assert_served(&alice);
    assert_served(&bob);
    site.etcdpki(&["verify"]).expect_success();
}

#[test]
fn a_member_without_a_whole_list_refuses_everybody() {
    let site = Site::of(&["etcd-0"]);
    let mut cluster = site.start();
    let alice = site.client(&cluster, "alice");
    cluster.wait_until_healthy(&alice);
    let list = fs::read(site.list()).unwrap();
    fs::write(site.list(), &list[..list.len() - 1]).unwrap();
    assert!(!get(&alice).status.success());
    fs::remove_file(site.list()).unwrap();
    assert!(!get(&alice).status.success());
    site.deliver("etcd.crl");
    assert_served(&alice);
}

#[test]
fn peers_are_held_against_the_list_too() {
    let site = Site::of(&["etcd-0", "etcd-1", "etcd-2"]);
    site.etcdpki(&["revoke", "etcd-2/peer", "--reason", "keyCompromise"])
        .expect_success();
    site.deliver("etcd.crl");
    let cluster = site.start();
    let others = [
        cluster.members()[0].endpoint(),
        cluster.members()[1].endpoint(),
    ];
    let alice = site.client(&cluster, "alice").at(others);
    wait_for("a quorum of the other two", || {
        alice.run(&["put", "k", "v"]).status.success()
    });
    for index in [0, 1] {
        wait_for("the peer is refused", || refuses(&cluster, index));
    }
}

/// Why it takes a flag to revoke an authority, and that the way back is one.
#[test]
fn a_revoked_authority_stops_the_members_until_the_list_before_is_back() {
    let site = Site::of(&["etcd-0", "etcd-1", "etcd-2"]);
    let mut cluster = site.start();
    let alice = site.client(&cluster, "alice");
    cluster.wait_until_healthy(&alice);
    let before = fs::read(site.list()).unwrap();
    let revoke = [
        "revoke",
        "--cert",
        "pki/authorities/etcd/1/ca.crt",
        "--reason",
        "cACompromise",
    ];
    assert!(!site.etcdpki(&revoke).status.success());
    site.etcdpki(&[&revoke[..], &["--stop-cluster"]].concat())
        .expect_success();
    site.deliver("etcd.crl");
    assert_refused(&cluster, &alice);
    fs::write(site.list(), before).unwrap();
    wait_for("the members are back", || get(&alice).status.success());
}

fn get(client: &Etcdctl) -> fixtures::Outcome {
    client
        .clone()
        .within(Duration::from_secs(2))
        .run(&["get", "k"])
}

#[track_caller]
fn assert_served(client: &Etcdctl) {
    get(client).expect_success();
}

#[track_caller]
fn assert_refused(cluster: &Cluster, client: &Etcdctl) {
    let answer = get(client);
    assert!(!answer.status.success(), "{answer}");
    wait_for("the member says why", || refuses(cluster, 0));
}

fn refuses(cluster: &Cluster, index: usize) -> bool {
    cluster.members()[index].log().contains("revoked")
}

#[track_caller]
fn wait_for(what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        let waited = started.elapsed() < Duration::from_secs(60);
        assert!(waited, "{what}: not within a minute");
        thread::sleep(Duration::from_millis(100));
    }
}
