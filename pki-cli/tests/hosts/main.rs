//! From `terraform apply` to a cluster on hosts with a real systemd: run by `scripts/test-hosts`,
//! as root.

#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed, and this one says where it is"
)]

mod lab;
mod templates;
mod writer;

use std::time::{Duration, Instant};

use fixtures::{OpensslCa, Outcome, run};

use lab::{DOMAIN, Lab, hosts, inside};
use writer::while_writing;

const THREE: [usize; 3] = [0, 1, 2];

/// One story, for each part needs the one before.
#[test]
fn a_cluster_on_real_hosts() {
    let lab = Lab::new();
    step("init to a healthy cluster", || create(&lab));
    step("a second time nothing changes", || nothing_changes(&lab));
    step("what the article's roles got wrong is right", || {
        faults_are_mended(&lab)
    });
    step("private keys are nowhere in clear", || keys_are_kept(&lab));
    step("strangers are refused", || strangers_are_refused(&lab));
    step("the firewall lets nothing else in", || firewall_holds(&lab));
    step("names resolve from what hosts registered", || {
        names_resolve(&lab)
    });
    step("new certificates are taken up without a restart", || {
        renewal_needs_no_restart(&lab)
    });
    step("the leader's plug is pulled", || leader_is_lost(&lab));
    step("two members more", || cluster_grows(&lab));
    step("one member less", || cluster_shrinks(&lab));
}

fn create(lab: &Lab) {
    let begin = Instant::now();
    let mut arguments = vec!["init", "--generate-secrets", "--domain", DOMAIN];
    for node in [
        "etcd-0=10.77.0.10",
        "etcd-1=10.77.0.11",
        "etcd-2=10.77.0.12",
    ] {
        arguments.extend(["--node", node]);
    }
    arguments.extend(["--client", "etcdctl"]);
    lab.etcdpki(&arguments).expect_success();
    lab.follow_description();
    lab.write_terraform_variables();
    lab.terraform(&["init", "-input=false", "-no-color"])
        .expect_success();
    let apply = lab
        .terraform(&["apply", "-auto-approve", "-input=false", "-no-color"])
        .expect_success();
    assert_no_key(&apply);
    eprintln!(
        "    from init to a healthy cluster: {:.1} s",
        begin.elapsed().as_secs_f64()
    );
    lab.install_client();
    lab.wait_until_healthy(&THREE);
    assert_eq!(lab.members(&THREE), ["etcd-0", "etcd-1", "etcd-2"]);
    assert!(
        !lab.read("terraform/upcloud/terraform.tfstate")
            .contains("PRIVATE KEY")
    );
    for host in THREE {
        let user = inside(host, "ps -o user= -C etcd").expect_success().stdout;
        assert_eq!(user.trim(), "etcd");
    }
}

fn nothing_changes(lab: &Lab) {
    let apply = lab
        .terraform(&["apply", "-auto-approve", "-input=false", "-no-color"])
        .expect_success();
    assert!(apply.stdout.contains("No changes."), "{apply}");
    let play = lab.play(&THREE, &["--verbose"]).expect_success();
    assert_no_key(&play);
    assert_changed(&play, 0);
    assert_changed(&lab.play(&THREE, &["--check"]).expect_success(), 0);
}

/// Those that no other step would notice.
fn faults_are_mended(_lab: &Lab) {
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
        // The package's own member, without authentication, was never started.
        succeeds("test ! -e /var/lib/etcd/default");
        let plain = "exec 3<>/dev/tcp/127.0.0.1/2379; printf 'GET /version HTTP/1.0\\r\\n\\r\\n' >&3; timeout 2 cat <&3";
        let answer = hosts(&["exec", &host.to_string(), "bash", "-c", plain]);
        assert!(!answer.stdout.contains("etcdserver"), "{answer}");
    }
}

fn keys_are_kept(_lab: &Lab) {
    for host in THREE {
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
    }
}

