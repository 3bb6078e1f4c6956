//! Who is let in, and who is not.

use std::path::Path;

use fixtures::{OpensslCa, openssl, run};

use crate::lab::{Lab, copy_to, hosts, inside};

/// Only clients of our authority reach a member, and only peers its raft port.
pub(crate) fn strangers_are_refused(lab: &Lab, members: &[usize]) {
    lab.etcdctl(members, &["put", "k", "v"]).expect_success();
    let elsewhere = tempfile::tempdir().unwrap();
    let (foreign, _) = OpensslCa::create(elsewhere.path()).issue("etcdctl", "clientAuth", "");
    let foreign = foreign.with_extension("").display().to_string();
    let sibling = client_of_a_sibling(lab);
    for pair in [&foreign, &sibling] {
        for (suffix, name) in [("crt", "stranger.crt"), ("key", "stranger.key")] {
            copy_to(0, Path::new(&format!("{pair}.{suffix}")), name);
        }
        for member in members {
            assert_eq!(
                answers(*member, 2379, "/root/stranger.crt", "/root/stranger.key"),
                None
            );
            assert_eq!(
                answers(*member, 2380, "/root/stranger.crt", "/root/stranger.key"),
                None
            );
        }
        let refused = lab.etcdctl_as(pair, &members[..1], &["get", "k"]);
        assert!(!refused.status.success(), "{refused}");
    }
    let (client, peer) = ("/etc/etcdpki/current/client", "/etc/etcd/pki/current/peer");
    for member in members {
        for (pair, port, answer) in [
            (client, 2379, Some("etcdserver")),
            // Whoever signed it: a client is no peer.
            (client, 2380, None),
            (peer, 2380, Some("peerURLs")),
            ("", 2379, None),
            ("", 2380, None),
        ] {
            let given = answers(
                *member,
                port,
                &format!("{pair}.crt"),
                &format!("{pair}.key"),
            );
            assert_eq!(given, answer, "{pair} at {port} of etcd-{member}");
        }
    }
}

/// A client's pair from an authority that stands beside etcd's, under the same intermediate.
fn client_of_a_sibling(lab: &Lab) -> String {
    let trusted = lab.read("pki/trust/members.crt");
    let description = lab.read("etcdpki.yml") + "authorities: { others: [{ name: services }] }\n";
    lab.write("etcdpki.yml", &description);
    lab.etcdpki(&["init"]).expect_success();
    let mut issue = vec!["issue", "etcdctl.services", "--common-name", "etcdctl"];
    issue.extend(["--issuer", "services", "--role", "client"]);
    issue.extend(["--out", "sibling.crt", "--key-out", "sibling.key"]);
    lab.etcdpki(&issue).expect_success();
    // Its path to the root is whole, so that nothing but the anchor of members can refuse it.
    let sibling = lab.path("sibling.crt");
    run(openssl()
        .args(["verify", "-purpose", "sslclient", "-CAfile"])
        .arg(lab.path("pki/authorities/root/1/ca.crt"))
        .arg("-untrusted")
        .args([&sibling, &sibling]))
    .expect_success();
    assert_eq!(lab.read("pki/trust/members.crt"), trusted);
    lab.path("sibling").display().to_string()
}

/// A client whose certificate does not hold any more is refused by each member, and no other is.
pub(crate) fn is_refused(lab: &Lab, pair: &str, members: &[usize]) {
    for (suffix, name) in [("crt", "refused.crt"), ("key", "refused.key")] {
        copy_to(0, &lab.path(&format!("{pair}.{suffix}")), name);
    }
    for member in members {
        let given = answers(*member, 2379, "/root/refused.crt", "/root/refused.key");
        assert_eq!(given, None, "etcd-{member}");
    }
    lab.wait_until_healthy(members);
}

/// What the member answers to a pair that lies on the first host, if it does.
fn answers(member: usize, port: u16, certificate: &str, key: &str) -> Option<&'static str> {
    let (path, sign) = match port {
        2380 => ("/members", "peerURLs"),
        _ => ("/version", "etcdserver"),
    };
    let pair = match Path::new(key).is_absolute() {
        true => format!("-cert {certificate} -cert_chain {certificate} -key {key}"),
        false => String::new(),
    };
    let script = format!(
        "printf 'GET {path} HTTP/1.0\\r\\n\\r\\n' | timeout 5 openssl s_client -quiet -connect 10.77.0.{}:{port} -partial_chain -CAfile /etc/etcd/pki/ca.crt {pair} 2>&1",
        10 + member
    );
    inside(0, &script).stdout.contains(sign).then_some(sign)
}

/// Ports and sources that are not named are closed.
pub(crate) fn firewall_holds(lab: &Lab) {
    hosts(&["machine", "client", "10.77.0.100"]).expect_success();
    let reaches = |machine: &str, port: u16| {
        let open = format!("exec 3<>/dev/tcp/10.77.0.10/{port}");
        run(&mut lab.from(machine, &["timeout", "2", "bash", "-c", &open]))
            .status
            .success()
    };
    inside(0, "systemd-run --quiet python3 -m http.server 8080").expect_success();
    inside(0, "for i in $(seq 50); do exec 2>/dev/null; bash -c 'exec 3<>/dev/tcp/10.77.0.10/8080' && exit; sleep 0.1; done; exit 1").expect_success();
    for (port, open, what) in [
        (2379, true, "a client and the member"),
        (22, true, "ssh"),
        (2380, false, "a client and the raft port"),
        (8080, false, "another port"),
    ] {
        assert_eq!(reaches("client", port), open, "{what}");
    }
    // From outside of the blocks that may be clients.
    hosts(&["machine", "stranger", "10.77.1.1"]).expect_success();
    let route = ["ip", "route", "add", "10.77.0.0/24", "dev", "eth1"];
    run(&mut lab.from("stranger", &route)).expect_success();
    inside(0, "ip route add 10.77.1.0/24 dev eth1").expect_success();
    for (port, open, what) in [
        (22, true, "no way for the stranger at all"),
        (2379, false, "a stranger and the member"),
        (2380, false, "a stranger and the raft port"),
    ] {
        assert_eq!(reaches("stranger", port), open, "{what}");
    }
}
