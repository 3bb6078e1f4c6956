//! `etcdpki doctor` where no member runs: tests/rotation has those that do.

use std::fs;

use serde_json::Value;

use crate::workspace::Workspace;

/// Where nobody listens: a port that only root could bind, on addresses of the loopback network.
const NODES: &str = "\
domain: internal.example
nodes:
  - { name: etcd-0, addresses: [127.0.0.1] }
clients: [etcdctl]
";
const NOBODY: &str = "--endpoint=etcd-0=127.0.0.1:9,127.0.0.1:9";

fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("etcdpki.yml", NODES);
    workspace.succeeds(&["init", "--generate-secrets"]);
    workspace
}

fn codes(workspace: &Workspace, code: i32, arguments: &[&str]) -> Vec<String> {
    let output = workspace.run(&[&["doctor", "--json"], arguments].concat());
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = told["findings"].as_array().unwrap().iter();
    let codes = findings.map(|one| one["code"].as_str().unwrap().to_owned());
    codes.collect()
}

#[test]
fn a_fresh_pki_is_well_without_members() {
    let workspace = workspace();
    let before = workspace.files();
    let text = workspace.succeeds(&["doctor", "--offline"]);
    assert!(
        text.starts_with("ok: 3 authorities, 3 certificates, 6 keys opened"),
        "{text}"
    );
    assert!(text.contains("no member was asked"), "{text}");
    fs::remove_file(workspace.path("etcdpki-passphrase.txt")).unwrap();
    fs::remove_file(workspace.path("vault-password.txt")).unwrap();
    let text = workspace.succeeds(&["doctor", "--offline", "--without-keys"]);
    assert!(text.contains("keys not checked"), "{text}");
    let secrets = ["etcdpki-passphrase.txt", "vault-password.txt"];
    let left = before
        .into_iter()
        .filter(|(name, _)| !secrets.contains(&name.as_str()));
    assert_eq!(left.collect::<Vec<_>>(), workspace.files());
}

#[test]
fn members_that_do_not_answer_are_found() {
    let workspace = workspace();
    assert_eq!(
        codes(&workspace, 3, &[NOBODY]),
        ["member-unreachable", "member-unreachable"]
    );
    let output = workspace.run(&["doctor", NOBODY]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("etcd-0  127.0.0.1:9") && text.contains("1 member asked"),
        "{text}"
    );
}

#[test]
fn what_verify_and_status_find_is_found() {
    let workspace = workspace();
    let vault = "roles/common/vars/certificates.vault.yml";
    fs::remove_file(workspace.path(vault)).unwrap();
    assert_eq!(codes(&workspace, 3, &["--offline"]), ["vault-stale"]);
    workspace.succeeds(&["init"]);
    // A certificate of an hour, and then a day before the end as the time to renew it.
    for (settings, issue) in [
        ("lifetime: 1h", true),
        ("lifetime: 30d, renew_before: 1d", false),
    ] {
        let text = format!("{NODES}certificates: {{ {settings} }}\n");
        workspace.write("etcdpki.yml", text);
        if issue {
            workspace.succeeds(&["issue", "etcdctl", "--renew"]);
        }
    }
    let found = codes(&workspace, 3, &["--offline", "--without-keys"]);
    assert!(found.contains(&"renewal-due".to_owned()), "{found:?}");
}

#[test]
fn without_the_key_that_signs_members_are_asked_less() {
    let workspace = workspace();
    fs::remove_file(workspace.path("pki/authorities/etcd/1/ca.key.sealed")).unwrap();
    let found = codes(&workspace, 3, &[NOBODY]);
    assert!(found.contains(&"no-probe".to_owned()), "{found:?}");
}

#[test]
fn settings_are_judged_by_version_and_certificates() {
    let workspace = workspace();
    workspace.succeeds(&["provision", "systemd"]);
    for file in ["etcd.service", "etcd.yml", "etcd.env"] {
        let path = format!("systemd/etcd-0/{file}");
        let found = codes(&workspace, 0, &["--offline", "--settings", &path]);
        assert_eq!(found, [""; 0], "{file}");
    }
    let unit = String::from_utf8(workspace.read("systemd/etcd-0/etcd.service")).unwrap();
    // A typing error, a flag of another version, a certificate without the gateway's usage.
    let typed = unit.replace("--client-cert-auth", "--client-cert-auht");
    let newer = unit.replace("--name", "--feature-gates=x=y --name");
    let dialled = unit.replace("127.0.0.1:2379", "127.0.0.9:2379");
    for (text, settings, code) in [
        (typed, "", "flag-unknown"),
        (newer, "etcd: { version: '3.5' }", "flag-of-other-version"),
        (dialled, "", "advertised-host-not-in-certificate"),
        (
            unit,
            "etcd: { enable_grpc_gateway: false }",
            "server-without-client-auth",
        ),
    ] {
        workspace.write("etcd.service", text);
        workspace.write("etcdpki.yml", format!("{NODES}{settings}\n"));
        workspace.succeeds(&["init"]);
        let found = codes(&workspace, 3, &["--offline", "--settings", "etcd.service"]);
        assert!(found.iter().any(|one| one == code), "{code}: {found:?}");
    }
}

