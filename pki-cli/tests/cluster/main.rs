//! The whole line on real peers: `etcdpki init`, ansible-core, etcd, etcdctl.
//!
//! What `init` left is decrypted by ansible-core alone and written by a playbook as the
//! article's roles write it; the members run with the flags of the article's unit.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod deployment;

use std::thread;
use std::time::{Duration, Instant};

use deployment::Deployment;
use fixtures::etcd::{ClientPort, Cluster, Member};
use fixtures::{Etcdctl, Outcome};

/// The common name of every peer, in a cluster that is called etcd.
const PEER_NAME: &str = "etcd-peer";

#[test]
fn a_write_reaches_every_member_and_the_quorum_survives_a_kill() {
    let deployment = Deployment::of(&["etcd-0", "etcd-1", "etcd-2"]);
    let mut cluster = Cluster::start(&deployment.nodes, Some(PEER_NAME));
    let client = deployment.client(&cluster);
    cluster.wait_until_healthy(&client);

    let members = client.run(&["member", "list"]).expect_success().stdout;
    assert_eq!(members.matches(", started, ").count(), 3, "{members}");

    client
        .at([cluster.members()[0].endpoint()])
        .run(&["put", "k", "first"])
        .expect_success();
    for member in cluster.members() {
        assert_holds(&client.at([member.endpoint()]), "first");
    }

    cluster.kill("etcd-0");
    cluster.wait_until_healthy(&client);
    let client = client.at(cluster.endpoints());
    put_in_spite_of_an_election(&client, "second");
    for endpoint in cluster.endpoints() {
        assert_holds(&client.at([endpoint]), "second");
    }
}

#[test]
fn strangers_are_refused() {
    let deployment = Deployment::of(&["etcd-0", "etcd-1", "etcd-2"]);
    let other = Deployment::of(&["etcd-0"]);
    let mut cluster = Cluster::start(&deployment.nodes, Some(PEER_NAME));
    let client = deployment.client(&cluster);
    cluster.wait_until_healthy(&client);
    client.run(&["put", "k", "v"]).expect_success();

    let nobody = Etcdctl::new(cluster.endpoints()).trusting(deployment.client_file("ca.crt"));
    let foreigner = nobody.clone().presenting(
        other.client_file("client.crt"),
        other.client_file("client.key"),
    );
    // And a client that trusts another cluster hangs up on these members.
    let misled = client.clone().trusting(other.client_file("ca.crt"));
    for member in cluster.members() {
        assert_refused(member, &nobody, "client didn't provide a certificate");
        assert_refused(
            member,
            &foreigner,
            "certificate signed by unknown authority",
        );
        assert_refused(member, &misled, "remote error: tls: ");
    }

    assert_holds(&client, "v");
}

/// With the gRPC gateway off a server's certificate is for servers alone, and no client.
#[test]
fn a_certificate_for_servers_alone_is_no_client() {
    let description = "enable_grpc_gateway: false";
    let deployment = Deployment::described(&["etcd-0"], Some(description));
    let node = &deployment.nodes[0].certificates;
    let member = ClientPort::start(&node.join("ca.crt")).unwrap();
    assert!(member.accepts(
        &deployment.client_file("client.crt"),
        &deployment.client_file("client.key"),
    ));
    assert!(!member.accepts(&node.join("server.crt"), &node.join("server.key")));
    let log = member.log();
    assert!(log.contains("incompatible key usage"), "{log}");
}

/// Reads from what the member itself holds, without asking the others.
#[track_caller]
fn assert_holds(client: &Etcdctl, value: &str) {
    // A follower may learn of a write a moment after it was acknowledged.
    let read = || client.run(&["get", "k", "--consistency=s", "--print-value-only"]);
    let answer = wait_for(read, |answer| answer.stdout.trim() == value);
    assert_eq!(answer.stdout.trim(), value, "{answer}");
}

/// Asserts that `client` is not served by `member`, whose log gives the reason.
#[track_caller]
fn assert_refused(member: &Member, client: &Etcdctl, reason: &str) {
    let client = client
        .at([member.endpoint()])
        .within(Duration::from_secs(2));
    let answer = client.run(&["get", "k"]);
    assert!(!answer.status.success(), "{answer}");
    assert!(!answer.stdout.contains('v'), "{answer}");
    let log = wait_for(|| member.log(), |log| log.contains(reason));
    assert!(
        log.contains(reason),
        "{} gave no reason '{reason}':\n{log}",
        member.name()
    );
}

/// A write to a leader that was just killed is lost and has to be sent again.
#[track_caller]
fn put_in_spite_of_an_election(client: &Etcdctl, value: &str) {
    let put = || client.run(&["put", "k", value]);
    wait_for(put, |answer: &Outcome| answer.status.success()).expect_success();
}

/// Asks again until the answer will do, and returns the last one when it never does.
fn wait_for<T>(ask: impl Fn() -> T, will_do: impl Fn(&T) -> bool) -> T {
    let started = Instant::now();
    loop {
        let answer = ask();
        if will_do(&answer) || started.elapsed() > Duration::from_secs(30) {
            return answer;
        }
        thread::sleep(Duration::from_millis(100));
    }
}
