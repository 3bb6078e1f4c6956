//! `etcdpki ca adopt` on what other tools made.

use std::fs;
use std::path::Path;
use std::process::Command;

use fixtures::{openssl, run};

use crate::workspace::Workspace;

const BOTH: &str = "serverAuth,clientAuth";

/// An empty directory with a passphrase and a vault password.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    for secret in ["etcdpki-passphrase.txt", "vault-password.txt"] {
        workspace.write_with_mode(secret, "correct horse battery staple\n", 0o600);
    }
    workspace
}

/// A self-signed authority as kubeadm makes it.
fn authority(workspace: &Workspace, name: &str, common_name: &str) {
    let subject = format!("/CN={common_name}");
    run(openssl()
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "900", "-subj", &subject,
        ])
        .args(["-addext", "basicConstraints=critical,CA:TRUE"])
        .args([
            "-addext",
            "keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign",
        ])
        .arg("-keyout")
        .arg(workspace.path(&format!("{name}.key")))
        .arg("-out")
        .arg(workspace.path(&format!("{name}.crt"))))
    .expect_success();
}

/// A leaf as kubeadm makes it: the files `NAME.crt` and `NAME.key`.
fn leaf(
    workspace: &Workspace,
    name: &str,
    issuer: &str,
    common_name: &str,
    usages: &str,
    names: &str,
) {
    let file = |extension: &str| workspace.path(&format!("{name}.{extension}"));
    run(openssl()
        .args([
            "req",
            "-new",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            &format!("/CN={common_name}"),
        ])
        .arg("-keyout")
        .arg(file("key"))
        .arg("-out")
        .arg(workspace.path("request")))
    .expect_success();
    let names = match names {
        "" => String::new(),
        names => format!("subjectAltName={names}\n"),
    };
    workspace.write(
        "extensions",
        format!(
            "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\n\
             extendedKeyUsage={usages}\nauthorityKeyIdentifier=keyid\n{names}"
        ),
    );
    run(openssl()
        .args(["x509", "-req", "-days", "365", "-CAcreateserial", "-in"])
        .arg(workspace.path("request"))
        .arg("-CA")
        .arg(workspace.path(&format!("{issuer}.crt")))
        .arg("-CAkey")
        .arg(workspace.path(&format!("{issuer}.key")))
        .arg("-extfile")
        .arg(workspace.path("extensions"))
        .arg("-out")
        .arg(file("crt")))
    .expect_success();
    fs::set_permissions(
        file("key"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
}

/// Adopts, runs init, and checks that nothing was issued anew and all of it holds.
#[track_caller]
fn adopt(workspace: &Workspace, arguments: &[&str], certificates: usize) -> serde_json::Value {
    let adopt = [&["ca", "adopt", "--json"], arguments].concat();
    let before = workspace.files();
    workspace.succeeds(&[&adopt[..], &["--dry-run"]].concat());
    assert_eq!(workspace.files(), before);
    let report: serde_json::Value = serde_json::from_str(&workspace.succeeds(&adopt)).unwrap();
    assert_eq!(
        report["certificates"].as_array().unwrap().len(),
        certificates,
        "{report:#}"
    );
    let made: serde_json::Value =
        serde_json::from_str(&workspace.succeeds(&["init", "--json"])).unwrap();
    assert_eq!(made["made"].as_array().unwrap().len(), 0, "{made:#}");
    assert!(workspace.succeeds(&["init"]).contains("Nothing changed"));
    report
}

fn problems(report: &serde_json::Value, path: &str) -> String {
    let all = report["problems"].as_array().unwrap().iter();
    let of_path = all.filter(|one| one["path"].as_str().unwrap().contains(path));
    of_path
        .map(|one| one["message"].as_str().unwrap().to_owned() + "\n")
        .collect()
}

#[test]
fn a_directory_of_kubeadm() {
    let workspace = workspace();
    fs::create_dir_all(workspace.path("k/etcd")).unwrap();
    for (name, common_name) in [
        ("k/ca", "kubernetes"),
        ("k/etcd/ca", "etcd-ca"),
        ("k/front-proxy-ca", "front-proxy-ca"),
    ] {
        authority(&workspace, name, common_name);
    }
    let names = "DNS:cp-1,DNS:localhost,IP:10.0.0.5,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1";
    leaf(
        &workspace,
        "k/apiserver",
        "k/ca",
        "kube-apiserver",
        "serverAuth",
        "DNS:kubernetes",
    );
    leaf(
        &workspace,
        "k/etcd/server",
        "k/etcd/ca",
        "cp-1",
        BOTH,
        names,
    );
    leaf(&workspace, "k/etcd/peer", "k/etcd/ca", "cp-1", BOTH, names);
    leaf(
        &workspace,
        "k/etcd/healthcheck-client",
        "k/etcd/ca",
        "kube-etcd-healthcheck-client",
        "clientAuth",
        "",
    );
    leaf(
        &workspace,
        "k/apiserver-etcd-client",
        "k/etcd/ca",
        "kube-apiserver-etcd-client",
        "clientAuth",
        "",
    );
    // Within another PKI it must be said that this is another one.
    workspace.write("etcdpki.yml", "");
    fs::create_dir(workspace.path("below")).unwrap();
    let within = ["-C", "below", "ca", "adopt", "../k", "--dry-run"];
    let error = workspace.fails(1, &within);
    assert!(error.contains("a second PKI would be made in "), "{error}");
    workspace.succeeds(&[&within[..], &["--domain", "other.example"]].concat());
    fs::remove_file(workspace.path("etcdpki.yml")).unwrap();
    let server = workspace.read("k/etcd/server.crt");
    let report = adopt(&workspace, &["k"], 4);
    assert_eq!(report["nodes"][0], "cp-1");
    assert!(problems(&report, "k/apiserver.crt").contains("another authority"));
    assert!(problems(&report, "k/etcd/ca.crt").contains("no name constraints"));
    assert!(workspace.read("pki/certificates/cp-1/server/1/tls.crt") == server);
    workspace.succeeds(&["verify"]);
    // It can issue now, under the authority of kubeadm.
    workspace.succeeds(&[
        "issue",
        "etcdctl",
        "--role",
        "client",
        "--out",
        "etcdctl.crt",
    ]);
    run(openssl()
        .args([
            "verify",
            "-x509_strict",
            "-CAfile",
            "k/etcd/ca.crt",
            "etcdctl.crt",
        ])
        .current_dir(workspace.path("")))
    .expect_success();
    // Another address is one that it must carry.
    let text = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    workspace.write("etcdpki.yml", text.replace("10.0.0.5", "10.0.0.6"));
    let made = workspace.succeeds(&["init"]);
    assert!(
        made.contains("certificate cp-1/server: the description changed"),
        "{made}"
    );
    let again = workspace.fails(1, &["ca", "adopt", "k"]);
    assert!(again.contains("is there already"), "{again}");
}

#[test]
fn a_directory_of_kubespray() {
    let workspace = workspace();
    fs::create_dir_all(workspace.path("ssl")).unwrap();
    authority(&workspace, "ssl/ca", "etcd-ca");
    let names = "DNS:localhost,DNS:node1,DNS:node2,DNS:etcd.kube-system.svc.cluster.local,DNS:etcd,\
                 IP:10.0.0.1,IP:10.0.0.2,IP:127.0.0.1";
    for node in ["node1", "node2"] {
        for kind in ["member", "admin", "node"] {
            let name = format!("ssl/{kind}-{node}");
            leaf(
                &workspace,
                &name,
                "ssl/ca",
                &format!("etcd-{kind}-{node}"),
                BOTH,
                names,
            );
        }
    }
    for entry in fs::read_dir(workspace.path("ssl")).unwrap() {
        let path = entry.unwrap().path();
        let new = path
            .display()
            .to_string()
            .replace(".key", "-key.pem")
            .replace(".crt", ".pem");
        fs::rename(&path, new).unwrap();
    }
    let report = adopt(&workspace, &["ssl"], 4 + 4);
    assert_eq!(report["nodes"], serde_json::json!(["node1", "node2"]));
    let text = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    assert!(
        text.contains("{ name: node2, addresses: [10.0.0.2] }"),
        "{text}"
    );
    workspace.succeeds(&["verify"]);
}

fn easyrsa(workspace: &Workspace, arguments: &[&str]) {
    let mut command = fixtures::easyrsa(&workspace.path("easy"));
    run(command.args(arguments).current_dir(workspace.path(""))).expect_success();
}

#[test]
fn a_directory_of_easy_rsa() {
    let workspace = workspace();
    easyrsa(&workspace, &["init-pki"]);
    easyrsa(&workspace, &["--req-cn=Easy CA", "build-ca", "nopass"]);
    for (node, address) in [("etcd-0", "10.0.0.10"), ("etcd-1", "10.0.0.11")] {
        let names = format!("--subject-alt-name=DNS:{node}.a.example,IP:{address},IP:127.0.0.1");
        easyrsa(
            &workspace,
            &[&names, "build-serverClient-full", node, "nopass"],
        );
    }
    easyrsa(&workspace, &["build-client-full", "etcdctl", "nopass"]);
    let report = adopt(&workspace, &["easy"], 5);
    assert_eq!(report["domain"], "a.example");
    assert_eq!(report["clients"], serde_json::json!(["etcdctl"]));
    assert!(problems(&report, "easy/issued/etcdctl.crt").contains("key-usage-not-critical"));
    // What easy-rsa does against a MUST of RFC 5280 stays an error, and is the only one.
    let output = workspace.run(&["verify", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["errors"], 1, "{found:#}");
    assert!(
        found.to_string().contains("basic-constraints-not-critical"),
        "{found:#}"
    );
}

/// Runs cfssl and writes its answer as `NAME.pem` and `NAME-key.pem`.
fn cfssl(workspace: &Workspace, arguments: &[&str], name: &str) {
    let directory = workspace.path("cfssl");
    let outcome = run(Command::new("cfssl")
        .args(arguments)
        .current_dir(&directory))
    .expect_success();
    let answer: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    for (part, file) in [
        ("cert", format!("{name}.pem")),
        ("key", format!("{name}-key.pem")),
    ] {
        fs::write(directory.join(file), answer[part].as_str().unwrap()).unwrap();
    }
}

fn write_json(directory: &Path, name: &str, value: &serde_json::Value) {
    fs::write(directory.join(name), value.to_string()).unwrap();
}

#[test]
fn a_directory_of_cfssl_with_one_certificate_for_all() {
    let workspace = workspace();
    let directory = workspace.path("cfssl");
    fs::create_dir(&directory).unwrap();
    let key = serde_json::json!({ "algo": "ecdsa", "size": 256 });
    write_json(
        &directory,
        "ca.json",
        &serde_json::json!({ "CN": "cfssl CA", "key": key }),
    );
    cfssl(&workspace, &["gencert", "-initca", "ca.json"], "ca");
    let usages = ["signing", "key encipherment", "server auth", "client auth"];
    let profile = |usages: &[&str]| serde_json::json!({ "usages": usages, "expiry": "8760h" });
    let profiles = serde_json::json!({ "member": profile(&usages), "client": profile(&[usages[0], usages[3]]) });
    write_json(
        &directory,
        "config.json",
        &serde_json::json!({ "signing": { "profiles": profiles } }),
    );
    let hosts = [
        "etcd-0.a.example",
        "etcd-1.a.example",
        "10.0.0.10",
        "10.0.0.11",
        "127.0.0.1",
        "localhost",
    ];
    for (name, hosts, profile) in [
        ("server", &hosts[..], "member"),
        ("peer", &hosts, "member"),
        ("client", &[""], "client"),
    ] {
        let request =
            serde_json::json!({ "CN": format!("etcd-{name}"), "hosts": hosts, "key": key });
        write_json(&directory, &format!("{name}.json"), &request);
        let profile = format!("-profile={profile}");
        let request = format!("{name}.json");
        cfssl(
            &workspace,
            &[
                "gencert",
                "-ca=ca.pem",
                "-ca-key=ca-key.pem",
                "-config=config.json",
                &profile,
                &request,
            ],
            name,
        );
    }
    let report = adopt(&workspace, &["cfssl"], 3);
    assert_eq!(report["nodes"], serde_json::json!(["etcd-0", "etcd-1"]));
    // cfssl writes keys for its umask.
    let text = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    assert!(
        text.contains("sharing: shared") && text.contains("levels: 1"),
        "{text}"
    );
    workspace.succeeds(&["verify"]);
}

#[test]
fn variables_of_a_role_in_clear_and_encrypted() {
    let made_by_us = Workspace::initialised();
    let vault = "roles/etcd-server/vars/certificates.vault.yml";
    let clients = "roles/etcd-client/vars/certificates.vault.yml";
    let workspace = workspace();
    for (from, to) in [
        (vault, "server.yml"),
        (clients, "client.yml"),
        ("vault-password.txt", "vault-password.txt"),
    ] {
        workspace.write_with_mode(to, made_by_us.read(from), 0o600);
    }
    // The key of the authority is nowhere in these: it cannot issue, and says so.
    let report = workspace.succeeds(&["ca", "adopt", "--json", "server.yml", "client.yml"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["authorities"].as_array().unwrap().len(), 3);
    assert_eq!(
        report["certificates"].as_array().unwrap().len(),
        8,
        "{report:#}"
    );
    assert_eq!(report["domain"], "your-internal.domain");
    assert!(problems(&report, "").contains("nothing can be issued until it is imported"));
    let made = workspace.succeeds(&["init"]);
    assert!(!made.contains("Made"), "{made}");
    workspace.succeeds(&["verify"]);
    let error = workspace.fails(1, &["issue", "x", "--role", "client"]);
    assert!(
        error.contains("the key of the etcd authority, which signs certificates, is not here"),
        "{error}"
    );
    // The key comes later.
    let sealed = "pki/authorities/etcd/1/ca.key.sealed";
    assert!(!workspace.path(sealed).exists() && made_by_us.path(sealed).exists());
    let key = clear_key_of_the_authority(&made_by_us);
    workspace.write_with_mode("etcd.key", key, 0o600);
    let certificate = "pki/authorities/etcd/1/ca.crt";
    workspace.succeeds(&[
        "ca",
        "import",
        "etcd",
        "--cert",
        certificate,
        "--key",
        "etcd.key",
    ]);
    workspace.succeeds(&["issue", "x", "--role", "client"]);
    // And with it the revocation list.
    workspace.succeeds(&["init"]);
    workspace.succeeds(&["verify"]);
}

/// Opens the key of the etcd authority as the library does.
fn clear_key_of_the_authority(workspace: &Workspace) -> String {
    use pki_core::hierarchy::AuthorityName;
    use pki_core::seal::Passphrase;
    use pki_core::store::{Directory, Pki};

    let pki = Pki::new(Directory::open_read_only(&workspace.path("pki")).unwrap());
    let passphrase = workspace.read("etcdpki-passphrase.txt");
    let passphrase = Passphrase::new(passphrase.trim_ascii()).unwrap();
    let keys = pki.keyring().unwrap().unwrap().unlock(&passphrase).unwrap();
    let etcd = pki.authority(AuthorityName::Etcd).unwrap().unwrap();
    let key = pki.authority_key(&etcd, &keys).unwrap();
    key.to_pem().as_str().to_owned()
}

#[test]
fn what_is_found_is_told_in_order_and_once() {
    let workspace = workspace();
    fs::create_dir(workspace.path("x")).unwrap();
    authority(&workspace, "x/ca", "etcd-ca");
    // Neither in the order of their names.
    for (file, node, address) in [
        ("x/1", "etcd-1", "10.0.0.11"),
        ("x/2", "etcd-0", "10.0.0.10"),
    ] {
        let names = format!("DNS:{node}.a.example,IP:{address}");
        leaf(&workspace, file, "x/ca", node, BOTH, &names);
    }
    workspace.write_with_mode("x/copy.key", workspace.read("x/ca.key"), 0o600);
    let text = workspace.succeeds(&["ca", "adopt", "x", "--dry-run"]);
    assert!(
        text.contains("4 certificates of 2 nodes in a.example and 0 clients"),
        "{text}"
    );
    let report = workspace.succeeds(&["ca", "adopt", "x", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["nodes"], serde_json::json!(["etcd-0", "etcd-1"]));
    assert_eq!(report["certificates"][0]["name"], "etcd-0/peer");
    assert_eq!(problems(&report, "copy.key"), "");
}

#[test]
fn what_cannot_be_taken_over_is_refused() {
    let workspace = workspace();
    fs::create_dir(workspace.path("d")).unwrap();
    let error = workspace.fails(1, &["ca", "adopt", "d"]);
    assert!(error.contains("no authority"), "{error}");
    authority(&workspace, "d/ca", "ca");
    leaf(
        &workspace,
        "d/server",
        "d/ca",
        "server",
        BOTH,
        "DNS:a.example,IP:10.0.0.1,IP:10.0.0.2,DNS:b.example,DNS:c.example",
    );
    let error = workspace.fails(1, &["ca", "adopt", "d"]);
    assert!(error.contains("--node"), "{error}");
    let node = ["--node", "a=10.0.0.1,10.0.0.2"];
    let dry = workspace.succeeds(&[&["ca", "adopt", "d", "--dry-run"][..], &node].concat());
    assert!(
        dry.contains("{ name: a, addresses: [10.0.0.1, 10.0.0.2] }"),
        "{dry}"
    );
    workspace.write(
        "etcdpki.yml",
        "domain: example\nnodes:\n  - { name: a, addresses: [10.0.0.1] }\n",
    );
    let error = workspace.fails(1, &[&["ca", "adopt", "d"][..], &node].concat());
    assert!(error.contains("levels"), "{error}");
    assert!(!workspace.path("pki").exists());
}

#[test]
fn one_certificate_that_says_too_little_keeps_nothing_else_from_being_told() {
    let workspace = workspace();
    fs::create_dir(workspace.path("d")).unwrap();
    authority(&workspace, "d/ca", "ca");
    let server = "DNS:etcd-0.internal.example,IP:10.0.0.1";
    leaf(&workspace, "d/etcd-0", "d/ca", "etcd-0", BOTH, server);
    leaf(&workspace, "d/etcdctl", "d/ca", "etcdctl", "clientAuth", "");
    // Two clients that could serve by their usages, and a file that is not to be read.
    for name in ["backup", "metrics"] {
        let names = format!("DNS:{name}.other.example");
        leaf(&workspace, &format!("d/{name}"), "d/ca", name, BOTH, &names);
    }
    workspace.write("d/group.vault.yml", "$ANSIBLE_VAULT;1.1;AES256\n6162\n");
    let before = workspace.files();
    for more in [&["--dry-run"][..], &[]] {
        let output = workspace.run(&[&["ca", "adopt", "d", "--json"], more].concat());
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            error.contains("d/backup.crt, d/metrics.crt: neither names nor addresses"),
            "{error}"
        );
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["nodes"][0], "etcd-0");
        assert_eq!(report["clients"][0], "etcdctl");
        assert_eq!(report["undecided"], 2);
        for file in ["d/backup.crt", "d/metrics.crt"] {
            assert!(
                problems(&report, file).contains("--node NAME=ADDRESS"),
                "{report:#}"
            );
        }
        assert!(
            problems(&report, "d/group.vault.yml").contains("left out"),
            "{report:#}"
        );
        assert_eq!(workspace.files(), before);
    }
    for name in ["backup", "metrics"] {
        fs::remove_file(workspace.path(&format!("d/{name}.crt"))).unwrap();
    }
    adopt(&workspace, &["d"], 3);
}

/// Adopts, and gives what was told.
fn adopted(workspace: &Workspace) -> serde_json::Value {
    serde_json::from_str(&workspace.succeeds(&["ca", "adopt", "--json", "."])).unwrap()
}

/// What clients dial stays in what is issued next: short names, one that all servers share.
#[test]
fn names_of_servers_outlast_their_certificates() {
    let workspace = workspace();
    authority(&workspace, "ca", "corp etcd");
    for (number, address) in [(0, "10.9.0.10"), (1, "10.9.0.11"), (2, "10.9.0.12")] {
        let node = format!("etcd{number}");
        let names = format!("DNS:{node}.corp.lan,DNS:{node},DNS:etcd.corp.lan,IP:{address}");
        for role in ["server", "peer"] {
            leaf(
                &workspace,
                &format!("{node}-{role}"),
                "ca",
                &node,
                BOTH,
                &names,
            );
        }
    }
    let report = adopted(&workspace);
    assert_eq!(report["nodes"].as_array().unwrap().len(), 3, "{report:#}");
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    for line in [
        "domain: corp.lan",
        "- { name: etcd1, addresses: [10.9.0.11] }",
        "server_sans: [etcd.corp.lan, etcd0, etcd1, etcd2]",
    ] {
        assert!(description.contains(line), "{line}: {description}");
    }
    let told = problems(&report, "etcd0-peer.crt");
    assert!(
        told.contains(
            "what is issued next for etcd0/peer does not carry etcd0, etcd.corp.lan any more"
        ),
        "{told}"
    );
    assert!(!problems(&report, "etcd0-server.crt").contains("any more"));
    workspace.succeeds(&["init"]);
    workspace.succeeds(&["issue", "etcd0", "--role", "server", "--renew"]);
    let shown = workspace.succeeds(&["inspect", "pki/certificates/etcd0/server/2/tls.crt"]);
    for name in ["etcd0.corp.lan", "etcd0,", "etcd.corp.lan", "10.9.0.10"] {
        assert!(shown.contains(name), "{name}: {shown}");
    }
}

#[test]
fn a_domain_that_no_certificate_tells_is_said_to_be_made_up() {
    let workspace = workspace();
    authority(&workspace, "ca", "etcd");
    leaf(
        &workspace,
        "node0-server",
        "ca",
        "node0",
        BOTH,
        "DNS:node0,IP:10.9.0.10",
    );
    let report = adopted(&workspace);
    let told = problems(&report, "etcdpki.yml");
    assert!(
        told.contains("etcd.internal stands for it: give it with --domain"),
        "{told}"
    );
    // With a description that is there, nothing is proposed, and what goes with a name is told.
    let described = self::workspace();
    for file in ["ca.crt", "ca.key", "node0-server.crt", "node0-server.key"] {
        described.write_with_mode(file, workspace.read(file), 0o600);
    }
    described.write(
        "etcdpki.yml",
        "domain: corp.lan\nnodes: [{ name: node0, addresses: [10.9.0.10] }]\nauthorities: { levels: 1 }\n",
    );
    let report = adopted(&described);
    let told = problems(&report, "node0-server.crt");
    assert!(
        told.contains("does not carry node0 any more: list it under"),
        "{told}"
    );
}
