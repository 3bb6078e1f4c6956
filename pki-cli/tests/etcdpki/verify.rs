//! `etcdpki verify` and `etcdpki inspect` as a user meets them.

use serde_json::Value;

use crate::workspace::Workspace;

#[test]
fn sealed_keys_that_were_cut_swapped_or_changed_are_named() {
    let workspace = Workspace::initialised();
    let (own, other) = (
        "pki/certificates/etcd-0/server/1/tls.key.sealed",
        "pki/certificates/etcd-1/server/1/tls.key.sealed",
    );
    let good = workspace.read(own);
    let mut flipped = good.clone();
    flipped[100] ^= 1;
    for bad in [
        good[..good.len() / 2].to_vec(),
        flipped,
        workspace.read(other),
        Vec::new(),
    ] {
        workspace.write_with_mode(own, &bad, 0o600);
        let output = workspace.run(&["verify"]);
        assert_eq!(output.status.code(), Some(3));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(own) && text.contains("1 error in"), "{text}");
        let error = workspace.fails(1, &["init"]);
        assert!(error.contains(own), "{error}");
        assert_eq!(workspace.read(own), bad);
        // What needs no key is still checked.
        workspace.succeeds(&["verify", "--without-keys"]);
    }
    workspace.write_with_mode(own, &good, 0o600);
    workspace.succeeds(&["verify"]);
}

