//! `etcdpki issue` as a user meets it.

use std::os::unix::fs::PermissionsExt;

use fixtures::{openssl, run};

use crate::workspace::Workspace;

fn request(workspace: &Workspace, name: &str, options: &str) {
    let arguments = format!(
        "req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-384 -sha256 -keyout {name}.key -out {name}.csr {options}"
    );
    run(openssl()
        .args(arguments.split(' '))
        .current_dir(workspace.path("")))
    .expect_success();
}

/// Has openssl verify a file that starts with a leaf under the root that clients trust.
#[track_caller]
fn verify_strictly(workspace: &Workspace, file: &str) {
    run(openssl()
        .args([
            "verify",
            "-x509_strict",
            "-CAfile",
            "pki/authorities/root/1/ca.crt",
            "-untrusted",
            file,
            file,
        ])
        .current_dir(workspace.path("")))
    .expect_success();
}

#[test]
fn without_an_owner_it_makes_what_is_missing_and_never_the_description() {
    let workspace = Workspace::new();
    assert!(workspace.fails(1, &["issue"]).contains("no description"));
    assert!(workspace.files().is_empty());
    let workspace = Workspace::initialised();
    let before = workspace.files();
    assert!(workspace.succeeds(&["issue"]).contains("Nothing changed"));
    assert_eq!(workspace.files(), before);
    std::fs::remove_dir_all(workspace.path("pki/certificates/etcdctl")).unwrap();
    let report = workspace.succeeds(&["issue", "--dry-run"]);
    assert!(
        report.contains("certificate etcdctl/client: it is missing"),
        "{report}"
    );
    workspace.succeeds(&["issue"]);
    workspace.succeeds(&["verify"]);
}

#[test]
fn a_described_certificate_is_renewed_and_the_vault_file_follows() {
    let workspace = Workspace::initialised();
    let vault = "roles/etcd-server/vars/certificates.vault.yml";
    let before = workspace.read(vault);
    let key = |generation: u32| {
        workspace.read(&format!(
            "pki/certificates/etcd-0/server/{generation}/tls.crt"
        ))
    };
    workspace.succeeds(&[
        "issue", "etcd-0", "--role", "server", "--renew", "--out", "new.crt",
    ]);
    assert_ne!(workspace.read(vault), before);
    assert_eq!(workspace.read("new.crt"), key(2));
    verify_strictly(&workspace, "new.crt");
    workspace.succeeds(&[
        "issue",
        "etcd-0",
        "--rekey",
        "--key",
        "p384",
        "--lifetime",
        "7d",
    ]);
    assert!(
        workspace
            .path("pki/certificates/etcd-0/server/3/tls.crt")
            .exists()
    );
    assert!(
        workspace
            .path("pki/certificates/etcd-0/peer/2/tls.crt")
            .exists()
    );
    workspace.succeeds(&["verify"]);
    assert!(workspace.succeeds(&["init"]).contains("Nothing changed"));

    let before = workspace.files();
    for (arguments, part) in [
        (&["etcd-0"][..], "--renew"),
        (
            &["etcd-0", "--renew", "--san", "a.your-internal.domain"],
            "stands in etcdpki.yml",
        ),
        (&["etcd-0", "--renew", "--out", "x.crt"], "several roles"),
        (
            &["etcd-0", "--renew", "--role", "peer", "--key-out", "x.key"],
            "in the vault files",
        ),
        (&["nobody"], "--role"),
    ] {
        let error = workspace.fails(1, &[&["issue"], arguments].concat());
        assert!(error.contains(part), "{arguments:?}: {error}");
    }
    for arguments in [
        &["etcd-0", "--role", "servant", "--renew"][..],
        &["etcd-0", "--renew", "--rekey"],
        &["etcd-0", "--lifetime", "forever", "--renew"],
        &["--san", "a.b"],
        &["x", "--role", "server", "--san", "a_b"],
    ] {
        workspace.fails(2, &[&["issue"], arguments].concat());
    }
    assert_eq!(workspace.files(), before);
}