fn strangers_are_refused(lab: &Lab) {
    lab.etcdctl(&THREE, &["put", "k", "v"]).expect_success();
    let foreign = OpensslCa::create(lab.path("foreign"));
    let (certificate, _) = foreign.issue("etcdctl", "clientAuth", "");
    let pair = certificate.with_extension("");
    for host in THREE {
        for pair in ["", pair.to_str().unwrap()] {
            let answer = lab.etcdctl_as(pair, &[host], &["get", "k"]);
            assert!(!answer.status.success(), "{answer}");
        }
        // The raft port takes peers alone, whoever signed the client.
        let raft = |pair: &str| {
            let address = format!("10.77.0.{}", 10 + host);
            inside(
                0,
                &format!("printf 'GET /members HTTP/1.0\\r\\n\\r\\n' | timeout 5 openssl s_client -quiet -connect {address}:2380 -partial_chain -CAfile /etc/etcd/pki/ca.crt {pair} 2>&1"),
            )
            .stdout
        };
        let peer = raft("-cert /etc/etcd/pki/current/peer.crt -key /etc/etcd/pki/current/peer.key");
        assert!(peer.contains("\"peerURLs\""), "{peer}");
        let client =
            raft("-cert /etc/etcdpki/current/client.crt -key /etc/etcdpki/current/client.key");
        assert!(!client.contains("\"peerURLs\""), "{client}");
    }
}

fn firewall_holds(lab: &Lab) {
    hosts(&["machine", "client", "10.77.0.100"]).expect_success();
    let reaches = |machine: &str, address: &str, port: u16| {
        let open = format!("exec 3<>/dev/tcp/{address}/{port}");
        run(&mut lab.from(machine, &["timeout", "2", "bash", "-c", &open]))
            .status
            .success()
    };
    inside(0, "systemd-run --quiet python3 -m http.server 8080").expect_success();
    inside(0, "for i in $(seq 50); do exec 2>/dev/null; bash -c 'exec 3<>/dev/tcp/10.77.0.10/8080' && exit; sleep 0.1; done; exit 1").expect_success();
    assert!(
        reaches("client", "10.77.0.10", 2379),
        "a client does not reach the member"
    );
    assert!(reaches("client", "10.77.0.10", 22), "no ssh");
    assert!(
        !reaches("client", "10.77.0.10", 2380),
        "a client reaches the raft port"
    );
    assert!(
        !reaches("client", "10.77.0.10", 8080),
        "another port is open"
    );
    // From outside of the blocks that may be clients.
    hosts(&["machine", "stranger", "10.77.1.1"]).expect_success();
    run(&mut lab.from(
        "stranger",
        &["ip", "route", "add", "10.77.0.0/24", "dev", "eth1"],
    ))
    .expect_success();
    inside(0, "ip route add 10.77.1.0/24 dev eth1").expect_success();
    assert!(
        reaches("stranger", "10.77.0.10", 22),
        "no way for the stranger at all"
    );
    assert!(
        !reaches("stranger", "10.77.0.10", 2379),
        "a stranger reaches the member"
    );
}

fn names_resolve(lab: &Lab) {
    let script = lab::workspace()
        .join("fixtures/hosts/resolver.py")
        .display()
        .to_string();
    let python = lab::tools().join("python3").display().to_string();
    let (ca, certificate, key) = (
        lab.path("client/ca.crt").display().to_string(),
        lab.path("client/current/client.crt").display().to_string(),
        lab.path("client/current/client.key").display().to_string(),
    );
    let mut resolver = lab
        .from(
            "control",
            &[
                &python,
                &script,
                "v3",
                "10.77.0.1",
                DOMAIN,
                "https://10.77.0.10:2379",
                &ca,
                &certificate,
                &key,
            ],
        )
        .stdout(std::fs::File::create(lab.path("resolver.log")).unwrap())
        .spawn()
        .unwrap();
    let url = ["--extra-vars", "common_dns_url=https://10.77.0.10:2379"];
    let play = || run(lab.play_command(&THREE, &url).env("DNS_IP", "10.77.0.1"));
    let first = play();
    // A resolver gives up after some seconds, which a busy machine may need.
    let answer = inside(
        1,
        "for i in $(seq 10); do getent -s dns ahostsv4 etcd-2.lab.internal && break; done",
    );
    let nobody = inside(1, "getent -s dns ahostsv4 etcd-9.lab.internal");
    let second = play();
    resolver.kill().unwrap();
    resolver.wait().unwrap();
    first.expect_success();
    let log = lab.read("resolver.log");
    assert!(answer.stdout.starts_with("10.77.0.12 "), "{answer}\n{log}");
    assert!(!nobody.status.success(), "{nobody}");
    assert_changed(&second.expect_success(), 0);
}

