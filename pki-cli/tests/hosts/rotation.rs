//! Authorities are replaced, a step and a play at a time, while members are written to.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fixtures::{Outcome, run};
use serde_json::Value;

use crate::lab::{Lab, copy_to, hosts, inside};
use crate::restarts::{Event, Restarts};
use crate::story::{self, THREE};
use crate::writer::while_writing;
use crate::{access, assert_changed, step};

#[test]
#[ignore = "takes half an hour: scripts/test-hosts --include-ignored runs it"]
fn authorities_are_replaced_by_plays() {
    let lab = Lab::new("bookworm", 0);
    step("init to a healthy cluster", || story::create(&lab));
    step("the etcd CA is replaced", || of_etcd(&lab, &THREE));
    step("the root is replaced, with a machine off", || {
        of_root(&lab, &THREE);
    });
    step("the etcd CA is replaced without overlap", || {
        after_compromise(&lab, &THREE);
    });
    step("private keys are nowhere in clear", || {
        story::keys_are_kept(&lab, &THREE);
    });
}

/// The one that members trust, by a cross-certificate: three steps, of which one restarts members.
fn of_etcd(lab: &Lab, members: &[usize]) {
    let rotation = Rotation {
        lab,
        authority: "etcd",
        off: None,
    };
    let plan = rotation.plan();
    assert_eq!(plan["procedure"], "cross-sign", "{plan}");
    assert_eq!(plan["restarts"], 1, "{plan}");
    keep_pair(lab, "before");
    let cluster = clusters(lab, members);
    let written = while_writing(lab, "etcd-ca", members, || {
        let begin = Restarts::of(members);
        the_firewall_lets_operators_in(&rotation, members);
        rotation.step("introduce");
        rotation.is_refused(members, "presents the certificate");
        lab.play(members, &[]).expect_success();
        assert_changed(&lab.play(members, &[]).expect_success(), 0);
        lab.install_clients(&["etcdctl"]);
        begin.assert_none();

        rotation.step("trust");
        nobody_restarts_below_quorum(lab, members);
        let begin = Restarts::of(members);
        let leader = lab.leader(members);
        is_killed_halfway(&rotation, members, &begin);
        play_twice(lab, members);
        begin.assert_one_each(lab, leader);

        let begin = Restarts::of(members);
        rotation.step("strip");
        play_twice(lab, members);
        begin.assert_none();
    });
    written.assert_nobody_noticed(lab, "etcd-ca", members);
    assert_eq!(clusters(lab, members), cluster);
    assert!(!rotation.plan()["underway"].as_bool().unwrap());
    lab.install_clients(&["etcdctl"]);
    access::is_refused(lab, "before", members);
    lab.etcdpki(&["verify"]).expect_success();
}

/// The one above: nobody restarts, and a machine that was off all the while catches up.
fn of_root(lab: &Lab, members: &[usize]) {
    let [rest @ .., off] = members else {
        panic!("no members");
    };
    let rotation = Rotation {
        lab,
        authority: "root",
        off: Some(*off),
    };
    assert_eq!(rotation.plan()["restarts"], 0);
    let trusts = |host: usize| [1, 2].map(|generation| trusts_root(lab, host, generation));
    let written = while_writing(lab, "root", members, || {
        lab.lead_elsewhere(*off, rest);
        hosts(&["kill", &off.to_string()]).expect_success();
        let begin = Restarts::of(rest);
        rotation.step("introduce");
        rotation.is_refused(rest, "presents the certificate");
        play_twice(lab, rest);
        lab.install_clients(&["etcdctl"]);
        for host in rest {
            assert_eq!(trusts(*host), [true, true]);
        }
        rotation.step("strip");
        play_twice(lab, rest);
        for host in rest {
            assert_eq!(trusts(*host), [false, true]);
        }
        begin.assert_none();
        hosts(&["start", &off.to_string()]).expect_success();
        lab.wait_until_healthy(members);
        let begin = Restarts::of(members);
        assert_eq!(trusts(*off), [true, false]);
        lab.play(members, &[]).expect_success();
        assert_eq!(trusts(*off), [false, true]);
        begin.assert_none();
    });
    written.assert_nobody_noticed(lab, "root", members);
    assert!(!rotation.plan()["underway"].as_bool().unwrap());
    lab.etcdpki(&["verify"]).expect_success();
}

/// Without overlap all members restart together; one whose machine is off is refused by them when
/// it is back, until it is played on.
fn after_compromise(lab: &Lab, members: &[usize]) {
    let [rest @ .., off] = members else {
        panic!("no members");
    };
    keep_pair(lab, "compromised");
    let written = while_writing(lab, "compromise", members, || {
        hosts(&["kill", &off.to_string()]).expect_success();
        let replace = [
            "rotate",
            "ca",
            "etcd",
            "--procedure",
            "compromise",
            "--again",
        ];
        lab.etcdpki(&replace).expect_success();
        let together = ["--extra-vars", "etcd_server_restart_together=true"];
        lab.play(rest, &together).expect_success();
        lab.install_clients(&["etcdctl"]);
        lab.wait_until_healthy(rest);
        hosts(&["boot", &off.to_string()]).expect_success();
        // Not ready, so that the host never is; but it can be logged in to.
        let waits = "systemctl is-active ssh etcd | tr '\\n' ' '";
        let begin = Instant::now();
        while inside(*off, waits).stdout != "active activating " {
            let waited = begin.elapsed() < Duration::from_secs(120);
            assert!(waited, "etcd-{off} does not wait");
            thread::sleep(Duration::from_millis(500));
        }
        let begin = Restarts::of(rest);
        play_twice(lab, members);
        begin.assert_none();
    });
    eprintln!("    {written}");
    written.assert_nothing_lost(lab, "compromise", members);
    access::is_refused(lab, "compromised", members);
    lab.etcdpki(&["verify"]).expect_success();
}

