//! The life of a cluster that Terraform made: one story, for each part needs the one before.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use fixtures::{Outcome, clear_keys};

use crate::lab::{DOMAIN, Lab, hosts, inside};
use crate::phases::Phases;
use crate::writer::while_writing;
use crate::{access, assert_changed, names, step};

pub(crate) const THREE: [usize; 3] = [0, 1, 2];

#[test]
fn a_cluster_on_real_hosts() {
    let lab = Lab::new("bookworm", 0);
    step("init to a healthy cluster", || create(&lab));
    step("a second time nothing changes", || nothing_changes(&lab));
    step(
        "what the article's roles got wrong is right",
        faults_are_mended,
    );
    step("strangers are refused", || {
        access::strangers_are_refused(&lab, &THREE);
    });
    step("the firewall lets nothing else in", || {
        access::firewall_holds(&lab);
    });
    step("names resolve from what hosts registered", || {
        names::resolve(&lab, &THREE);
    });
    step("a host of a client gets what it needs", || {
        client_host(&lab);
    });
    step("new certificates and revocations need no restart", || {
        changes_need_no_restart(&lab);
    });
    step("the leader's plug is pulled", || leader_is_lost(&lab));
    step("two members more", || cluster_grows(&lab));
    step("one member less", || cluster_shrinks(&lab));
    step("private keys are nowhere in clear", || {
        keys_are_kept(&lab, &[0, 1, 2, 3]);
    });
}

pub(crate) fn create(lab: &Lab) {
    let mut phases = Phases::begin();
    let mut arguments = vec!["init", "--generate-secrets", "--domain", DOMAIN];
    for node in [
        "etcd-0=10.77.0.10",
        "etcd-1=10.77.0.11",
        "etcd-2=10.77.0.12",
    ] {
        arguments.extend(["--node", node]);
    }
    for client in ["etcdctl", "backup"] {
        arguments.extend(["--client", client]);
    }
    lab.etcdpki(&arguments).expect_success();
    phases.end("etcdpki init");
    lab.etcdpki(&["provision", "ansible"]).expect_success();
    lab.etcdpki(&["provision", "terraform"]).expect_success();
    phases.end("etcdpki provision");
    lab.write_terraform_variables();
    lab.terraform(&["init", "-input=false", "-no-color"])
        .expect_success();
    phases.end("terraform init");
    apply(lab).expect_success();
    // The play ends with the health of every member.
    phases.end_with_play("hosts boot and answer", &lab.read(crate::lab::PHASES));
    phases.end("terraform apply ends");
    phases.print();

    lab.install_clients(&["etcdctl", "backup"]);
    lab.wait_until_healthy(&THREE);
    assert_eq!(lab.members(&THREE), ["etcd-0", "etcd-1", "etcd-2"]);
    for host in THREE {
        let user = inside(host, "ps -o user= -C etcd").expect_success().stdout;
        assert_eq!(user.trim(), "etcd");
    }
}

fn nothing_changes(lab: &Lab) {
    let again = apply(lab).expect_success();
    assert!(again.stdout.contains("No changes."), "{again}");
    assert_changed(&lab.play(&THREE, &["-vv"]).expect_success(), 0);
    assert_changed(&lab.play(&THREE, &["--check"]).expect_success(), 0);
}

/// Those that no other step would notice.
fn faults_are_mended() {
    for host in THREE {
        let succeeds = |script: &str| inside(host, script).expect_success();
        // The system trusts the authority, for everyone and not for root alone.
        succeeds("setpriv --reuid=nobody --clear-groups cat /etc/ssl/certs/etcd-root.pem");
        succeeds(
            "openssl verify -CApath /etc/ssl/certs -untrusted /etc/etcdpki/current/client.crt /etc/etcdpki/current/client.crt",
        );
        // The name of the host means the address that its peers see.
        let address = succeeds(&format!("getent ahostsv4 etcd-{host}.{DOMAIN}")).stdout;
        assert!(
            address.starts_with(&format!("10.77.0.{} ", 10 + host)),
            "{address}"
        );
        // What docs/provisioning.md says of the unit.
        succeeds("systemd-analyze security --no-pager --threshold=13 etcd");
        // The package's own member, without authentication, was never started.
        succeeds("test ! -e /var/lib/etcd/default");
        let plain = "exec 3<>/dev/tcp/127.0.0.1/2379; printf 'GET /version HTTP/1.0\\r\\n\\r\\n' >&3; timeout 2 cat <&3";
        let answer = hosts(&["exec", &host.to_string(), "bash", "-c", plain]);
        assert!(!answer.stdout.contains("etcdserver"), "{answer}");
    }
}