#[test]
fn what_was_issued_is_to_be_played_where_there_is_a_playbook() {
    let workspace = Workspace::initialised();
    let renew = ["issue", "etcd-0", "--role", "server", "--renew"];
    let report = workspace.succeeds(&renew);
    assert!(report.contains(" provision ansible\n"), "{report}");
    // Units are no playbook.
    workspace.succeeds(&["provision", "systemd"]);
    let report = workspace.succeeds(&renew);
    assert!(!report.contains("ansible-playbook"), "{report}");
    workspace.succeeds(&["provision", "ansible"]);
    let report = workspace.succeeds(&renew);
    assert!(
        report.contains("\n  ansible-playbook etcd.yml "),
        "{report}"
    );
    assert!(!report.contains(" provision ansible"), "{report}");
}

#[test]
fn another_certificate_is_kept_beside_the_described_ones() {
    let workspace = Workspace::initialised();
    let order = [
        "issue",
        "gateway",
        "--role",
        "server",
        "--san",
        "gateway.your-internal.domain",
        "--san",
        "10.0.0.40",
        "--out",
        "gateway.crt",
        "--key-out",
        "gateway.key",
    ];
    let before = workspace.files();
    let dry = workspace.succeeds(&[&order[..], &["--dry-run"]].concat());
    assert!(dry.contains("Would issue gateway/server"), "{dry}");
    assert_eq!(workspace.files(), before);
    workspace.succeeds(&order);
    verify_strictly(&workspace, "gateway.crt");
    let mode = std::fs::metadata(workspace.path("gateway.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let ignored = workspace.read(".gitignore");
    assert!(ignored.ends_with(b"/gateway.key\n"));
    let public = |arguments: &str| {
        let outcome = run(openssl()
            .args(arguments.split(' '))
            .current_dir(workspace.path("")));
        outcome.expect_success().stdout
    };
    assert_eq!(
        public("x509 -in gateway.crt -noout -pubkey"),
        public("pkey -in gateway.key -pubout")
    );
    assert!(workspace.fails(1, &order).contains("--renew"));
    let again = workspace.succeeds(&["issue", "gateway", "--role", "server", "--renew", "--json"]);
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["names"].as_array().unwrap().len(), 2);
    assert_eq!(
        again["issued"]["path"],
        "pki/certificates/gateway/server/2/tls.crt"
    );
    let report = workspace.succeeds(&["init"]);
    assert!(
        report.contains("Nothing changed") && report.contains("gateway/server/2"),
        "{report}"
    );
    workspace.succeeds(&["verify"]);
    let error = workspace.fails(1, &["issue", "x", "--role", "peer", "--san", "192.0.2.1"]);
    assert!(
        error.contains("`192.0.2.1` lies outside the name constraints"),
        "{error}"
    );
}

#[test]
fn a_request_is_answered_within_its_role() {
    let workspace = Workspace::initialised();
    request(
        &workspace,
        "web",
        "-subj /CN=web -addext subjectAltName=DNS:web.your-internal.domain -addext keyUsage=keyCertSign",
    );
    workspace.succeeds(&[
        "issue", "--csr", "web.csr", "--role", "server", "--out", "web.crt",
    ]);
    verify_strictly(&workspace, "web.crt");
    let text = workspace.succeeds(&[
        "issue",
        "web2",
        "--csr",
        "web.csr",
        "--role",
        "server",
        "--dry-run",
    ]);
    assert!(
        text.contains("keyUsage had no effect") && text.contains("the subject is CN=web2"),
        "{text}"
    );
    assert!(
        !workspace
            .path("pki/certificates/web/server/1/tls.key.sealed")
            .exists()
    );

    request(
        &workspace,
        "greedy",
        "-subj /CN=greedy -addext subjectAltName=DNS:greedy.your-internal.domain,DNS:bank.example",
    );
    let greedy = ["issue", "--csr", "greedy.csr", "--role", "server"];
    let error = workspace.fails(1, &greedy);
    assert!(
        error.contains("greedy.csr: the request asks for `bank.example`")
            && error.contains("--drop-names"),
        "{error}"
    );
    let output = workspace.run(&[&greedy[..], &["--drop-names", "--out", "-"]].concat());
    assert!(output.stdout.starts_with(b"-----BEGIN CERTIFICATE-----"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("bank.example was left out"));

    // What is hinted at works: there is no way to have a name of another type.
    let names = "-subj /CN=mail -addext subjectAltName=DNS:mail.your-internal.domain,";
    for (name, granted) in [
        ("email:a@b.c", None),
        ("URI:spiffe://a/b", Some("spiffe://a/b")),
    ] {
        request(&workspace, "mail", &format!("{names}{name}"));
        let mail = [
            "issue",
            "--csr",
            "mail.csr",
            "--role",
            "server",
            "--dry-run",
        ];
        let error = workspace.fails(1, &mail);
        assert!(error.contains("--drop-names"), "{error}");
        match granted {
            None => assert!(!error.contains("--san"), "{error}"),
            Some(granted) => {
                assert!(error.contains(&format!("--san {granted};")), "{error}");
                workspace.succeeds(&[&mail[..], &["--san", granted]].concat());
            }
        }
        workspace.succeeds(&[&mail[..], &["--drop-names"]].concat());
    }

    // Whoever makes a request does not choose to be a described client.
    request(&workspace, "thief", "-subj /CN=kube-apiserver");
    let error = workspace.fails(1, &["issue", "--csr", "thief.csr", "--role", "server"]);
    assert!(
        error.contains("somebody who is described, whom a request alone"),
        "{error}"
    );
    for (name, reason) in [
        ("root", "etcd's administrator"),
        ("etcd-peer", "common name of peers"),
        ("a b", "no name of an owner"),
    ] {
        let options = format!("-subj /CN={}", name.replace(' ', "\u{a0}"));
        request(&workspace, "nobody", &options);
        let error = workspace.fails(1, &["issue", "--csr", "nobody.csr", "--role", "client"]);
        assert!(error.contains(reason), "{error}");
    }
    let arguments = ["issue", "root", "--csr", "nobody.csr", "--role", "client"];
    workspace.succeeds(&[&arguments[..], &["--dry-run"]].concat());
    let error = workspace.fails(1, &["issue", "--csr", "thief.csr", "--role", "client"]);
    assert!(
        error.contains("kube-apiserver/client is described"),
        "{error}"
    );
    let error = workspace.fails(
        1,
        &[
            "issue",
            "kube-apiserver",
            "--csr",
            "thief.csr",
            "--role",
            "client",
        ],
    );
    assert!(error.contains("is described"), "{error}");
    workspace.write("rubbish.csr", "rubbish");
    let error = workspace.fails(
        1,
        &["issue", "x", "--csr", "rubbish.csr", "--role", "client"],
    );
    assert!(error.contains("rubbish.csr: no `-----BEGIN"), "{error}");
    assert!(workspace.succeeds(&["init"]).contains("Nothing changed"));
    workspace.succeeds(&["verify"]);
}

/// The vault files install the key of what is described; the way that is named for somebody who
/// keeps their own is one.
#[test]
fn a_request_of_somebody_described_is_told_the_way() {
    let workspace = Workspace::initialised();
    request(&workspace, "ctl", "-subj /CN=etcdctl");
    for arguments in [
        &["issue", "etcdctl", "--csr", "ctl.csr"][..],
        &["issue", "--csr", "ctl.csr"],
        &["issue", "etcdctl", "--csr", "ctl.csr", "--role", "client"],
    ] {
        let error = workspace.fails(1, arguments);
        assert!(
            error.contains("take etcdctl out of `clients`")
                && error.contains("`etcdpki issue etcdctl --role client --csr …`"),
            "{error}"
        );
    }
    let error = workspace.fails(1, &["issue", "etcd-0", "--csr", "ctl.csr"]);
    assert!(error.contains("`etcdpki issue etcd-0 --rekey`"), "{error}");
    workspace.succeeds(&["issue", "etcd-0", "--rekey"]);

    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    workspace.write(
        "etcdpki.yml",
        format!("{description}\nclients: [kube-apiserver]\n"),
    );
    let issue = ["issue", "etcdctl", "--role", "client", "--csr", "ctl.csr"];
    workspace.succeeds(&[&issue[..], &["--out", "ctl.crt"]].concat());
    verify_strictly(&workspace, "ctl.crt");
    let generation = "pki/certificates/etcdctl/client/2";
    assert!(
        !workspace
            .path(&format!("{generation}/tls.key.sealed"))
            .exists()
    );
    workspace.succeeds(&["init"]);
    workspace.succeeds(&["verify"]);
    // Renewed by the next request, or the same one.
    workspace.succeeds(&issue);
    workspace.succeeds(&["verify"]);
}

/// Who has the key would have a certificate again.
#[test]
fn a_compromised_key_is_not_certified_again() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["revoke", "etcdctl", "--reason", "keyCompromise"]);
    let said = workspace.fails(1, &["issue", "etcdctl", "--renew"]);
    assert!(said.contains("give it a new one: --rekey"), "{said}");
    workspace.succeeds(&["issue", "etcdctl", "--rekey"]);
    workspace.succeeds(&["issue", "other", "--role", "client"]);
    workspace.succeeds(&["revoke", "other", "--reason", "keyCompromise"]);
    for more in [&["--renew"][..], &["--renew", "--dry-run"]] {
        let said = workspace.fails(1, &[&["issue", "other", "--role", "client"], more].concat());
        assert!(said.contains("was revoked for keyCompromise"), "{said}");
    }
    workspace.succeeds(&["issue", "other", "--role", "client", "--rekey"]);
}