/// Who replaces an authority asks members on the port of peers, too, which is closed to others.
fn the_firewall_lets_operators_in(rotation: &Rotation<'_>, members: &[usize]) {
    let lab = rotation.lab;
    rotation.is_refused(members, "firewall_operators");
    let operators = "firewall_operators: [10.77.0.1]\n";
    lab.write("group_vars/all/operators.yml", operators);
    lab.write("firewall.yml", "- hosts: all\n  roles: [firewall]\n");
    lab.play_with_resolver("firewall.yml", "", members, &[])
        .expect_success();
}

/// With a machine off, two of three are left: none of them is restarted.
fn nobody_restarts_below_quorum(lab: &Lab, members: &[usize]) {
    let [rest @ .., off] = members else {
        panic!("no members");
    };
    lab.lead_elsewhere(*off, rest);
    hosts(&["kill", &off.to_string()]).expect_success();
    let begin = Restarts::of(rest);
    let refused = lab.play(rest, &["--extra-vars", "etcd_server_timeout=6"]);
    assert!(
        !refused.status.success() && refused.output().contains("would have no quorum meanwhile"),
        "{refused}"
    );
    begin.assert_none();
    hosts(&["start", &off.to_string()]).expect_success();
    lab.wait_until_healthy(members);
}

/// Members that were not restarted yet are named, and the next play restarts them.
fn is_killed_halfway(rotation: &Rotation<'_>, members: &[usize], begin: &Restarts) {
    let mut play = rotation.lab.playing("etcd.yml", members, &[]);
    let play = play
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut play = play.spawn().unwrap();
    let waiting = Instant::now();
    while begin.starts().is_empty() {
        assert!(
            waiting.elapsed() < Duration::from_secs(180),
            "none restarts"
        );
        assert_eq!(play.try_wait().unwrap(), None, "the play has ended");
        thread::sleep(Duration::from_millis(100));
    }
    let group = format!("-{}", play.id());
    run(Command::new("kill").args(["-KILL", "--", &group])).expect_success();
    play.wait().unwrap();
    // A restart that was asked for goes on by itself.
    while matches!(begin.events().last(), Some(Event::Stopping(_))) {
        thread::sleep(Duration::from_millis(100));
    }
    let restarted = begin.starts();
    let behind = members.iter().filter(|host| !restarted.contains(host));
    let behind: Vec<_> = behind.copied().collect();
    eprintln!("    killed when {restarted:?} were restarted");
    assert!(!behind.is_empty(), "killed too late");
    rotation.is_refused(&behind, "has not loaded what members trust now");
}

/// A play, and one that changes nothing.
fn play_twice(lab: &Lab, members: &[usize]) {
    lab.play(members, &[]).expect_success();
    assert_changed(&lab.play(members, &[]).expect_success(), 0);
}

/// The replacement of an authority from the computer from which hosts are provisioned.
#[derive(Clone, Copy)]
struct Rotation<'a> {
    lab: &'a Lab,
    authority: &'static str,
    /// Whose machine is off.
    off: Option<usize>,
}

impl Rotation<'_> {
    fn plan(&self) -> Value {
        let plan = [
            "rotate",
            "ca",
            self.authority,
            "--plan",
            "--json",
            "--again",
        ];
        let plan = self.lab.etcdpki_near_hosts(&plan).expect_success();
        serde_json::from_str(&plan.stdout).unwrap()
    }

    /// The next step, which is called so.
    #[track_caller]
    fn step(&self, name: &str) {
        let steps = &self.plan()["steps"];
        assert_eq!(steps[0]["step"], name, "{steps}");
        self.next().expect_success();
    }

    /// Panics unless members that are behind hold the next step up, and are named.
    #[track_caller]
    fn is_refused(&self, behind: &[usize], why: &str) {
        let refused = self.next();
        assert_eq!(refused.status.code(), Some(1), "{refused}");
        let names = behind.iter().map(|host| format!("etcd-{host} ("));
        for said in names.chain([why.to_owned()]) {
            assert!(refused.stderr.contains(&said), "{said}: {refused}");
        }
    }

    fn next(&self) -> Outcome {
        let off = self.off.map(|host| format!("--without=etcd-{host}"));
        let mut next = vec!["rotate", "ca", self.authority, "--clients-ready"];
        next.extend(off.as_deref());
        self.lab.etcdpki_near_hosts(&next)
    }
}

/// Which cluster each member says it is in.
fn clusters(lab: &Lab, members: &[usize]) -> Vec<u64> {
    let status = ["endpoint", "status", "--write-out=json"];
    let told = lab.etcdctl(members, &status).expect_success().stdout;
    let told: Vec<Value> = serde_json::from_str(&told).unwrap();
    let ids = told
        .iter()
        .map(|one| &one["Status"]["header"]["cluster_id"]);
    ids.map(|id| id.as_u64().unwrap()).collect()
}

/// Whether the system of a host trusts this root.
fn trusts_root(lab: &Lab, host: usize, generation: u32) -> bool {
    let root = lab.path(&format!("pki/authorities/root/{generation}/ca.crt"));
    if !root.exists() {
        return false;
    }
    copy_to(host, &root, "root.crt");
    let verify = "openssl verify -CApath /etc/ssl/certs /root/root.crt";
    inside(host, verify).status.success()
}

/// Keeps what the client has now, for later.
fn keep_pair(lab: &Lab, name: &str) {
    for suffix in ["crt", "key"] {
        let pair = lab.path(&format!("etcdctl/current/client.{suffix}"));
        fs::copy(pair, lab.path(&format!("{name}.{suffix}"))).unwrap();
    }
}
