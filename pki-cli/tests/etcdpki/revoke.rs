//! `etcdpki revoke` as a user meets it.

use std::process::Command;

use serde_json::Value;

use crate::workspace::Workspace;

/// Runs with `--json` and returns the report.
fn report(workspace: &Workspace, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--json"]].concat();
    serde_json::from_str(&workspace.succeeds(&arguments)).unwrap()
}

fn serial(workspace: &Workspace, path: &str) -> String {
    let shown = report(workspace, &["inspect", path]);
    shown[0]["items"][0]["serial"].as_str().unwrap().to_owned()
}

#[test]
fn a_revocation_says_what_it_does_and_what_comes_next() {
    let workspace = Workspace::initialised();
    let text = workspace.succeeds(&[
        "revoke",
        "etcdctl",
        "--reason",
        "key-compromise",
        "--invalid-since",
        "2026-01-01",
    ]);
    for part in [
        "etcdctl/client/1  keyCompromise",
        "pki/crl/etcd.crl",
        "without a restart",
        "restart the members one by one",
        "GHSA-3wh4-j44w-pg92",
        "etcdpki init  issues anew",
        "So does `etcdpki rotate`",
        "etcdctl/client",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let verified = workspace.run(&["verify"]);
    assert_eq!(verified.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&verified.stdout).contains("revoked for keyCompromise"));

    let again = workspace.succeeds(&["revoke", "etcdctl"]);
    assert!(again.starts_with("Revoked before"), "{again}");
    assert!(!again.contains("warning"), "{again}");

    let made = workspace.succeeds(&["init"]);
    assert!(made.contains("certificate etcdctl/client: it was revoked"));
    workspace.succeeds(&["verify"]);
    let listed = workspace.succeeds(&["revoke", "--list"]);
    assert!(listed.contains("keyCompromise") && listed.contains("CN=etcdctl"));
}

#[test]
fn every_generation_of_an_owner_is_revoked() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["revoke", "etcdctl/client/1"]);
    workspace.succeeds(&["init"]);
    let revoked = report(&workspace, &["revoke", "etcd-0"]);
    let names: Vec<_> = revoked["certificates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["etcd-0/peer/1", "etcd-0/server/1"]);
    assert!(
        revoked["warnings"]
            .to_string()
            .contains("clients of etcd read no CRL")
    );
    let revoked = report(&workspace, &["revoke", "etcdctl"]);
    assert_eq!(revoked["certificates"][0]["name"], "etcdctl/client/2");
    assert_eq!(revoked["already"][0]["name"], "etcdctl/client/1");
    assert_eq!(revoked["reissued"][0], "etcdctl/client");
}