fn renewal_needs_no_restart(lab: &Lab) {
    let started = || -> Vec<_> {
        THREE
            .map(|host| inside(host, "systemctl show etcd -p ActiveEnterTimestamp").stdout)
            .into()
    };
    let before = started();
    let description =
        lab.read("etcdpki.yml") + "certificates: { server_sans: [api.lab.internal] }\n";
    lab.write("etcdpki.yml", &description);
    lab.follow_description();
    lab.play(&THREE, &["--check"]).expect_success();
    let written = while_writing(lab, "renewal", &THREE, || {
        lab.play(&THREE, &[]).expect_success();
    });
    written.assert_nothing_lost(lab, "renewal", &THREE);
    assert_eq!(started(), before);
    for host in THREE {
        let shown = inside(host, "openssl s_client -connect 127.0.0.1:2379 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName").expect_success();
        assert!(shown.stdout.contains("DNS:api.lab.internal"), "{shown}");
    }
}

fn leader_is_lost(lab: &Lab) {
    let leader = lab.leader(&THREE);
    let rest: Vec<_> = THREE.into_iter().filter(|host| *host != leader).collect();
    let begin = Instant::now();
    hosts(&["kill", &leader.to_string()]).expect_success();
    while !lab
        .etcdctl(&rest, &["put", "after", "the leader"])
        .status
        .success()
    {
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "no write for ten seconds"
        );
    }
    eprintln!("    the next write: {:.1} s", begin.elapsed().as_secs_f64());
    hosts(&["start", &leader.to_string()]).expect_success();
    lab.wait_until_healthy(&THREE);
    assert_eq!(lab.members(&THREE).len(), 3);
}

fn cluster_grows(lab: &Lab) {
    let last = "  - { name: etcd-2, addresses: [10.77.0.12] }\n";
    let more = "  - { name: etcd-3, addresses: [10.77.0.13] }\n  - { name: etcd-4, addresses: [10.77.0.14] }\n";
    let description = lab
        .read("etcdpki.yml")
        .replace(last, &format!("{last}{more}"));
    lab.write("etcdpki.yml", &description);
    lab.follow_description();
    let written = while_writing(lab, "growth", &THREE, || {
        lab.terraform(&["apply", "-auto-approve", "-input=false", "-no-color"])
            .expect_success();
    });
    eprintln!(
        "    the longest time between two writes: {:.1} s",
        written.longest_gap.as_secs_f64()
    );
    written.assert_nothing_lost(lab, "growth", &[3, 4]);
    lab.wait_until_healthy(&[0, 1, 2, 3, 4]);
    assert_eq!(lab.members(&THREE).len(), 5);
}

fn cluster_shrinks(lab: &Lab) {
    let gone = "  - { name: etcd-4, addresses: [10.77.0.14] }\n";
    let description = lab.read("etcdpki.yml").replace(gone, "");
    lab.write("etcdpki.yml", &description);
    lab.follow_description();
    let rest = [0, 1, 2, 3];
    // A member more than is described is not removed in silence.
    let refused = lab.play(&rest, &[]);
    assert!(
        !refused.status.success() && refused.output().contains("etcd_server_remove_members=true"),
        "{refused}"
    );
    let written = while_writing(lab, "shrinkage", &THREE, || {
        lab.play(&rest, &["--extra-vars", "etcd_server_remove_members=true"])
            .expect_success();
    });
    written.assert_nothing_lost(lab, "shrinkage", &rest);
    assert_eq!(
        lab.members(&THREE),
        ["etcd-0", "etcd-1", "etcd-2", "etcd-3"]
    );
}

fn step(name: &str, work: impl FnOnce()) {
    let begin = Instant::now();
    eprintln!("{name}");
    work();
    eprintln!("    {:.1} s", begin.elapsed().as_secs_f64());
}

#[track_caller]
fn assert_no_key(outcome: &Outcome) {
    assert!(
        !outcome.output().contains("PRIVATE KEY"),
        "a key was printed"
    );
}

/// Asserts how many tasks of a play changed something, on each host.
#[track_caller]
fn assert_changed(play: &Outcome, changed: usize) {
    let recap = play.stdout.split("PLAY RECAP").nth(1).unwrap_or_default();
    let lines: Vec<_> = recap
        .lines()
        .filter(|line| line.contains("changed="))
        .collect();
    assert!(!lines.is_empty(), "{play}");
    let expected = format!("changed={changed} ");
    assert!(lines.iter().all(|line| line.contains(&expected)), "{play}");
}
