//! `etcdpki doctor` on members that run.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fixtures::etcd::Release;
use fixtures::{loopback_addresses, run};
use serde_json::Value;

use crate::live::Live;
use crate::site::Site;

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn what_members_lack_is_found_and_nothing_else() {
    for (release, version) in [(Release::Installed, "3.4"), (Release::Newer, "3.5")] {
        let site = Site::of(3, &format!("etcd: {{ version: '{version}' }}"));
        let mut live = Live::start(site, release, &[]);
        let told = doctor(&live, 0);
        assert_eq!(told["errors"], 0, "{told}");
        assert_eq!(told["findings"].as_array().unwrap().len(), 0, "{told}");
        for member in told["members"].as_array().unwrap() {
            let runs = member["version"].as_str().unwrap();
            assert!(runs.starts_with(version), "{told}");
            assert_eq!(member["clock_ahead_seconds"].as_i64().unwrap().abs(), 0);
        }

        // A certificate that nobody brought to its host.
        let renew = ["issue", "etcd-0", "--renew"];
        live.site.etcdpki(&renew).expect_success();
        let stale = "member-certificate-stale";
        assert_eq!(codes(&doctor(&live, 3)), [stale; 2]);
        live.deliver();
        doctor(&live, 0);

        // The new etcd CA is in use, and members trust the old one still.
        step(&live, "cross-sign", &["--again"]);
        assert_eq!(codes(&doctor(&live, 3)), [stale; 6]);
        live.deliver();
        assert_eq!(codes(&doctor(&live, 0)), [""; 0]);
        step(&live, "cross-sign", &["--clients-ready"]);
        live.deliver();
        // The file is on their disks.
        assert_eq!(codes(&doctor(&live, 3)), ["member-trust-stale"; 3]);
        // What they present is known without any key.
        assert_eq!(codes(&run_doctor(&live, 0, &["--without-keys"])), [""; 0]);
        live.restart();
        doctor(&live, 0);

        live.cluster.stop("etcd-2");
        assert_eq!(codes(&doctor(&live, 3)), ["member-unreachable"; 2]);
        live.cluster.start_again("etcd-2");
    }
}

/// After the last step that restarts members no other one waits for that.
#[test]
fn members_that_trust_an_authority_which_was_replaced_are_found() {
    let mut live = Live::start(Site::of(3, ""), Release::Installed, &[]);
    step(&live, "bundle", &["--again"]);
    live.deliver();
    live.restart();
    step(&live, "bundle", &[]);
    live.deliver();
    // Both are trusted, as they must be.
    assert_eq!(codes(&doctor(&live, 0)), [""; 0]);
    step(&live, "bundle", &["--clients-ready"]);
    live.deliver();
    let replaced = "member-trusts-replaced";
    assert_eq!(codes(&doctor(&live, 3)), [replaced; 3]);
    live.restart();
    assert_eq!(codes(&doctor(&live, 0)), [""; 0]);
}

/// What is wrong with it is told, rather than that it is to be started or restarted.
#[test]
fn a_member_that_runs_and_serves_nobody_is_told_from_one_that_is_behind() {
    for release in [Release::Installed, Release::Newer] {
        let live = Live::start(Site::of(1, ""), release, &[]);
        let files = &live.site.nodes[0].certificates;
        let list = live.site.list();
        let aside = list.with_extension("aside");
        fs::rename(&list, &aside).unwrap();
        assert_eq!(codes(&doctor(&live, 3)), ["member-hangs-up"]);
        fs::rename(&aside, &list).unwrap();
        doctor(&live, 0);

        let key = files.join("server.key");
        let own = fs::read(&key).unwrap();
        fs::copy(files.join("peer.key"), &key).unwrap();
        let told = doctor(&live, 3);
        assert_eq!(codes(&told), ["member-no-handshake"], "{told}");
        fs::write(&key, own).unwrap();
    }
}

#[test]
fn a_member_of_another_version_is_found() {
    let site = Site::of(1, "etcd: { version: '3.5' }");
    let live = Live::start(site, Release::Installed, &[]);
    assert_eq!(codes(&doctor(&live, 0)), ["member-version-other"]);
    // And what is provisioned for the described one would not start it.
    run(&mut live.site.command(&["provision", "systemd"])).expect_success();
    let told = doctor(&live, 3);
    let both = ["member-version-other", "flag-of-other-version"];
    assert_eq!(codes(&told), both);
    let message = told["findings"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("it runs etcd 3.4.") && message.contains("etcd.version is 3.5"),
        "{message}"
    );
}

/// openssl answers anybody as a member would that was started without --client-cert-auth.
#[test]
fn one_that_takes_strangers_is_found() {
    let site = Site::of(1, "");
    let address = loopback_addresses(1)[0];
    let hosts = &site.nodes[0].certificates;
    let mut servers = Vec::new();
    let mut endpoint = String::from("--endpoint=etcd-0=");
    for (port, role) in [(22379, "server"), (22380, "peer")] {
        let mut server = Command::new("openssl");
        server
            .args(["s_server", "-quiet", "-www", "-accept"])
            .arg(format!("{address}:{port}"))
            .arg("-cert")
            .arg(hosts.join(format!("{role}.crt")))
            .arg("-cert_chain")
            .arg(hosts.join(format!("{role}.crt")))
            .arg("-key")
            .arg(hosts.join(format!("{role}.key")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        servers.push(Server(server.spawn().unwrap()));
        let begun = Instant::now();
        while std::net::TcpStream::connect((address, port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "openssl does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        let comma = if role == "server" { "," } else { "" };
        endpoint += &format!("{address}:{port}{comma}");
    }
    let outcome = run(&mut site.command(&["doctor", "--without-keys", "--json", &endpoint]));
    assert_eq!(outcome.status.code(), Some(3), "{outcome}");
    let told: Value = serde_json::from_str(&outcome.stdout).unwrap();
    // And it sends its own certificate along, which is of no use.
    let each = ["member-takes-strangers", "member-chain-stale"];
    assert_eq!(codes(&told), [each, each].concat(), "{told}");
    assert_eq!(told["members"][0]["codes"].as_array().unwrap().len(), 2);
}

struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn step(live: &Live, procedure: &str, more: &[&str]) {
    let own = ["rotate", "ca", "etcd", "--procedure", procedure];
    let places = live.places();
    let places: Vec<_> = places.iter().map(String::as_str).collect();
    let arguments = [&own, more, &places].concat();
    live.site.etcdpki(&arguments).expect_success();
}

fn doctor(live: &Live, code: i32) -> Value {
    run_doctor(live, code, &[])
}

fn run_doctor(live: &Live, code: i32, more: &[&str]) -> Value {
    let places = live.places();
    let places: Vec<_> = places.iter().map(String::as_str).collect();
    let arguments = [&["doctor", "--json"], more, &places].concat();
    let outcome = live.site.etcdpki(&arguments);
    assert_eq!(outcome.status.code(), Some(code), "{outcome}");
    serde_json::from_str(&outcome.stdout).unwrap()
}

fn codes(told: &Value) -> Vec<&str> {
    let findings = told["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}