fn client_host(lab: &Lab) {
    const HOST: usize = 9;
    hosts(&["add", &HOST.to_string()]).expect_success();
    lab.write("clients.yml", CLIENTS);
    let inventory = ["--inventory", "clients.yml", "--limit", "etcd_clients"];
    lab.play(&THREE, &inventory).expect_success();
    assert_changed(&lab.play(&THREE, &inventory).expect_success(), 0);
    let asked = "set -a; . /etc/etcd-client/etcdctl.env; etcdctl endpoint health --cluster 2>&1";
    let healthy = inside(HOST, asked).expect_success().stdout;
    assert_eq!(healthy.matches("is healthy").count(), 3, "{healthy}");
    let mode = inside(
        HOST,
        "stat -Lc '%U:%G %a' /etc/etcd-client/current/client.key",
    );
    assert_eq!(mode.expect_success().stdout, "root:root 600\n");
    hosts(&["remove", &HOST.to_string()]).expect_success();
}

fn changes_need_no_restart(lab: &Lab) {
    let before = started();
    lab.etcdctl_as("backup/current/client", &THREE, &["get", "k"])
        .expect_success();
    let description =
        lab.read("etcdpki.yml") + "certificates: { server_sans: [api.lab.internal] }\n";
    lab.write("etcdpki.yml", &description);
    lab.etcdpki(&["revoke", "backup"]).expect_success();
    lab.follow_description();
    lab.play(&THREE, &["--check"]).expect_success();
    let written = while_writing(lab, "renewal", &THREE, || {
        // What a person looks at when something is wrong, which must not show keys either.
        lab.play(&THREE, &["--diff", "-vv"]).expect_success();
    });
    written.assert_nobody_noticed(lab, "renewal", &THREE);
    assert_eq!(started(), before);
    for host in THREE {
        let shown = inside(host, "openssl s_client -connect 127.0.0.1:2379 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName").expect_success();
        assert!(shown.stdout.contains("DNS:api.lab.internal"), "{shown}");
    }
    access::is_refused(lab, "backup/current/client", &THREE);
}

fn leader_is_lost(lab: &Lab) {
    let leader = lab.leader(&THREE);
    let rest: Vec<_> = THREE.into_iter().filter(|host| *host != leader).collect();
    let written = while_writing(lab, "leader", &rest, || {
        let begin = Instant::now();
        hosts(&["kill", &leader.to_string()]).expect_success();
        let put = ["put", "after", "the leader"];
        while !lab.etcdctl(&rest, &put).status.success() {}
        eprintln!("    the next write: {:.1} s", begin.elapsed().as_secs_f64());
        hosts(&["start", &leader.to_string()]).expect_success();
        lab.wait_until_healthy(&THREE);
    });
    // What is asked for of the cluster, and not a measurement of ours.
    assert!(written.longest_gap < Duration::from_secs(10), "{written:?}");
    assert_eq!(lab.members(&THREE).len(), 3);
    written.assert_nothing_lost(lab, "leader", &[leader]);
}