#[test]
fn findings_are_there_in_json_and_in_the_exit_code() {
    let workspace = Workspace::initialised();
    std::fs::remove_dir_all(workspace.path("pki/certificates/etcd-1")).unwrap();
    let output = workspace.run(&["verify", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[0]["code"], "missing");
    assert_eq!(findings[0]["severity"], "error");
    assert_eq!(report["errors"], 2);
    assert_eq!(report["certificates"], 6);
}

#[test]
fn verify_without_a_description_or_passphrase_says_what_to_do() {
    let workspace = Workspace::new();
    assert!(workspace.fails(1, &["verify"]).contains("etcdpki init"));
    let workspace = Workspace::initialised();
    std::fs::remove_file(workspace.path("etcdpki-passphrase.txt")).unwrap();
    assert!(workspace.fails(1, &["verify"]).contains("no passphrase"));
    assert!(
        workspace
            .succeeds(&["verify", "--without-keys"])
            .contains("keys not checked")
    );
}

#[test]
fn inspect_shows_certificates_keys_and_vault_files() {
    let workspace = Workspace::initialised();
    let text = workspace.succeeds(&["inspect", "pki/certificates/etcd-0/server/1/tls.crt"]);
    for part in [
        "CN=etcd-0.your-internal.domain",
        "serverAuth, clientAuth",
        "10.0.0.10",
        "path length 2",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let vault = "roles/etcd-server/vars/certificates.vault.yml";
    assert!(!text.contains('['), "{text}");
    let text = workspace.succeeds(&["inspect", "--json", vault]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report[0]["vault"]["opened"], true);
    let items = report[0]["items"].as_array().unwrap();
    assert!(items.iter().any(
        |item| item["at"] == "vault.certificates.nodes.etcd-2.peer.key"
            && item["kind"] == "private_key"
    ));

    std::fs::remove_file(workspace.path("vault-password.txt")).unwrap();
    assert!(
        workspace
            .succeeds(&["inspect", vault])
            .contains("not opened")
    );
    workspace.write("rubbish", "rubbish");
    assert!(
        workspace
            .fails(1, &["inspect", "rubbish"])
            .contains("rubbish: neither")
    );
    assert!(
        workspace
            .fails(1, &["inspect", "missing"])
            .contains("missing")
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let workspace = Workspace::initialised();
    let mut child = workspace
        .command(&["inspect", "pki/trust/clients.crt"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_lost_authority_is_named_and_not_replaced() {
    let workspace = Workspace::initialised();
    std::fs::remove_dir_all(workspace.path("pki/authorities/etcd")).unwrap();
    let before = workspace.files();
    let output = workspace.run(&["verify"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains("restore it from a copy"));
    let error = workspace.fails(1, &["init"]);
    assert!(error.contains("the etcd authority is missing"), "{error}");
    assert_eq!(workspace.files(), before);
}

#[test]
fn a_vault_file_left_in_clear_is_found() {
    let workspace = Workspace::initialised();
    let file = "roles/common/vars/certificates.vault.yml";
    workspace.write_with_mode(file, "vault: {}\n", 0o600);
    let output = workspace.run(&["verify", "--without-keys"]);
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("not encrypted: run `vault encrypt roles/common"),
        "{text}"
    );
}

#[test]
fn one_file_that_cannot_be_shown_does_not_hide_the_others() {
    let workspace = Workspace::initialised();
    workspace.write(
        "request",
        "-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n",
    );
    workspace.write("other", "-----BEGIN CMS-----\nAA==\n-----END CMS-----\n");
    workspace.write("encrypted", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAA==\n-----END RSA PRIVATE KEY-----\n");
    std::fs::File::create(workspace.path("huge"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let output = workspace.run(&[
        "inspect",
        "request",
        "other",
        "encrypted",
        "huge",
        "missing",
        "pki/trust/members.crt",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("CN=etcd CA G1"));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in [
        "request: not a certification request",
        "other: a PEM block `CMS`",
        "encrypted: a private key that is encrypted",
        "huge: larger than 16 MiB",
        "missing: ",
    ] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
}

/// One that is not there does not keep the others from being looked at.
#[test]
fn each_file_that_can_not_be_read_is_a_finding() {
    let workspace = Workspace::initialised();
    std::fs::File::create(workspace.path("huge"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    workspace.write("text", "none\n");
    let members = "pki/trust/members.crt";
    let output = workspace.run(&[
        "verify", "missing", "huge", "pki", "text", members, "--json",
    ]);
    assert_eq!(output.status.code(), Some(3));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let unreadable = findings
        .iter()
        .filter(|one| one["code"] == "unreadable" && one["severity"] == "error");
    let directory = unreadable.clone().find(|one| one["path"] == "pki").unwrap();
    let message = directory["message"].as_str().unwrap();
    let advice = "name a file in it, or move it away where a file belongs: ls pki";
    assert!(message.ends_with(advice), "{message}");
    let paths: Vec<_> = unreadable
        .map(|one| one["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["missing", "huge", "pki", "text"], "{report:#}");
    assert!(
        findings.iter().all(|one| one["path"] != members),
        "{report:#}"
    );
}

#[test]
fn verify_without_keys_needs_no_keyring() {
    let workspace = Workspace::initialised();
    std::fs::remove_file(workspace.path("pki/keyring.yml")).unwrap();
    workspace.succeeds(&["verify", "--without-keys"]);
    workspace.succeeds(&["status"]);
}

#[test]
fn vault_files_are_held_against_the_pki() {
    let workspace = Workspace::initialised();
    assert!(
        workspace
            .succeeds(&["verify"])
            .contains("6 files of roles compared")
    );
    let file = "roles/etcd-server/vars/certificates.vault.yml";
    let of_another = Workspace::initialised();
    std::fs::copy(
        of_another.path("vault-password.txt"),
        workspace.path("other.txt"),
    )
    .unwrap();
    // Another cluster's certificates under our password.
    std::fs::copy(
        workspace.path("vault-password.txt"),
        of_another.path("vault-password.txt"),
    )
    .unwrap();
    std::fs::remove_dir_all(of_another.path("roles")).unwrap();
    of_another.succeeds(&["init"]);
    let own = workspace.read(file);
    workspace.write_with_mode(file, of_another.read(file), 0o600);
    let output = workspace.run(&["verify"]);
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains(file) && text.contains("[vault-stale]"),
        "{text}"
    );
    workspace.write_with_mode(file, own, 0o600);
    std::fs::remove_file(workspace.path("vault-password.txt")).unwrap();
    let text = workspace.succeeds(&["verify"]);
    assert!(
        text.contains("not compared: no vault password is at hand"),
        "{text}"
    );
    let output = workspace.run(&["verify", "--vault-password-file", "other.txt"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("[vault-unreadable]"));
}

#[test]
fn files_are_verified_by_trust_role_name_and_time() {
    let workspace = Workspace::initialised();
    let (server, client, members) = (
        "pki/certificates/etcd-0/server/1/tls.crt",
        "pki/certificates/etcdctl/client/1/tls.crt",
        "pki/trust/members.crt",
    );
    let good = ["verify", server, client, "--trust", members];
    assert!(workspace.succeeds(&good).starts_with("ok: "));
    assert!(
        workspace
            .succeeds(&["verify", server])
            .contains("no path was validated")
    );
    let codes = |arguments: &[&str]| -> Vec<String> {
        let output = workspace.run(&[&["verify", "--json"], arguments].concat());
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let code = |finding: &Value| finding["code"].as_str().unwrap().to_owned();
        findings.iter().map(code).collect()
    };
    let trust = ["--trust", members];
    let with = |more: &[&'static str]| codes(&[&[server], &trust[..], more].concat());
    assert_eq!(with(&["--name", "other.example"]), ["name-not-matched"]);
    assert_eq!(with(&["--at", "2000-01-01"])[..1], ["trust-expired"]);
    assert!(with(&["--at", "2029-01-01T00:00:00Z"]).contains(&"path-not-valid".to_owned()));
    let wrong_role = codes(&[client, "--trust", members, "--role", "server"]);
    assert!(
        wrong_role.contains(&"server-without-server-auth".to_owned()),
        "{wrong_role:?}"
    );
    workspace.write("rubbish", "rubbish");
    assert_eq!(codes(&["rubbish"]), ["unreadable"]);
    assert_eq!(codes(&[server, "--trust", "rubbish"])[0], "trust-empty");
    assert_eq!(codes(&["absent"]), ["unreadable"]);
    workspace.fails(2, &["verify", "--trust", members]);
    let rules = workspace.succeeds(&["verify", "--rules"]);
    assert!(rules.contains("serial-negative (error)"));
    let rules = workspace.succeeds(&["verify", "--rules", "--json"]);
    let rules: Value = serde_json::from_str(&rules).unwrap();
    let rules = rules.as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["code"] == "serial-negative"));
    for more in [&["x.crt"][..], &["--without-keys"], &["--at", "2027-01-01"]] {
        let error = workspace.fails(2, &[&["verify", "--rules"], more].concat());
        assert!(error.contains("cannot be used with"), "{error}");
    }
}

#[test]
fn revocation_lists_are_looked_at() {
    let workspace = Workspace::initialised();
    let directory = workspace.path("ca");
    let authority = fixtures::OpensslCa::create(&directory);
    let (certificate, _) = authority.issue("client", "clientAuth", "");
    let list = workspace.path("list.pem");
    let openssl = |arguments: &[&str]| {
        let mut command = fixtures::openssl();
        fixtures::run(command.current_dir(&directory).args(arguments)).expect_success();
    };
    workspace.write("ca/index.txt", "");
    workspace.write("ca/crlnumber", "01\n");
    workspace.write(
        "ca/ca.cnf",
        "[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n",
    );
    let list_path = list.to_str().unwrap();
    let ca = ["-config", "ca.cnf", "-cert", "ca.crt", "-keyfile", "ca.key"];
    let gencrl = [
        &["ca", "-gencrl", "-crldays", "2", "-out", list_path],
        &ca[..],
    ]
    .concat();
    let trust = authority.certificate();
    let verify = || {
        workspace.run(&[
            "verify",
            certificate.to_str().unwrap(),
            "--trust",
            trust.to_str().unwrap(),
            "--crl",
            list_path,
        ])
    };
    openssl(&gencrl);
    let text = String::from_utf8(verify().stdout).unwrap();
    assert!(
        text.contains("[crl-pem]") && !text.contains("revoked ["),
        "{text}"
    );
    openssl(&[
        "crl", "-in", list_path, "-outform", "DER", "-out", list_path,
    ]);
    let clean = String::from_utf8(verify().stdout).unwrap();
    assert!(
        !clean.contains("[crl-") && !clean.contains("revoked ["),
        "{clean}"
    );
    openssl(&[&["ca", "-revoke", certificate.to_str().unwrap()], &ca[..]].concat());
    openssl(&gencrl);
    let text = String::from_utf8(verify().stdout).unwrap();
    assert!(
        text.contains("a certificate of the path is revoked [path-not-valid]"),
        "{text}"
    );
}

#[test]
fn inspect_tells_what_breaks_a_rule() {
    use fixtures::forge::{Key, KeyKind, Recipe};
    let workspace = Workspace::new();
    let bad = Recipe::leaf("leaf").but(|it| it.serial = vec![0xff; 8]);
    workspace.write("bad.crt", bad.self_sign(&Key::new(KeyKind::Rsa1024)).pem());
    let text = workspace.succeeds(&["inspect", "bad.crt"]);
    assert!(
        text.contains("its serial number is negative [serial-negative]"),
        "{text}"
    );
    let json = workspace.succeeds(&["inspect", "--json", "bad.crt"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    let findings = report[0]["items"][0]["findings"].as_array().unwrap();
    let codes: Vec<_> = findings.iter().map(|finding| &finding["code"]).collect();
    assert_eq!(codes, ["serial-negative", "key-rsa-small"]);
}

#[test]
fn advice_for_loose_files_names_no_command_of_a_pki() {
    let (workspace, elsewhere) = (Workspace::initialised(), Workspace::new());
    let leaf = "pki/certificates/etcd-0/server/1/tls.crt";
    elsewhere.write("leaf.crt", workspace.read(leaf));
    elsewhere.write(
        "ca.crt",
        Workspace::initialised().read("pki/trust/members.crt"),
    );
    elsewhere.write("rubbish.crt", "rubbish");
    let output = elsewhere.run(&[
        "verify",
        "leaf.crt",
        "rubbish.crt",
        "--trust",
        "ca.crt",
        "--name",
        "other.example",
    ]);
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).unwrap();
    for code in ["path-not-valid", "name-not-matched", "unreadable"] {
        assert!(text.contains(code), "{code}: {text}");
    }
    assert!(
        !text.contains("init") && !text.contains("issue OWNER"),
        "{text}"
    );
    assert!(text.contains("--trust"), "{text}");
}