/// A renewal with the same key is another certificate of it.
#[test]
fn a_compromised_key_is_found_under_every_certificate() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["issue", "etcdctl", "--renew"]);
    workspace.succeeds(&["revoke", "etcdctl/client/1", "--reason", "keyCompromise"]);
    let codes = || {
        let output = workspace.run(&["verify", "--json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().clone();
        let code = |one: &Value| one["code"].as_str().unwrap().to_owned();
        (
            output.status.code(),
            findings.iter().map(code).collect::<Vec<_>>(),
        )
    };
    assert_eq!(codes(), (Some(3), vec!["key-compromised".to_owned()]));
    // As its hint says.
    workspace.succeeds(&["issue", "etcdctl", "--rekey"]);
    workspace.succeeds(&["revoke", "etcdctl/client/2", "--reason", "keyCompromise"]);
    assert_eq!(codes(), (Some(0), Vec::new()));
}

#[test]
fn what_is_not_here_is_revoked_by_its_file_or_its_serial() {
    let (workspace, other) = (Workspace::initialised(), Workspace::initialised());
    workspace.write(
        "other.crt",
        other.read("pki/certificates/etcdctl/client/1/tls.crt"),
    );
    let expected = serial(&workspace, "other.crt");
    let revoked = report(&workspace, &["revoke", "--cert", "other.crt"]);
    assert_eq!(revoked["certificates"][0]["serial"], expected.as_str());
    assert_eq!(revoked["certificates"][0]["subject"], "CN=etcdctl");
    assert!(revoked["reissued"].as_array().unwrap().is_empty());

    let revoked = report(&workspace, &["revoke", "--serial", "0x1F:00:FF"]);
    assert_eq!(revoked["certificates"][0]["name"], "1f00ff");
    let unknown = "1f00ff is the serial number of no certificate here";
    assert!(
        revoked["warnings"].to_string().contains(unknown),
        "{revoked}"
    );
    // The serial of one that is here leads to it.
    let known = serial(
        &workspace,
        "pki/certificates/kube-apiserver/client/1/tls.crt",
    );
    let revoked = report(&workspace, &["revoke", "--serial", &known]);
    assert_eq!(
        revoked["certificates"][0]["name"],
        "kube-apiserver/client/1"
    );
    assert!(
        !revoked["warnings"]
            .to_string()
            .contains("no certificate here")
    );
    assert_eq!(
        report(&workspace, &["revoke", "--list"])
            .as_array()
            .unwrap()
            .len(),
        3
    );
    workspace.succeeds(&["init"]);
    workspace.succeeds(&["verify"]);
}

#[test]
fn only_what_is_on_hold_can_be_taken_back() {
    let workspace = Workspace::initialised();
    let error = workspace.fails(1, &["revoke", "etcdctl", "--undo"]);
    assert!(error.contains("nothing of it is on hold"), "{error}");
    workspace.succeeds(&["revoke", "etcdctl", "--reason", "certificateHold"]);
    let made = workspace.succeeds(&["init"]);
    assert!(made.contains("Nothing changed"), "{made}");
    let back = workspace.succeeds(&["revoke", "etcdctl", "--undo"]);
    assert!(back.starts_with("Took back"), "{back}");
    workspace.succeeds(&["verify"]);

    workspace.succeeds(&["revoke", "etcdctl", "--reason", "superseded"]);
    let error = workspace.fails(1, &["revoke", "etcdctl", "--undo"]);
    assert!(
        error.contains("revoked for superseded: only what is on hold"),
        "{error}"
    );
}

#[test]
fn an_authority_is_not_revoked_without_a_reason_of_its_own() {
    let workspace = Workspace::initialised();
    let file = "pki/authorities/intermediate/1/ca.crt";
    let before = workspace.files();
    let error = workspace.fails(1, &["revoke", "--cert", file]);
    assert!(error.contains("is an authority"), "{error}");
    let error = workspace.fails(1, &["revoke", "etcdctl", "--reason", "cACompromise"]);
    assert!(error.contains("keyCompromise"), "{error}");
    // Every certificate is sent along with it, and members hold each that they are sent against
    // their list.
    let revoke = ["revoke", "--cert", file, "--reason", "cACompromise"];
    for more in [&[][..], &["--dry-run"]] {
        let error = workspace.fails(1, &[&revoke[..], more].concat());
        assert!(
            error.contains("--stop-cluster: 8 certificates in use are sent along with it"),
            "{error}"
        );
    }
    assert_eq!(workspace.files(), before);
    let revoked = report(&workspace, &[&revoke[..], &["--stop-cluster"]].concat());
    assert_eq!(
        revoked["certificates"][0]["name"],
        "authorities/intermediate/1"
    );
    assert_eq!(revoked["stops_cluster"], true);
    let written = revoked["written"].to_string();
    assert!(written.contains("crl/authorities/root/1.crl"), "{written}");

    // It stays told.
    let made = workspace.succeeds(&["init"]);
    assert!(
        made.contains("Refused: 8 certificates, such as etcd-0/server,"),
        "{made}"
    );
    let told = |arguments: &[&str]| {
        let output = workspace.run(arguments);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let status = told(&["status"]);
    assert!(
        status.contains("revoked  pki/authorities/intermediate/1/ca.crt")
            && status.contains("Refused: 8 certificates"),
        "{status}"
    );
    let status: Value = serde_json::from_str(&told(&["status", "--json"])).unwrap();
    let refused = &status["refused"][0]["certificates"];
    assert_eq!(refused.as_array().unwrap().len(), 8);
    let verified = told(&["verify", "--json"]);
    assert!(verified.contains("authority-revoked"), "{verified}");

    // The way back: pki/ as it was, and the list of the role by it.
    for (path, content) in before.iter().filter(|(path, _)| path.starts_with("pki/")) {
        workspace.write(path, content);
    }
    for (path, _) in workspace.files() {
        if !before.iter().any(|(known, _)| *known == path) {
            std::fs::remove_file(workspace.path(&path)).unwrap();
        }
    }
    assert!(told(&["verify"]).contains("roles/etcd-server/files/etcd.crl"));
    workspace.succeeds(&["init"]);
    assert_eq!(workspace.files(), before);
    workspace.succeeds(&["verify"]);
    workspace.succeeds(&["status"]);
}

#[test]
fn an_authority_that_nothing_is_sent_along_with_is_revoked_as_before() {
    let workspace = Workspace::initialised();
    let file = "pki/authorities/root/1/ca.crt";
    let revoke = ["revoke", "--cert", file, "--reason", "cACompromise"];
    let revoked = report(&workspace, &revoke);
    assert_eq!(revoked["stops_cluster"], false);
}

#[test]
fn a_dry_run_needs_no_passphrase_and_writes_nothing() {
    let workspace = Workspace::initialised();
    std::fs::remove_file(workspace.path("etcdpki-passphrase.txt")).unwrap();
    let before = workspace.files();
    let text = workspace.succeeds(&["revoke", "etcdctl", "--dry-run"]);
    assert!(text.contains("Would revoke") && text.contains("Nothing was written"));
    let error = workspace.fails(1, &["revoke", "etcdctl"]);
    assert!(error.contains("no passphrase"), "{error}");
    assert_eq!(workspace.files(), before);
}

#[test]
fn what_is_wrong_with_the_request_is_named() {
    let workspace = Workspace::new();
    assert!(
        workspace
            .fails(1, &["revoke", "etcdctl"])
            .contains("etcdpki init")
    );
    workspace.write(
        "etcdpki.yml",
        "domain: a.b\nnodes:\n  - { name: n, addresses: [10.0.0.1] }\n",
    );
    let error = workspace.fails(1, &["revoke", "etcdctl"]);
    assert!(error.contains("no PKI here"), "{error}");
    assert!(!workspace.path("pki").exists());

    let workspace = Workspace::initialised();
    let error = workspace.fails(1, &["revoke", "nobody"]);
    assert!(error.contains("there are etcd-0/peer, "), "{error}");
    // A part of a name is not the name.
    workspace.fails(1, &["revoke", "etcd"]);
    for (arguments, part) in [
        (&["revoke"][..], "required"),
        (
            &["revoke", "etcdctl", "--reason", "lost"],
            "choose unspecified",
        ),
        (&["revoke", "--serial", "xyz"], "not a serial number"),
        (
            &["revoke", "etcdctl", "--invalid-since", "2999-01-01"],
            "future",
        ),
        (&["revoke", "etcdctl", "--list"], "cannot be used"),
    ] {
        let error = workspace.fails(2, arguments);
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn the_version_of_etcd_decides_on_the_warning() {
    let workspace = Workspace::initialised();
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    for (version, warned) in [("3.5.30", true), ("3.5.33", false), ("3.7", false)] {
        workspace.write(
            "etcdpki.yml",
            format!("{description}\netcd: {{ version: \"{version}\" }}\n"),
        );
        let text = workspace.succeeds(&["revoke", "etcdctl", "--dry-run"]);
        assert_eq!(text.contains("GHSA-3wh4-j44w-pg92"), warned, "{text}");
    }
    // YAML takes it for a number without its quotes.
    workspace.write(
        "etcdpki.yml",
        format!("{description}\netcd: {{ version: 3.6 }}\n"),
    );
    let text = workspace.succeeds(&["revoke", "etcdctl", "--dry-run"]);
    assert!(text.contains("etcd 3.6 lets revoked clients in"), "{text}");
}

#[test]
fn the_journal_tells_what_happened_and_verify_checks_it() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["revoke", "etcdctl", "--reason", "superseded"]);
    workspace.succeeds(&["init"]);
    let journal = String::from_utf8(workspace.read("pki/journal.jsonl")).unwrap();
    // Eleven certificates and three lists; the revocation and its list; the new certificate.
    assert_eq!(journal.lines().count(), 11 + 3 + 2 + 1);
    let lines: Vec<Value> = journal
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let revoked = &lines[14];
    assert_eq!(
        (&revoked["event"], &revoked["command"]),
        (&"revoked".into(), &"revoke".into())
    );
    assert_eq!(revoked["detail"], "superseded");

    let damaged = journal.replace("\"superseded\"", "\"unspecified\"");
    workspace.write("pki/journal.jsonl", damaged);
    let output = workspace.run(&["verify"]);
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("pki/journal.jsonl: line 15: it was changed"),
        "{text}"
    );

    // It never decides: a command does the same without it.
    std::fs::remove_file(workspace.path("pki/journal.jsonl")).unwrap();
    let output = workspace.run(&["verify"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("no line tells of"));
    workspace.succeeds(&["init"]);
    workspace.succeeds(&["verify"]);
    let journal = String::from_utf8(workspace.read("pki/journal.jsonl")).unwrap();
    assert_eq!(journal.matches("\"event\":\"found\"").count(), 13);
}

#[test]
fn a_record_that_is_lost_or_damaged_is_found() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["revoke", "--serial", "1f00ff", "--reason", "superseded"]);
    let file = "pki/revocations/1f00ff.yml";
    let whole = workspace.read(file);
    let finding = || {
        let output = workspace.run(&["verify"]);
        assert_eq!(output.status.code(), Some(3));
        String::from_utf8(output.stdout).unwrap()
    };
    workspace.write(file, "serial: 1f00ff\n");
    assert!(finding().contains(file));
    let error = workspace.fails(1, &["init"]);
    assert!(error.contains(file) && error.contains("revoked"), "{error}");
    workspace.write("pki/revocations/1f00fe.yml", &whole);
    workspace.write(file, &whole);
    assert!(finding().contains("1f00fe.yml: not the record"));
    std::fs::remove_file(workspace.path("pki/revocations/1f00fe.yml")).unwrap();
    workspace.succeeds(&["verify"]);

    std::fs::remove_file(workspace.path(file)).unwrap();
    assert!(finding().contains("it tells that 1f00ff was revoked"));
    // What the list says for good stays, whatever is said now, and makes the record anew.
    let error = workspace.fails(1, &["revoke", "--serial", "1f00ff", "--undo"]);
    assert!(error.contains("revoked for superseded"), "{error}");
    let arguments = [
        "revoke",
        "--serial",
        "1f00ff",
        "--reason",
        "certificateHold",
    ];
    let text = workspace.succeeds(&arguments);
    assert!(
        text.contains("Revoked before") && text.contains(file),
        "{text}"
    );
    assert_eq!(workspace.read(file), whole);
    workspace.succeeds(&["verify"]);
}