fn cluster_grows(lab: &Lab) {
    let before = started();
    let last = "  - { name: etcd-2, addresses: [10.77.0.12] }\n";
    let more = "  - { name: etcd-3, addresses: [10.77.0.13] }\n  - { name: etcd-4, addresses: [10.77.0.14] }\n";
    let description = lab
        .read("etcdpki.yml")
        .replace(last, &format!("{last}{more}"));
    lab.write("etcdpki.yml", &description);
    lab.follow_description();
    let written = while_writing(lab, "growth", &THREE, || {
        apply(lab).expect_success();
    });
    written.assert_nobody_noticed(lab, "growth", &[3, 4]);
    lab.wait_until_healthy(&[0, 1, 2, 3, 4]);
    assert_eq!(lab.members(&THREE).len(), 5);
    assert_eq!(started(), before);
}

fn cluster_shrinks(lab: &Lab) {
    let gone = "  - { name: etcd-4, addresses: [10.77.0.14] }\n";
    let description = lab.read("etcdpki.yml").replace(gone, "");
    lab.write("etcdpki.yml", &description);
    lab.follow_description();
    let rest = [0, 1, 2, 3];
    // A member more than is described is not removed in silence.
    let refused = lab.play(&[0], &[]);
    assert!(
        !refused.status.success() && refused.output().contains("etcd_server_remove_members=true"),
        "{refused}"
    );
    let written = while_writing(lab, "shrinkage", &THREE, || {
        lab.play(&[0], &["--extra-vars", "etcd_server_remove_members=true"])
            .expect_success();
        apply(lab).expect_success();
    });
    written.assert_nobody_noticed(lab, "shrinkage", &rest);
    assert_eq!(
        lab.members(&THREE),
        ["etcd-0", "etcd-1", "etcd-2", "etcd-3"]
    );
    assert!(!inside(4, "true").status.success(), "the machine is there");
}

/// At the end, so that all that was printed is looked at.
pub(crate) fn keys_are_kept(lab: &Lab, members: &[usize]) {
    let mut keys = String::new();
    for host in members {
        let host = *host;
        let readable = inside(
            host,
            "find / -xdev -type f -perm /o+r -size -64k -exec grep -l -e '-----BEGIN.* PRIVATE KEY' {} + 2>/dev/null | grep -v -e /usr/lib -e /usr/share || true",
        )
        .expect_success();
        assert_eq!(readable.stdout, "", "readable by everyone on etcd-{host}");
        // Not even etcd may change them.
        let modes =
            inside(host, "stat -Lc '%U:%G %a' /etc/etcd/pki/current/*.key").expect_success();
        assert_eq!(modes.stdout, "root:etcd 640\nroot:etcd 640\n");
        let logged = inside(host, "journalctl --no-pager | grep -c 'PRIVATE KEY'").stdout;
        assert_eq!(logged, "0\n", "in the journal of etcd-{host}");
        let own = "cat /etc/etcd/pki/current/*.key /etc/etcdpki/current/*.key";
        keys.push_str(&inside(host, own).expect_success().stdout);
    }
    let printed = lab.printed();
    assert!(!printed.contains("PRIVATE KEY"), "a key was printed");
    let lines: Vec<_> = keys.lines().filter(|line| line.len() == 64).collect();
    assert!(lines.len() >= 12, "{} lines of keys", lines.len());
    assert!(
        !lines.iter().any(|line| printed.contains(line)),
        "a part of a key was printed"
    );
    // The state is in there.
    assert_eq!(clear_keys(&lab.path("terraform")), []);
    for key in clear_keys(&lab.path("")) {
        let mode = fs::metadata(&key.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{key:?} is open to others");
    }
}

fn apply(lab: &Lab) -> Outcome {
    lab.terraform(&["apply", "-auto-approve", "-input=false", "-no-color"])
}

/// When the first three members were started.
fn started() -> Vec<String> {
    THREE
        .map(|host| inside(host, "systemctl show etcd -p ActiveEnterTimestamp").stdout)
        .into()
}

/// As docs/provisioning.md has it.
const CLIENTS: &str = "\
etcd_clients:
  hosts:
    app-1: { ansible_host: 10.78.0.19, etcd_client: etcdctl }
";
