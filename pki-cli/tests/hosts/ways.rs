//! The other ways: vault files a host, shared certificates, other forms of settings, a tarball;
//! on the other release of Debian, with its etcd.

use fixtures::Outcome;

use crate::lab::{Lab, hosts, inside};
use crate::{access, assert_changed, step};

const TWO: [usize; 2] = [0, 1];
const IDS: [&str; 3] = ["default", "etcd-0", "etcd-1"];

#[test]
fn every_other_way_of_files_and_settings() {
    let lab = Lab::new("trixie", 2);
    lab.write("etcdpki.yml", DESCRIPTION);
    lab.follow_description();
    step("hosts that are not as described stay as they are", || {
        misfits_stay(&lab);
    });
    step("a check on new hosts", || check_on_new_hosts(&lab));
    step(
        "a vault file for each host, the config file of etcd",
        || own_vault_files(&lab),
    );
    step(
        "the same with one certificate for all, an environment file",
        || one_certificate(&lab),
    );
    step(
        "one vault file, one certificate, a tarball, a client revoked",
        || tarball(&lab),
    );
}

fn misfits_stay(lab: &Lab) {
    let nodes = "{\"etcd_nodes\": [{\"name\": \"etcd-0\", \"fqdn\": \"etcd-0.lab.internal\", \"addresses\": [\"10.77.0.99\"]}]}";
    let refused = lab.play_with_vault_ids(&IDS, &["--limit", "etcd-0", "--extra-vars", nodes]);
    let reason = "etcd-0 is described with 10.77.0.99 and has";
    assert!(
        !refused.status.success() && refused.output().contains(reason),
        "{refused}"
    );
    // A name is described that no certificate has yet.
    let description = lab.read("etcdpki.yml");
    let more = "certificates: { server_sans: [api.lab.internal] }\n";
    lab.write("etcdpki.yml", &format!("{description}{more}"));
    let refused = play(lab, &[]);
    assert!(
        !refused.status.success() && refused.output().contains("run `etcdpki init`"),
        "{refused}"
    );
    // Who plays needs no etcdpki, and settings are read before any host is changed, too.
    let unread = [
        "--extra-vars",
        "etcd_server_check_command=",
        "--extra-vars",
        "etcd_server_settings=toml",
    ];
    let refused = play(lab, &unread);
    let reason = "value of etcd_server_settings must be one of: environment, flags, yaml";
    assert!(
        !refused.status.success() && refused.output().contains(reason),
        "{refused}"
    );
    lab.write("etcdpki.yml", &description);
    assert_untouched();
}

fn check_on_new_hosts(lab: &Lab) {
    play(lab, &["--check"]).expect_success();
    assert_untouched();
}

fn own_vault_files(lab: &Lab) {
    let yaml = ["--extra-vars", "etcd_server_settings=yaml"];
    let without_crl = [&yaml[..], &["--extra-vars", "etcd_server_crl="]].concat();
    play(lab, &without_crl).expect_success();
    // Who plays one host opens no other's file.
    let other = lab.path("vault-passwords/etcd-1.txt");
    std::fs::rename(&other, lab.path("away")).unwrap();
    let limit = ["--limit", "etcd-0"];
    let one = [&without_crl[..], &limit].concat();
    assert_changed(
        &lab.play_with_vault_ids(&IDS[..2], &one).expect_success(),
        0,
    );
    std::fs::rename(lab.path("away"), other).unwrap();
    // What the config file cannot say is not left out in silence.
    let refused = play(lab, &[yaml, limit].concat());
    assert!(
        !refused.status.success() && refused.output().contains("do without the CRL"),
        "{refused}"
    );
    assert_written(lab, "etcd.yml", "/etc/etcd/etcd.yml", "");
}

fn one_certificate(lab: &Lab) {
    lab.write(
        "etcdpki.yml",
        &format!("{DESCRIPTION}certificates: {{ sharing: shared }}\n"),
    );
    lab.follow_description();
    play(lab, &["--extra-vars", "etcd_server_settings=environment"]).expect_success();
    assert_one_serial();
    assert_written(lab, "etcd.env", "/etc/etcd/etcd.env", "");
}

fn tarball(lab: &Lab) {
    lab.install_clients(&["etcdctl", "backup"]);
    lab.wait_until_healthy(&TWO);
    lab.etcdctl_as("backup/current/client", &TWO, &["get", "k"])
        .expect_success();
    lab.etcdpki(&["revoke", "backup"]).expect_success();
    let shared = DESCRIPTION.replace("ansible:", "#ansible:");
    lab.write(
        "etcdpki.yml",
        &format!("{shared}certificates: {{ sharing: shared }}\n"),
    );
    lab.follow_description();
    let tarball = format!("etcd_server_tarball={}", lab.tarball().display());
    let source = [
        "--extra-vars",
        "etcd_server_source=tarball",
        "--extra-vars",
        &tarball,
    ];
    lab.play(&TWO, &source).expect_success();
    assert_changed(&lab.play(&TWO, &source).expect_success(), 0);
    for host in TWO {
        inside(
            host,
            "test \"$(readlink /proc/$(pidof etcd)/exe)\" = /opt/etcd/etcd",
        )
        .expect_success();
    }
    assert_one_serial();
    assert_written(
        lab,
        "etcd.service",
        "/etc/systemd/system/etcd.service",
        "/opt/etcd/etcd",
    );
    access::is_refused(lab, "backup/current/client", &TWO);
}

fn play(lab: &Lab, arguments: &[&str]) -> Outcome {
    lab.play_with_vault_ids(&IDS, arguments)
}

/// Asserts that nothing of ours is on the hosts.
#[track_caller]
fn assert_untouched() {
    for host in TWO {
        inside(host, "test ! -e /etc/etcd -a ! -e /etc/etcdpki -a ! -e /etc/nftables.d && ! grep -q 'etcd members' /etc/hosts").expect_success();
    }
}

/// Asserts that both members show one certificate.
#[track_caller]
fn assert_one_serial() {
    let serials = TWO.map(|host| {
        inside(host, "openssl s_client -connect 127.0.0.1:2379 </dev/null 2>/dev/null | openssl x509 -noout -serial").expect_success().stdout
    });
    assert_eq!(serials[0], serials[1]);
}

/// Asserts that the role wrote what `provision systemd` does, but for the program and who says it.
#[track_caller]
fn assert_written(lab: &Lab, name: &str, path: &str, program: &str) {
    lab.etcdpki(&["provision", "systemd"]).expect_success();
    let body = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    for host in TWO {
        let ours = lab.read(&format!("systemd/etcd-{host}/{name}"));
        let ours = match program {
            "" => ours,
            program => ours.replace("/usr/bin/etcd", program),
        };
        let there = hosts(&["exec", &host.to_string(), "cat", path]).expect_success();
        assert_eq!(body(&there.stdout), body(&ours));
    }
}

const DESCRIPTION: &str = "\
domain: lab.internal
nodes:
  - { name: etcd-0, addresses: [10.77.0.10] }
  - { name: etcd-1, addresses: [10.77.0.11] }
clients: [etcdctl, backup]
ansible: { vault_files: host }
etcd: { version: '3.5' }
";