#[test]
fn the_common_name_of_peers_is_theirs_alone() {
    let workspace = Workspace::initialised();
    for arguments in [
        &["issue", "etcd-peer", "--role", "client"][..],
        &[
            "issue",
            "x",
            "--role",
            "client",
            "--common-name",
            "etcd-peer",
        ],
    ] {
        let said = workspace.fails(1, arguments);
        assert!(said.contains("`etcd-peer` is that of peers"), "{said}");
    }
}

#[test]
fn what_is_to_be_issued_again_must_be_there() {
    let workspace = Workspace::initialised();
    let before = workspace.files();
    for option in ["--renew", "--rekey"] {
        for role in [&[][..], &["--role", "server"]] {
            let arguments = [&["issue", "etcd-9", option], role].concat();
            let told = workspace.fails(1, &arguments);
            let expected = format!(
                "{option}: no certificate of `etcd-9` is here: there are etcd-0/peer, etcd-0/server, "
            );
            assert!(told.contains(&expected), "{told}");
        }
    }
    assert_eq!(workspace.files(), before);
    let told = workspace.fails(1, &["issue", "guest"]);
    assert!(
        told.contains("say which one is meant with --role"),
        "{told}"
    );
    workspace.succeeds(&["issue", "guest", "--role", "client"]);
    let told = workspace.fails(1, &["issue", "guest", "--renew"]);
    assert!(
        told.contains("say which one is meant with --role"),
        "{told}"
    );
    let told = workspace.fails(1, &["issue", "guest", "--renew", "--role", "server"]);
    assert!(told.contains("no certificate of `guest` is here"), "{told}");
    workspace.succeeds(&["issue", "guest", "--renew", "--role", "client"]);
}
