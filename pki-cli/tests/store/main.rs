//! The PKI in an etcd cluster, as several operators meet it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod agents;
mod copy;
mod described;
mod endurance;
mod fleet;
mod link;
mod members;
mod refusals;
mod site;
#[path = "../etcdpki/workspace.rs"]
#[expect(
    dead_code,
    reason = "nobody begins with a directory that is made already"
)]
mod workspace;
mod writers;

use site::Site;

#[test]
fn every_command_works_on_it_as_on_a_directory() {
    for site in Site::each() {
        let one = site.operator();
        let made = one.succeeds(&["init", "--generate-secrets"]);
        let certificates = format!("{}/certificates/etcd-0/{{server,peer}}/1/", site.url());
        assert!(made.contains(&certificates), "{made}");
        assert!(!one.path("pki").exists());
        assert!(
            one.path("roles/etcd-server/vars/certificates.vault.yml")
                .exists()
        );
        assert!(one.succeeds(&["init"]).contains("Nothing changed"));
        one.succeeds(&["verify"]);
        one.succeeds(&["status"]);
        let page = one
            .succeeds(&["report", "--out", "-"])
            .replace("&#x2f;", "/");
        assert!(page.contains(&format!("from {} at revision ", site.url())));
        one.succeeds(&["issue", "etcd-0", "--role", "server", "--renew"]);
        one.succeeds(&["issue", "backup", "--role", "client"]);
        one.succeeds(&["revoke", "backup"]);
        one.succeeds(&["rotate", "ca", "etcd", "--dry-run"]);
        one.succeeds(&["ca", "slot", "list"]);
        one.succeeds(&["export", "etcdctl", "--format", "pem", "--out", "out"]);
        // Another operator finds all of it.
        let other = site.colleague(&one);
        assert!(other.succeeds(&["revoke", "--list"]).contains("backup"));
        // Its vault files are its own.
        other.succeeds(&["init"]);
        other.succeeds(&["verify"]);
        // So is the list that the play takes to members, which a colleague has changed meanwhile.
        let list = "roles/etcd-server/files/etcd.crl";
        let before = other.read(list);
        assert_eq!(one.read(list), before);
        one.succeeds(&["revoke", "etcdctl"]);
        assert_ne!(one.read(list), before);
        other.succeeds(&["init"]);
        assert_ne!(other.read(list), before);
        other.succeeds(&["verify"]);
        let check = other.succeeds(&["store", "check"]);
        assert!(check.contains("revision"), "{check}");
        assert!(!other.path("pki").exists());
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let site = Site::each().next().unwrap();
    let one = site.operator();
    one.succeeds(&["init", "--generate-secrets", "--dry-run"]);
    assert_eq!(site.keys(), "");
    let error = one.fails(1, &["revoke", "etcd-0"]);
    assert!(error.contains("no description"), "{error}");
    one.write(
        "etcdpki.yml",
        "domain: example\nnodes: [{ name: a, addresses: [10.0.0.1] }]\n",
    );
    let error = one.fails(1, &["revoke", "a"]);
    assert!(
        error.contains(&format!("{}: no PKI here", site.url())),
        "{error}"
    );
    assert_eq!(site.keys(), "");
}
