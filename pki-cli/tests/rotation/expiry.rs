//! Everything has expired while members run, and is renewed as the guide has it.

use std::thread;
use std::time::{Duration, Instant};

use fixtures::Etcdctl;
use fixtures::etcd::{Cluster, Options};

use crate::site::{Site, WRITER};

/// As long as three members take to come up on a busy machine, and longer.
const LIFETIME: Duration = Duration::from_secs(45);

const EVERYTHING: &str = "\
authorities: { root: { lifetime: 45s }, intermediate: { lifetime: 45s }, etcd: { lifetime: 45s } }
certificates: { lifetime: 45s, backdate: 1s }
";

/// How long a member that is refused is waited for, which others take seconds for.
const LOST: Duration = Duration::from_secs(8);

#[test]
fn members_come_back_with_their_data_when_everything_had_expired() {
    let site = Site::undelivered(3, EVERYTHING);
    let made = Instant::now();
    deliver(&site);
    let mut cluster = Cluster::start_with(
        &site.nodes,
        Options {
            allowed_cn: Some("etcd-peer".into()),
            crl: Some(site.list()),
            ..Options::default()
        },
    );
    let client = site.client(WRITER);
    cluster.wait_until_healthy(&client);
    let at_all = |cluster: &Cluster| client.at(cluster.endpoints());
    at_all(&cluster).run(&["put", "k", "v"]).expect_success();
    let members = at_all(&cluster).run(&["member", "list"]).expect_success();
    thread::sleep((LIFETIME + Duration::from_secs(1)).saturating_sub(made.elapsed()));
    assert!(!is_served(&at_all(&cluster)));

    // One that restarts is not taken by the others, which run on.
    cluster.stop("etcd-1");
    cluster.start_again("etcd-1");
    site.write_description("");
    for authority in ["root", "intermediate", "etcd"] {
        let renew = ["rotate", "ca", authority, "--procedure", "same-key"];
        site.etcdpki(&[&renew[..], &["--unchecked"]].concat())
            .expect_success();
    }
    site.etcdpki(&["init"]).expect_success();
    site.etcdpki(&["verify"]).expect_success();
    deliver(&site);
    // Nor is it with the new files: the others have loaded what has expired.
    cluster.stop("etcd-1");
    cluster.start_again("etcd-1");
    let begin = Instant::now();
    while begin.elapsed() < LOST {
        assert!(!is_served(&at_all(&cluster)));
    }
    for name in site.node_names() {
        cluster.stop(&name);
    }
    for name in site.node_names() {
        cluster.start_again(&name);
    }
    cluster.wait_until_healthy(&client);
    let found = at_all(&cluster).run(&["get", "k"]).expect_success();
    assert_eq!(found.stdout, "k\nv\n");
    let after = at_all(&cluster).run(&["member", "list"]).expect_success();
    assert_eq!(after.stdout, members.stdout);
    at_all(&cluster).run(&["put", "k", "w"]).expect_success();
}

/// Certificates alone: nobody is restarted.
#[test]
fn certificates_that_have_expired_are_issued_anew_and_taken_up() {
    let site = Site::undelivered(3, "certificates: { lifetime: 45s, backdate: 1s }");
    let made = Instant::now();
    deliver(&site);
    let mut cluster = Cluster::start(&site.nodes, Some("etcd-peer"));
    let client = site.client(WRITER);
    cluster.wait_until_healthy(&client);
    thread::sleep((LIFETIME + Duration::from_secs(1)).saturating_sub(made.elapsed()));
    assert!(!is_served(&client.at(cluster.endpoints())));
    site.write_description("");
    site.etcdpki(&["init"]).expect_success();
    deliver(&site);
    cluster.wait_until_healthy(&client);
    assert!(
        cluster
            .members()
            .iter()
            .all(|member| member.restarts() == 0)
    );
}

fn deliver(site: &Site) {
    site.deliver(&site.exported(), &site.owners());
    site.deliver_list();
}

fn is_served(client: &Etcdctl) -> bool {
    let client = client.clone().within(Duration::from_secs(1));
    client.run(&["get", "k"]).status.success()
}
