//! `etcdpki hook`.

use std::io::Write;
use std::process::{Output, Stdio};

use crate::workspace::Workspace;

#[test]
fn the_join_string_names_every_member() {
    let workspace = Workspace::initialised();
    assert_eq!(
        workspace.succeeds(&["hook", "join-string"]),
        "etcd-0=https://etcd-0.your-internal.domain:2380,etcd-1=https://etcd-1.your-internal.domain:2380,etcd-2=https://etcd-2.your-internal.domain:2380\n"
    );
}

#[test]
fn the_inventory_lists_hosts_with_their_variables() {
    let workspace = Workspace::initialised();
    let list = workspace.succeeds(&["hook", "inventory", "--list"]);
    for part in [
        "\"_meta\"",
        "\"ansible_host\": \"10.0.0.12\"",
        "\"etcd_peer_common_name\": \"etcd-peer\"",
    ] {
        assert!(list.contains(part), "{list}");
    }
    let host = workspace.succeeds(&["hook", "inventory", "--host", "etcd-1"]);
    assert_eq!(host, "{\n  \"ansible_host\": \"10.0.0.11\"\n}\n");
    let error = workspace.fails(1, &["hook", "inventory", "--host", "etcd-9"]);
    assert!(error.contains("they are etcd-0, etcd-1, etcd-2"), "{error}");
    workspace.fails(2, &["hook", "inventory"]);
}

#[test]
fn terraform_gets_an_object_of_strings() {
    let workspace = Workspace::initialised();
    let all = ask(&workspace, "{}");
    let all = String::from_utf8(all.stdout).unwrap();
    assert!(
        all.contains("\"dns_domain\": \"your-internal.domain\""),
        "{all}"
    );
    let one = ask(&workspace, "{\"node\": \"etcd-2\"}");
    let one = String::from_utf8(one.stdout).unwrap();
    assert!(
        one.contains("\"client_url\": \"https://10.0.0.12:2379\""),
        "{one}"
    );
    for query in [
        "{\"node\": \"etcd-9\"}",
        "{\"nodes\": \"\"}",
        "[",
        "{\"node\": 1}",
    ] {
        let refused = ask(&workspace, query);
        assert_eq!(refused.status.code(), Some(1), "{query}");
        assert!(refused.stdout.is_empty(), "{query}");
    }
}

#[test]
fn the_password_is_given_for_the_described_id_alone() {
    let workspace = Workspace::initialised();
    let password = String::from_utf8(workspace.read("vault-password.txt")).unwrap();
    for id in ["default", ""] {
        let arguments = ["hook", "vault-password", "--vault-id", id];
        let arguments = if id.is_empty() {
            &arguments[..2]
        } else {
            &arguments[..]
        };
        // Where Ansible is told to ask this program, the environment names it.
        let output = workspace
            .command(arguments)
            .env("ANSIBLE_VAULT_PASSWORD_FILE", "vault-password-client")
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), password);
    }
    let error = workspace.fails(1, &["hook", "vault-password", "--vault-id", "other"]);
    assert!(error.contains("`other`"), "{error}");
    let command = [
        "hook",
        "vault-password",
        "--vault-password-command",
        "echo secret",
    ];
    assert_eq!(workspace.succeeds(&command), "secret\n");
}

#[test]
fn a_check_finds_what_would_not_fit() {
    let workspace = Workspace::initialised();
    let fits = [
        "hook",
        "check",
        "--due",
        "--host",
        "etcd-0=192.0.2.1,10.0.0.10",
    ];
    workspace.succeeds(&fits);
    let other = workspace.fails(3, &["hook", "check", "--host", "etcd-0=10.0.0.11"]);
    assert!(
        other.contains("names 10.0.0.10, which the host does not have"),
        "{other}"
    );
    let unknown = workspace.fails(3, &["hook", "check", "--host", "etcd-9=10.0.0.19"]);
    assert!(
        unknown.contains("etcd-9: this host is not described"),
        "{unknown}"
    );
    workspace.fails(2, &["hook", "check", "--host", "etcd-0"]);

    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let more = "certificates: { server_sans: [api.your-internal.domain], renew_before: 300d }\n";
    workspace.write("etcdpki.yml", description + more);
    let stale = workspace.fails(3, &["hook", "check"]);
    assert!(stale.contains("certificates/etcd-0/server"), "{stale}");
    assert!(stale.contains("run `etcdpki init`"), "{stale}");
}

#[test]
fn a_check_finds_what_is_out_of_date() {
    let workspace = Workspace::new();
    let description = "domain: a.b\nnodes:\n  - { name: etcd-0, addresses: [10.0.0.10] }\ncertificates: { lifetime: 1s, backdate: 1s }\n";
    workspace.write("etcdpki.yml", description);
    workspace.succeeds(&["init", "--generate-secrets"]);
    std::thread::sleep(std::time::Duration::from_secs(2));
    let late = workspace.fails(3, &["hook", "check"]);
    assert!(late.contains("expired"), "{late}");
}

#[test]
fn hooks_without_a_description_say_so() {
    let error = Workspace::new().fails(1, &["hook", "join-string"]);
    assert!(error.contains("no description here"), "{error}");
}

fn ask(workspace: &Workspace, query: &str) -> Output {
    let mut child = workspace
        .command(&["hook", "terraform"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(query.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}
