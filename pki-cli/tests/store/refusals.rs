//! Stores that cannot be used.

use fixtures::etcd::{Release, Service, turn_authentication_on};

use crate::site::Site;
use crate::workspace::Workspace;

#[test]
fn what_is_typed_wrong_is_a_usage_error() {
    let workspace = Workspace::new();
    let error = workspace.fails(2, &["--store", "etcd://10.0.0.1/pki", "status"]);
    assert!(error.contains("a member is not HOST:PORT"), "{error}");
    let error = workspace.fails(2, &["--store", "etcd://10.0.0.1:2379/pki", "status"]);
    assert!(error.contains("give the file with --store-ca"), "{error}");
    let error = workspace.fails(2, &["store", "copy", "pki", "etcd://10.0.0.1:2379"]);
    assert!(
        error.contains("the prefix of its keys is missing"),
        "{error}"
    );
}

#[test]
fn a_store_that_is_not_ours_is_left_alone() {
    let foreign = "under this prefix are keys that etcdpki did not make";
    for (name, value, expected) in [
        ("pods", "x", foreign),
        ("format", "something else", foreign),
        (
            "format",
            "etcdpki 7",
            "this store is of format 7, and this etcdpki knows format 1: use the etcdpki that made it",
        ),
    ] {
        let site = Site::each().next().unwrap();
        let key = format!("{}/{name}", site.prefix);
        site.control.run(&["put", &key, value]).expect_success();
        let one = site.operator();
        Workspace::succeeds(&one, &["init", "--generate-secrets"]);
        let before = one.files();
        let url = site.url();
        let commands: [&[&str]; 9] = [
            &["init"],
            &["issue", "backup", "--role", "client"],
            &["revoke", "etcd-0"],
            &["rotate"],
            &["status"],
            &["verify"],
            &["store", "check"],
            &["store", "copy", &url, "copy"],
            &["store", "copy", "pki", &url],
        ];
        for command in commands {
            let error = one.fails(1, command);
            assert!(error.contains(expected), "{command:?}: {error}");
            assert!(error.contains(&url), "{command:?}: {error}");
        }
        assert_eq!(site.keys().trim(), key);
        assert_eq!(one.files(), before);
    }
}

#[test]
fn a_journal_that_is_missing_is_a_fault() {
    let site = Site::each().next().unwrap();
    let one = site.operator();
    one.succeeds(&["init", "--generate-secrets"]);
    one.succeeds(&["store", "check"]);
    let key = format!("{}/files/journal.jsonl", site.prefix);
    let removed = site.control.run(&["del", &key]).expect_success();
    assert_eq!(removed.stdout.trim(), "1");
    let checked = one.run(&["store", "check"]);
    assert_eq!(checked.status.code(), Some(3));
    let checked = String::from_utf8(checked.stdout).unwrap();
    assert!(
        checked.contains("journal.jsonl: no line tells of authorities/"),
        "{checked}"
    );
    one.succeeds(&["init"]);
    one.succeeds(&["store", "check"]);
}

#[test]
fn a_store_whose_head_was_deleted_is_not_made_anew() {
    let site = Site::each().next().unwrap();
    let one = site.operator();
    one.succeeds(&["init", "--generate-secrets"]);
    let key = format!("{}/head", site.prefix);
    site.control.run(&["del", &key]).expect_success();
    let before = site.keys();
    let commands: [&[&str]; 5] = [
        &["init"],
        &["rotate"],
        &["status"],
        &["verify"],
        &["store", "check"],
    ];
    for command in commands {
        let error = one.fails(1, command);
        assert!(
            error.contains(&format!("the key {key} is missing")),
            "{error}"
        );
    }
    let fleet = one.run(&["status", "--fleet"]);
    let fleet = String::from_utf8(fleet.stdout).unwrap();
    assert!(fleet.contains("head is missing"), "{fleet}");
    assert_eq!(site.keys(), before);
}

#[test]
fn files_that_are_missing_are_named() {
    let mut site = Site::each().next().unwrap();
    site.key = "missing.key".into();
    let one = site.operator();
    let error = one.fails(1, &["init", "--generate-secrets"]);
    assert!(error.contains("missing.key"), "{error}");
    assert!(one.files().is_empty());
}

#[test]
fn a_key_of_another_certificate_is_said() {
    let mut sites = Site::each();
    let mut site = sites.next().unwrap();
    site.key = sites.next().unwrap().key;
    let one = site.operator();
    let error = one.fails(1, &["init", "--generate-secrets"]);
    assert!(
        error.contains("the key of this client is not that of its certificate"),
        "{error}"
    );
    assert!(one.files().is_empty());
}

#[test]
fn nobody_who_answers_is_said() {
    let mut site = Site::each().next().unwrap();
    site.members = "127.0.0.1:1".to_owned();
    let one = site.operator();
    let error = one.fails(1, &["init", "--generate-secrets"]);
    assert!(error.contains("waiting for etcd to answer"), "{error}");
    assert!(error.contains("etcd does not answer"), "{error}");
    assert!(one.files().is_empty());
}

#[test]
fn a_role_that_is_missing_is_said() {
    let service = Service::start(Release::Installed);
    let site = Site::of(service, "operator");
    let one = site.operator();
    one.succeeds(&["init", "--generate-secrets"]);
    let prefix = format!("{}/", site.prefix);
    turn_authentication_on(&site.control, &["root", "control"], &prefix);
    let error = one.fails(1, &["verify"]);
    assert!(
        error.contains("permission denied") && error.contains("grant-permission"),
        "{error}"
    );
    site.control
        .run(&["user", "grant-role", "operator", "readers"])
        .expect_success();
    one.succeeds(&["verify"]);
    let error = one.fails(1, &["issue", "backup", "--role", "client"]);
    assert!(
        error.contains("permission denied") && error.contains(&prefix),
        "{error}"
    );
    // Whom etcd does not know.
    let stranger = Site {
        prefix: site.prefix.clone(),
        ..Site::of(service, "stranger")
    };
    let error = stranger.colleague(&one).fails(1, &["verify"]);
    assert!(error.contains("grant-permission"), "{error}");
    assert!(error.contains("common name"), "{error}");
}