#[test]
fn who_left_the_description_is_named_until_revoked() {
    let workspace = Workspace::initialised();
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let shorter = format!("{description}\nclients: [kube-apiserver]\n");
    workspace.write("etcdpki.yml", shorter);
    let text = workspace.succeeds(&["init"]);
    assert!(
        text.contains("Not described") && text.contains("etcdpki revoke NAME"),
        "{text}"
    );
    let text = workspace.succeeds(&["revoke", "etcdctl", "--reason", "cessationOfOperation"]);
    assert!(!text.contains("issues anew"), "{text}");
    let text = workspace.succeeds(&["init"]);
    assert!(
        text.contains("Nothing changed") && !text.contains("Not described"),
        "{text}"
    );
}

#[test]
fn a_list_is_shown() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["revoke", "--serial", "1f00ff", "--reason", "superseded"]);
    for file in ["pki/crl/etcd.crl", "pki/crl/etcd.pem"] {
        let text = workspace.succeeds(&["inspect", file]);
        for part in ["CN=etcd CA G1", "next update", "1f00ff", "superseded"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let shown = report(&workspace, &["inspect", file]);
        assert_eq!(shown[0]["items"][0]["revoked"][0]["serial"], "1f00ff");
    }
}

/// The role that runs members takes the list from one place, which is brought up to date wherever a
/// command was stopped before.
#[test]
fn the_role_gets_the_list() {
    const LIST: &str = "roles/etcd-server/files/etcd.crl";
    let workspace = Workspace::initialised();
    let first = workspace.read("pki/crl/etcd.crl");
    assert_eq!(workspace.read(LIST), first);
    let text = workspace.succeeds(&["revoke", "etcdctl"]);
    assert!(
        text.contains(&format!("Copy {LIST} to every member")),
        "{text}"
    );
    let second = workspace.read("pki/crl/etcd.crl");
    assert!(first != second && workspace.read(LIST) == second);
    for command in [&["revoke", "etcdctl"][..], &["init"]] {
        workspace.write(LIST, &first);
        let found = workspace.run(&["verify"]);
        let found = String::from_utf8_lossy(&found.stdout).into_owned();
        assert!(
            found.contains("it is not the list that is in pki/crl/etcd.crl"),
            "{found}"
        );
        let text = workspace.succeeds(command);
        assert!(text.contains(LIST), "{text}");
        assert_eq!(workspace.read(LIST), workspace.read("pki/crl/etcd.crl"));
    }
    workspace.succeeds(&["verify"]);
}

