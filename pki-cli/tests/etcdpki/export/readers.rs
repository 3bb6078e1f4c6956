//! Whole exports, as the programs that they are for take them.

use std::fs;
use std::process::Command;

use fixtures::etcd::{Cluster, Node};
use fixtures::{Etcdctl, easyrsa, keytool, loopback_addresses, openssl, run};

use super::{FORMATS, Workspace, export, workspace};

#[test]
fn a_member_of_etcd_starts_with_combined_files_and_with_those_of_cfssl() {
    let [address] = loopback_addresses(1)[..] else {
        panic!("one address was asked for");
    };
    let workspace = Workspace::new();
    let description = format!(
        "domain: internal.example\nnetworks: [127.0.0.0/8]\nclients: [etcdctl]\nnodes:\n  - {{ name: etcd-0, addresses: [{address}] }}\n"
    );
    workspace.write("etcdpki.yml", description);
    workspace.succeeds(&["init", "--generate-secrets"]);
    // Of each format: what members trust, certificate and key of a role, what clients trust.
    for (format, trusted, [certificate, key], of_clients) in [
        ("combined", "members-ca.crt", [".pem", ".pem"], "ca.crt"),
        ("cfssl", "ca.pem", [".pem", "-key.pem"], "ca.pem"),
    ] {
        export(&workspace, &[format], format);
        let file = |name: &str| workspace.path(format).join(name);
        let certificates = workspace.path(&format!("{format}-member"));
        fs::create_dir(&certificates).unwrap();
        fs::copy(file(trusted), certificates.join("ca.crt")).unwrap();
        for role in ["server", "peer"] {
            for (suffix, ending) in [("crt", certificate), ("key", key)] {
                let from = file(&format!("etcd-0-{role}{ending}"));
                fs::copy(from, certificates.join(format!("{role}.{suffix}"))).unwrap();
            }
        }
        let node = Node {
            name: "etcd-0".to_owned(),
            hostname: "etcd-0.internal.example".to_owned(),
            address,
            certificates,
        };
        let mut cluster = Cluster::start(&[node], None);
        let client = Etcdctl::new(cluster.endpoints())
            .trusting(file(of_clients))
            .presenting(
                file(&format!("etcdctl{certificate}")),
                file(&format!("etcdctl{key}")),
            );
        cluster.wait_until_healthy(&client);
        client.run(&["put", "format", format]).expect_success();
    }
}

#[test]
fn easy_rsa_works_with_its_directory() {
    let workspace = workspace();
    workspace.succeeds(&["revoke", "etcdctl", "--reason", "superseded"]);
    export(&workspace, &["easy-rsa"], "easy");
    let shell = |arguments: &str| {
        let mut command = easyrsa(&workspace.path("easy/pki"));
        let arguments = arguments.split(' ');
        let command = command.args(arguments).current_dir(workspace.path(""));
        // A fixed time zone, and days beyond every end.
        let command = command.env("EASYRSA_CERT_RENEW", "9999");
        run(command).expect_success().output()
    };
    for name in ["etcd-0-server", "etcd-0-peer", "kube-apiserver"] {
        assert!(shell(&format!("verify {name} batch")).contains("OK"));
        assert!(shell(&format!("show-cert {name}")).contains("X509v3"));
    }
    let listed = shell("show-expire");
    for name in ["CN: etcd-0.internal.example", "CN: kube-apiserver"] {
        assert!(listed.contains(name), "{listed}");
    }
    assert!(!listed.contains("CN: etcdctl"), "{listed}");
    // Its own export opens the key.
    shell("export-p12 kube-apiserver nopass");
    let p12 = workspace.path("easy/pki/private/kube-apiserver.p12");
    run(openssl()
        .args(["pkcs12", "-noout", "-passin", "pass:", "-in"])
        .arg(p12))
    .expect_success();
}

#[test]
fn an_issuing_authority_is_among_those_of_the_directories() {
    let workspace = Workspace::new();
    workspace.write(
        "etcdpki.yml",
        "domain: internal.example\nnodes:\n  - { name: etcd-0, addresses: [10.0.0.10] }\nauthorities:\n  etcd: { issuing: true }\n",
    );
    workspace.succeeds(&["init", "--generate-secrets"]);
    export(&workspace, &["easy-rsa"], "easy");
    export(&workspace, &["cfssl"], "cfssl");
    for (authorities, leaf) in [
        ("easy/pki/ca.crt", "easy/pki/issued/etcdctl.crt"),
        ("cfssl/ca.pem", "cfssl/etcdctl.pem"),
    ] {
        run(openssl()
            .args(["verify", "-x509_strict", "-CAfile", authorities, leaf])
            .current_dir(workspace.path("")))
        .expect_success();
    }
    let mut certinfo = Command::new("cfssl");
    certinfo.args(["certinfo", "-cert", "cfssl/etcdctl.pem"]);
    let info = run(certinfo.current_dir(workspace.path(""))).expect_success();
    assert!(info.stdout.contains("etcd issuing CA"), "{info}");
}

#[test]
fn java_opens_every_key_store() {
    let workspace = workspace();
    export(&workspace, FORMATS[9], "stores");
    for name in ["etcd-0-server", "etcd-0-peer", "kube-apiserver", "etcdctl"] {
        let file = format!("stores/{name}.p12");
        let mut command = keytool();
        command.args([
            "-list",
            "-v",
            "-keystore",
            &file,
            "-storepass",
            "correct horse",
        ]);
        let list = run(command.current_dir(workspace.path(""))).expect_success();
        assert!(
            list.stdout.contains(&format!("Alias name: {name}")),
            "{list}"
        );
        assert!(
            list.stdout.contains("Certificate chain length: 4"),
            "{list}"
        );
    }
}

/// The key of a leaf is here even where those of the authorities are not.
#[test]
fn keys_leave_a_pki_whose_root_is_elsewhere() {
    let workspace = Workspace::new();
    workspace.write(
        "etcdpki.yml",
        "domain: internal.example\nnodes:\n  - { name: etcd-0, addresses: [10.0.0.10] }\n",
    );
    for secret in ["etcdpki-passphrase.txt", "vault-password.txt"] {
        workspace.write_with_mode(secret, "correct horse battery staple\n", 0o600);
    }
    let root = "req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.crt -days 9000 -subj /CN=Root \
                -addext basicConstraints=critical,CA:TRUE,pathlen:3 -addext keyUsage=critical,keyCertSign,cRLSign";
    run(openssl()
        .args(root.split_whitespace())
        .current_dir(workspace.path("")))
    .expect_success();
    let signer = "openssl dgst -sha256 -sign root.key";
    workspace.succeeds(&[
        "ca",
        "import",
        "root",
        "--cert",
        "root.crt",
        "--signer-command",
        signer,
    ]);
    workspace.succeeds(&["init"]);
    fs::remove_file(workspace.path("root.key")).unwrap();
    export(&workspace, &["pem"], "out");
    export(&workspace, &["easy-rsa"], "easy");
    let verify = "verify -x509_strict -CAfile out/ca.crt out/etcd-0/server.crt";
    run(openssl()
        .args(verify.split(' '))
        .current_dir(workspace.path("")))
    .expect_success();
}