#[test]
fn settings_that_nobody_told_are_not_judged() {
    let workspace = workspace();
    let told = workspace.succeeds(&["doctor", "--offline"]);
    assert!(told.contains("settings not known; no member"), "{told}");
    let hint = "the settings of etcd-0 are not known, since nothing was provisioned here: give them with --settings";
    assert!(told.contains(hint), "{told}");
    let told: Value =
        serde_json::from_str(&workspace.succeeds(&["doctor", "--offline", "--json"])).unwrap();
    assert_eq!(told["skipped"], hint);
    // What the settings that are provisioned do not fit.
    let settings = "etcd: { version: '3.5', enable_grpc_gateway: false }";
    workspace.write("etcdpki.yml", format!("{NODES}{settings}\n"));
    workspace.succeeds(&["init"]);
    assert_eq!(codes(&workspace, 0, &["--offline"]), [""; 0]);
    // A stanza of kubeadm starts no member of its own.
    workspace.succeeds(&["provision", "kubernetes"]);
    let told = workspace.succeeds(&["doctor", "--offline"]);
    assert!(told.contains("settings not known"), "{told}");
    for target in ["systemd", "ansible"] {
        workspace.succeeds(&["provision", target]);
        let told = workspace.succeeds(&["doctor", "--offline"]);
        assert!(told.contains("settings as provisioned"), "{told}");
        assert!(!told.contains("not known"), "{told}");
        fs::remove_file(workspace.path(".etcdpki-provisioned.json")).unwrap();
    }
}

#[test]
fn settings_are_of_the_member_that_they_name() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["provision", "systemd"]);
    // The example has three nodes, whose units name each.
    let units = ["etcd-0", "etcd-1", "etcd-2"].map(|node| format!("systemd/{node}/etcd.service"));
    let arguments: Vec<_> = units
        .iter()
        .flat_map(|unit| ["--settings", unit.as_str()])
        .collect();
    let arguments = [&["--offline"], &arguments[..]].concat();
    assert_eq!(codes(&workspace, 0, &arguments), [""; 0]);
    // What names nobody is of whom another file names.
    let drop_in = "[Service]\nEnvironment=ETCD_QUOTA_BACKEND_BYTES=8589934592\n";
    workspace.write("quota.conf", drop_in);
    let one = ["--settings", &units[0], "--settings", "quota.conf"];
    let arguments = [&["--offline"], &one[..]].concat();
    assert_eq!(codes(&workspace, 0, &arguments), [""; 0]);
    let told = workspace.succeeds(&[&["doctor"], &arguments[..]].concat());
    let which = "settings of etcd-0 as given, of others as provisioned";
    assert!(told.contains(which), "{told}");
    // Without what was provisioned the others are started as nobody knows.
    fs::remove_file(workspace.path(".etcdpki-provisioned.json")).unwrap();
    let told = workspace.succeeds(&[&["doctor"], &arguments[..]].concat());
    let which = "settings of etcd-0 as given, of others not known";
    assert!(told.contains(which), "{told}");
    assert!(
        told.contains("the settings of etcd-1, etcd-2 are not known"),
        "{told}"
    );
    let other = "etcd-1=systemd/etcd-0/etcd.service";
    let found = codes(&workspace, 3, &["--offline", "--settings", other]);
    assert!(found.contains(&"name-not-of-node".to_owned()), "{found:?}");
}

#[test]
fn prometheus_is_told_how_much_is_wrong() {
    let workspace = workspace();
    let output = workspace.run(&["doctor", "--prometheus", NOBODY]);
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "etcdpki_findings{cluster=\"etcd\",severity=\"error\"} 2",
        "etcdpki_rule_broken{cluster=\"etcd\",code=\"member-unreachable\"} 2",
        "etcdpki_member_reached{cluster=\"etcd\",member=\"etcd-0\",port=\"peer\"} 0",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
}

#[test]
fn wrong_usage_is_told() {
    let workspace = workspace();
    for (code, arguments, message) in [
        (1, &["--without", "etcd-9"][..], "etcd-9"),
        (2, &["--endpoint", "etcd-0"], "NAME=ADDRESS:PORT"),
        (2, &["--without", "etcd-0"], "leaves no member to ask"),
        (
            2,
            &["--offline", "--without", "etcd-0"],
            "cannot be used with",
        ),
        (2, &["--json", "--prometheus"], "cannot be used with"),
        (1, &["--settings", "none.service"], "none.service"),
        (1, &["--settings", "etcd-9=etcdpki.yml"], "etcd-9"),
        (1, &["--settings", "pki/trust/members.crt"], "members.crt:1"),
    ] {
        let error = workspace.fails(code, &[&["doctor"], arguments].concat());
        assert!(error.contains(message), "{error}");
    }
    let error = Workspace::new().fails(1, &["doctor"]);
    assert!(error.contains("etcdpki.yml"), "{error}");
}

#[test]
fn what_members_do_not_trust_any_more_needs_no_list() {
    let workspace = workspace();
    let arguments = "etcd --client-cert-auth --peer-client-cert-auth";
    workspace.write("cmdline", arguments);
    let offline = ["--offline", "--settings", "cmdline"];
    let lets_in = |code| {
        let codes = codes(&workspace, code, &offline);
        codes.iter().any(|code| code == "revoked-let-in")
    };
    assert!(!lets_in(0));
    workspace.succeeds(&["revoke", "etcdctl"]);
    assert!(lets_in(3));
    let replace = ["rotate", "ca", "etcd", "--procedure", "compromise"];
    workspace.succeeds(&replace);
    assert!(!lets_in(0));
}