/// Two clones that each revoke merge without a word about records and journal, and any side of
/// the list will do.
#[test]
fn two_clones_that_revoke_are_merged_by_git() {
    let workspace = Workspace::initialised();
    let git = |arguments: &[&str], succeeds: bool| {
        let output = Command::new("git")
            .args(["-c", "user.name=n", "-c", "user.email=e@example.org"])
            .args(arguments)
            .current_dir(workspace.path(""))
            .output()
            .unwrap();
        assert_eq!(
            output.status.success(),
            succeeds,
            "{arguments:?}: {output:?}"
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let commit = || {
        git(&["add", "-A"], true);
        git(&["commit", "-q", "-m", "change"], true);
    };
    git(&["init", "-q", "-b", "ours"], true);
    commit();
    git(&["branch", "theirs"], true);
    workspace.succeeds(&["revoke", "etcdctl"]);
    commit();
    git(&["checkout", "-q", "theirs"], true);
    workspace.succeeds(&["revoke", "kube-apiserver"]);
    commit();
    git(&["checkout", "-q", "ours"], true);
    git(&["merge", "theirs"], false);
    let conflicts = git(&["diff", "--name-only", "--diff-filter=U"], true);
    assert_eq!(
        conflicts,
        "pki/crl/etcd.crl\npki/crl/etcd.pem\nroles/etcd-server/files/etcd.crl\n"
    );
    git(
        &["checkout", "--ours", "pki/crl", "roles/etcd-server/files"],
        true,
    );
    commit();

    let journal = workspace.read("pki/journal.jsonl");
    assert_eq!(
        journal.iter().filter(|octet| **octet == b'\n').count(),
        14 + 4
    );
    let planned = workspace.succeeds(&["init", "--dry-run"]);
    assert!(
        planned.contains("CRL pki/crl/etcd.crl: what is revoked has changed"),
        "{planned}"
    );
    workspace.succeeds(&["init"]);
    workspace.succeeds(&["verify"]);
    let list = report(&workspace, &["inspect", "pki/crl/etcd.crl"]);
    assert_eq!(list[0]["items"][0]["revoked"].as_array().unwrap().len(), 2);
}

/// Whoever reads while others write sees every file whole, and one writer at a time gets in.
#[test]
fn commands_at_the_same_time_do_not_harm_each_other() {
    let workspace = Workspace::initialised();
    let mut children: Vec<_> = (1..=6)
        .map(|serial| {
            let serial = serial.to_string();
            let mut command = workspace.command(&["revoke", "--json", "--serial", &serial]);
            command.stdout(std::process::Stdio::piped());
            command
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut reads = 0;
    while children
        .iter_mut()
        .any(|child| child.try_wait().unwrap().is_none())
    {
        workspace.succeeds(&["inspect", "pki/crl/etcd.crl", "pki/crl/etcd.pem"]);
        workspace.succeeds(&["revoke", "--list"]);
        reads += 1;
    }
    assert!(reads > 0);
    let mut revoked = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        match output.status.code() {
            Some(0) => revoked += 1,
            code => {
                let error = String::from_utf8_lossy(&output.stderr);
                assert!(
                    code == Some(1) && error.contains("another etcdpki is at work"),
                    "{error}"
                );
            }
        }
    }
    assert!(revoked > 0);
    let list = report(&workspace, &["inspect", "pki/crl/etcd.crl"]);
    let listed = list[0]["items"][0]["revoked"].as_array().unwrap().len();
    assert_eq!(listed, revoked);
    workspace.succeeds(&["verify"]);
}
