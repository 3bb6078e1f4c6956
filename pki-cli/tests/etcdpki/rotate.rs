//! `etcdpki rotate`.

mod beside;

use std::fs;

use crate::workspace::Workspace;

#[test]
fn what_is_due_is_renewed_and_the_vault_files_follow() {
    let workspace = Workspace::initialised();
    let before = workspace.files();
    let said = workspace.succeeds(&["rotate"]);
    assert!(said.contains("Nothing is due."), "{said}");
    assert!(said.contains("The next renewal, of "), "{said}");
    let tells = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&workspace.succeeds(arguments)).unwrap()
    };
    let told = tells(&["rotate", "--json"]);
    let planned = tells(&["rotate", "--json", "--dry-run"]);
    assert_eq!(planned["next_renewal"], told["next_renewal"]);
    let from = told["next_renewal"]["from"].as_str().unwrap();
    assert_eq!(from.len(), "2027-07-02T01:44:14Z".len(), "{from}");
    assert_eq!(workspace.files(), before);
    make_all_due(&workspace);
    let before = workspace.files();
    let said = workspace.succeeds(&["rotate", "--dry-run"]);
    assert!(
        said.contains("certificate etcd-0/server: it is due"),
        "{said}"
    );
    assert_eq!(workspace.files(), before);
    let said = workspace.succeeds(&["rotate"]);
    assert!(
        said.contains("certificate etcd-0/server: it is due"),
        "{said}"
    );
    assert!(said.contains("ansible-playbook etcd.yml"), "{said}");
    let key = |generation: u32| {
        let path = format!("pki/certificates/etcd-0/server/{generation}/tls.crt");
        let shown = workspace.succeeds(&["inspect", "--json", &path]);
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        shown[0]["items"][0]["public_key_sha256"].clone()
    };
    assert!(key(1).is_string());
    assert_eq!(key(1), key(2));
    let said = workspace.succeeds(&["rotate"]);
    assert!(said.contains("Nothing is due."), "{said}");
    // The renewal after that gives new keys, as these were kept.
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let longer = description.replace(DUE, "{ lifetime: 5y, renew_before: 4y }");
    workspace.write("etcdpki.yml", longer);
    let said = workspace.succeeds(&["rotate"]);
    assert!(
        said.contains("8 certificates end with the etcd CA") && !said.contains("The next renewal"),
        "{said}"
    );
    assert_ne!(key(2), key(3));
    let verified = workspace.succeeds(&["verify"]);
    assert!(verified.starts_with("ok"), "{verified}");
    let journal = String::from_utf8(workspace.read("pki/journal.jsonl")).unwrap();
    assert!(journal.contains("\"rotate\""), "{journal}");
}

#[test]
fn nothing_is_rotated_without_a_description_or_with_a_wrong_passphrase() {
    let workspace = Workspace::new();
    let said = workspace.fails(1, &["rotate"]);
    assert!(said.contains("etcdpki.yml"), "{said}");
    let workspace = Workspace::initialised();
    make_all_due(&workspace);
    workspace.write_with_mode("wrong", "another passphrase\n", 0o600);
    let before = workspace.files();
    let said = workspace.fails(1, &["rotate", "--passphrase-file", "wrong"]);
    assert!(said.contains("passphrase"), "{said}");
    assert_eq!(workspace.files(), before);
}

#[test]
fn a_plan_is_shown_with_its_proof_and_writes_nothing() {
    let workspace = Workspace::initialised();
    let before = workspace.files();
    // No key is opened for it.
    workspace.write_with_mode("wrong", "another passphrase\n", 0o600);
    let plan = [
        "rotate",
        "ca",
        "etcd",
        "--plan",
        "--passphrase-file",
        "wrong",
    ];
    let said = workspace.succeeds(&plan);
    for expected in [
        "Rotation of the etcd CA by cross-sign: 3 steps, each member restarted once",
        "1 introduce",
        "clients must have their new certificates: --clients-ready",
        "members trust O=your-internal.domain, CN=etcd CA G2",
        "restarts  one at a time",
        "Proved: ",
        "members refuse what the old etcd CA signed",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let told = json(&workspace.succeeds(&["rotate", "ca", "root", "--plan", "--json"]));
    assert_eq!(
        (&told["procedure"], &told["restarts"], &told["underway"]),
        (&"reissue".into(), &0.into(), &false.into())
    );
    assert_eq!(told["steps"][0]["step"], "introduce");
    assert_eq!(told["broken"].as_array().unwrap().len(), 0);
    let said = workspace.succeeds(&[
        "rotate",
        "ca",
        "etcd",
        "--plan",
        "--procedure",
        "compromise",
    ]);
    assert!(said.contains("An outage"), "{said}");
    fs::remove_file(workspace.path("wrong")).unwrap();
    assert_eq!(workspace.files(), before);
}

#[test]
fn the_procedures_are_listed_line_by_line() {
    let help = Workspace::new().succeeds(&["rotate", "ca", "--help"]);
    for procedure in ["reissue", "cross-sign", "bundle", "same-key", "compromise"] {
        let line = format!("  {procedure} ");
        assert!(
            help.lines().any(|one| one.starts_with(&line)),
            "{line}: {help}"
        );
    }
}

/// As with every command.
#[test]
fn an_error_is_told_on_standard_error_with_json_too() {
    let workspace = Workspace::initialised();
    for arguments in [
        &["rotate", "ca", "issuing", "--json"][..],
        &["issue", "etcd-0", "--issuer", "none", "--json"],
    ] {
        let output = workspace.run(arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("error: "), "{said}");
    }
}

#[test]
fn an_authority_is_replaced_step_by_step() {
    let workspace = Workspace::initialised();
    // Members are asked before the first step too, and these were never started.
    let nobody: Vec<_> = (0..3)
        .map(|node| format!("--endpoint=etcd-{node}=127.0.0.1:1,127.0.0.1:2"))
        .collect();
    let nobody: Vec<_> = nobody.iter().map(String::as_str).collect();
    let before = workspace.files();
    let said = workspace.fails(1, &[&["rotate", "ca", "etcd"], &nobody[..]].concat());
    for expected in [
        "not every member has loaded what is in pki/",
        "etcd-2 (127.0.0.1:1): it is not reached",
        "were never started, add --unchecked",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert_eq!(workspace.files(), before);
    let said = workspace.fails(2, &["rotate", "ca", "etcd", "--wait", "0s"]);
    assert!(said.contains("a whole number above 0"), "{said}");
    let rotate = ["rotate", "ca", "etcd", "--json", "--unchecked"];
    let told = json(&workspace.succeeds(&rotate));
    assert_eq!(
        (&told["rotation"]["step"], &told["rotation"]["next"]),
        (&"introduce".into(), &"trust".into())
    );
    let said = workspace.succeeds(&["status"]);
    assert!(
        said.contains("rotation of the etcd CA by cross-sign; next: trust"),
        "{said}"
    );
    let told = json(&workspace.succeeds(&["status", "--json"]));
    assert_eq!(told["rotation"]["next"], "trust");
    // Whatever else is done meanwhile leaves it where it is.
    let before = workspace.files();
    let said = workspace.succeeds(&["init"]);
    assert!(said.contains("Nothing changed"), "{said}");
    assert_eq!(workspace.files(), before);
    let said = workspace.fails(1, &["rotate", "ca", "root"]);
    assert!(
        said.contains("the etcd authority is being rotated (cross-sign)"),
        "{said}"
    );
    let said = workspace.fails(1, &["rotate", "ca", "etcd", "--unchecked"]);
    assert!(said.contains("--clients-ready"), "{said}");
    // Nobody listens there.
    let nowhere = "etcd-1=127.0.0.1:1,127.0.0.1:2";
    let asked = [
        "rotate",
        "ca",
        "etcd",
        "--clients-ready",
        "--without",
        "etcd-0",
        "--endpoint",
        nowhere,
    ];
    let ready = |more: &[&'static str]| [&asked[..], more].concat();
    let said = workspace.fails(1, &ready(&["--without", "etcd-2"]));
    assert!(said.contains("1 of 3 members are no quorum"), "{said}");
    let said = workspace.fails(1, &ready(&["--endpoint", "etcd-2=127.0.0.1:1,127.0.0.1:2"]));
    for behind in [
        "\n  etcd-1 (127.0.0.1:1): it is not reached",
        "\n  etcd-2 (127.0.0.1:1)",
        "--wait 10m",
    ] {
        assert!(said.contains(behind), "{behind}: {said}");
    }
    let said = workspace.fails(1, &ready(&["--endpoint", "etcd-9=127.0.0.1:1,127.0.0.1:2"]));
    assert!(
        said.contains("`etcd-9` is no node of the description"),
        "{said}"
    );
    assert_eq!(workspace.files(), before);
    for (step, next) in [("trust", Some("strip")), ("strip", None)] {
        let unchecked = [
            "rotate",
            "ca",
            "etcd",
            "--json",
            "--unchecked",
            "--clients-ready",
        ];
        let told = json(&workspace.succeeds(&unchecked));
        assert_eq!(told["rotation"]["step"], step);
        assert_eq!(told["rotation"]["next"].as_str(), next);
        let verified = workspace.succeeds(&["verify"]);
        assert!(verified.starts_with("ok"), "{verified}");
    }
    // Once too often.
    let before = workspace.files();
    let output = workspace.run(&["rotate", "ca", "etcd", "--unchecked"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && said.contains("no step is left"),
        "{said}"
    );
    assert_eq!(workspace.files(), before);
    // Nor does it make what is no part of the rotation: a certificate for who has none any more.
    workspace.succeeds(&["revoke", "etcdctl"]);
    let before = workspace.files();
    let output = workspace.run(&["rotate", "ca", "etcd"]);
    assert!(
        output.status.success() && output.stdout.is_empty(),
        "{output:?}"
    );
    let told = json(&workspace.succeeds(&["rotate", "ca", "etcd", "--json"]));
    assert_eq!(told["made"].as_array().unwrap().len(), 0);
    assert_eq!(workspace.files(), before);
    for more in [
        ["--without", "etcd-9"],
        ["--endpoint", "etcd-9=127.0.0.1:1,127.0.0.1:2"],
    ] {
        let said = workspace.fails(1, &[&["rotate", "ca", "etcd"], &more[..]].concat());
        let refused = "`etcd-9` is no node of the description";
        assert!(said.contains(refused), "{said}");
    }
    // What the last step left undone is made up for.
    let vault = "roles/etcd-server/vars/certificates.vault.yml";
    fs::remove_file(workspace.path(vault)).unwrap();
    workspace.succeeds(&["rotate", "ca", "etcd"]);
    assert!(workspace.path(vault).exists());
    // What is described since is for init.
    let described = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let more = described.replace(
        "# clients: [kube-apiserver, etcdctl]",
        "clients: [kube-apiserver, etcdctl, later]",
    );
    assert_ne!(more, described);
    workspace.write("etcdpki.yml", more);
    workspace.succeeds(&["rotate", "ca", "etcd"]);
    assert!(!workspace.path("pki/certificates/later").exists());
}

#[test]
fn a_rotation_is_taken_back_while_that_is_safe() {
    let workspace = Workspace::initialised();
    let before = workspace.succeeds(&["inspect", "pki/trust/chain.crt", "pki/trust/members.crt"]);
    let said = workspace.fails(1, &["rotate", "ca", "etcd", "--abort"]);
    assert!(
        said.contains("no rotation of an authority is under way"),
        "{said}"
    );
    let said = workspace.succeeds(&["rotate", "ca", "etcd", "--unchecked"]);
    let ready = "etcd --clients-ready  trust: when every host has what this step made, and every client their new certificates";
    assert!(said.contains(ready), "{said}");
    let said = workspace.succeeds(&["rotate", "ca", "etcd", "--abort"]);
    assert!(said.contains("one step back"), "{said}");
    assert!(said.contains("That was the way back"), "{said}");
    let after = workspace.succeeds(&["inspect", "pki/trust/chain.crt", "pki/trust/members.crt"]);
    assert_eq!(before, after);
    let verified = workspace.succeeds(&["verify"]);
    assert!(verified.starts_with("ok"), "{verified}");
    for step in ["introduce", "trust"] {
        let unchecked = [
            "rotate",
            "ca",
            "etcd",
            "--json",
            "--unchecked",
            "--clients-ready",
        ];
        let told = json(&workspace.succeeds(&unchecked));
        assert_eq!(told["rotation"]["step"], step);
    }
    let said = workspace.fails(1, &["rotate", "ca", "etcd", "--abort"]);
    assert!(
        said.contains("no way back that keeps them together"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_rotated_is_refused_with_what_can() {
    let workspace = Workspace::initialised();
    let before = workspace.files();
    for (arguments, expected) in [
        (
            &["issuing"][..],
            "none of the chain over etcd's certificates",
        ),
        (
            &["root", "--procedure", "bundle"],
            "write reissue, same-key, compromise",
        ),
        (
            &["etcd", "--procedure", "reissue"],
            "write cross-sign, bundle, same-key, compromise",
        ),
    ] {
        let arguments = [&["rotate", "ca"], arguments].concat();
        let said = workspace.fails(1, &arguments);
        assert!(said.contains(expected), "{said}");
    }
    let said = workspace.fails(2, &["rotate", "ca", "etcd", "--procedure", "quickly"]);
    assert!(said.contains("same-key or compromise"), "{said}");
    assert_eq!(workspace.files(), before);
    // Which of two generations signs is told by a file alone.
    workspace.succeeds(&["rotate", "ca", "etcd", "--unchecked"]);
    let chain = workspace.read("pki/trust/chain.crt");
    fs::remove_file(workspace.path("pki/trust/chain.crt")).unwrap();
    let said = workspace.fails(1, &["rotate", "ca", "etcd", "--plan"]);
    assert!(
        said.contains("pki/trust/chain.crt: it is missing"),
        "{said}"
    );
    let output = workspace.run(&["verify"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("pki/trust/chain.crt"), "{said}");
    assert!(said.contains("[trust-lost]"), "{said}");
    // One way out is told, and not one that would not do.
    assert!(
        said.contains("restore it from a copy") && !said.contains("etcdpki init"),
        "{said}"
    );
    workspace.write("pki/trust/chain.crt", chain);
    workspace.succeeds(&["verify"]);
}

#[test]
fn a_rotation_begins_from_what_members_trust() {
    let workspace = Workspace::initialised();
    let mut description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    description.push_str("\ntrust_anchor: root\n");
    workspace.write("etcdpki.yml", description);
    let said = workspace.fails(1, &["rotate", "ca", "etcd"]);
    assert!(
        said.contains("pki/trust/members.crt: it is not what members are to trust"),
        "{said}"
    );
    workspace.succeeds(&["init"]);
    let told = json(&workspace.succeeds(&["rotate", "ca", "etcd", "--plan", "--json"]));
    assert_eq!(told["procedure"], "reissue");
}

#[test]
fn without_overlap_it_is_done_once_and_a_lost_key_is_noticed_in_time() {
    let workspace = Workspace::initialised();
    let compromise = ["rotate", "ca", "etcd", "--procedure", "compromise"];
    let told = workspace.succeeds(&compromise);
    let together = "ansible-playbook etcd.yml --vault-password-file vault-password.txt -e etcd_server_restart_together=true";
    assert!(told.contains(together), "{told}");
    let before = workspace.files();
    workspace.succeeds(&compromise);
    assert_eq!(workspace.files(), before);
    workspace.succeeds(&["rotate", "ca", "etcd", "--again", "--unchecked"]);
    fs::remove_file(workspace.path("pki/authorities/etcd/3/ca.key.sealed")).unwrap();
    let before = workspace.files();
    let trust = [
        "rotate",
        "ca",
        "etcd",
        "--unchecked",
        "--clients-ready",
        "--again",
    ];
    let said = workspace.fails(1, &trust);
    assert!(
        said.contains("pki/authorities/etcd/3/ca.key.sealed"),
        "{said}"
    );
    assert_eq!(workspace.files(), before);
}

#[test]
fn a_stolen_key_does_not_wait_for_a_rotation() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["rotate", "ca", "etcd", "--unchecked"]);
    let compromise = ["rotate", "ca", "root", "--procedure", "compromise"];
    let plan = [&compromise[..], &["--plan"]].concat();
    let said = workspace.succeeds(&plan);
    for expected in [
        "Rotation of the root CA by compromise: 1 step, no restart",
        "drops the rotation of the etcd CA by cross-sign; the old etcd CA stays",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let told = json(&workspace.succeeds(&[&plan[..], &["--json"]].concat()));
    let drops = json(r#"{ "authority": "etcd", "procedure": "cross-sign", "keeps": "old" }"#);
    assert_eq!((&told["drops"], &told["underway"]), (&drops, &false.into()));
    let told = json(&workspace.succeeds(&[&compromise[..], &["--json"]].concat()));
    assert_eq!(
        (&told["rotation"]["drops"], &told["rotation"]["restarts"]),
        (&drops, &false.into())
    );
    let told = json(&workspace.succeeds(&["status", "--json"]));
    assert!(told["rotation"].is_null(), "{told}");
    let verified = workspace.succeeds(&["verify"]);
    assert!(verified.starts_with("ok"), "{verified}");
    // Nor for the days in which an authority is not replaced again by mistake.
    for _ in 0..3 {
        workspace.succeeds(&["rotate", "ca", "etcd", "--unchecked", "--clients-ready"]);
    }
    let compromise = [
        "rotate",
        "ca",
        "etcd",
        "--procedure",
        "compromise",
        "--json",
    ];
    let told = json(&workspace.succeeds(&compromise));
    assert_eq!(told["rotation"]["step"], "replace");
    let told = json(&workspace.succeeds(&compromise));
    assert!(told["rotation"].is_null(), "{told}");
}

#[test]
fn clients_on_openssl_are_told_which_ca_file_they_need() {
    let workspace = Workspace::initialised();
    let plan = ["rotate", "ca", "root", "--plan"];
    let said = workspace.succeeds(&plan);
    let expected = "OpenSSL   clients on OpenSSL that trust O=your-internal.domain, CN=etcd root CA G2 alone refuse members with the old files: until none is left they need";
    assert!(said.contains(expected), "{said}");
    let told = json(&workspace.succeeds(&[&plan[..], &["--json"]].concat()));
    let need = |step: usize| told["steps"][step]["openssl_clients"].clone();
    assert_eq!(need(0), json("[]"));
    assert_eq!(need(1)[0]["refuse"], "old");
    assert_eq!(need(1)[0]["trusting"].as_array().unwrap().len(), 1);
    assert_eq!(need(1)[0]["need"].as_array().unwrap().len(), 2);
}

#[test]
fn what_was_signed_again_was_not_replaced() {
    let workspace = Workspace::initialised();
    let unchecked = ["--unchecked", "--clients-ready", "--json"];
    let rotate =
        |name| json(&workspace.succeeds(&[&["rotate", "ca", name], &unchecked[..]].concat()));
    for _ in 0..2 {
        rotate("root");
    }
    // The root has signed it again, with the key that it had.
    assert_eq!(rotate("intermediate")["rotation"]["step"], "introduce");
    assert!(rotate("intermediate")["rotation"].is_null());
    assert!(rotate("root")["rotation"].is_null());
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// What is made from now on lives longer, and what was made before is due.
fn make_all_due(workspace: &Workspace) {
    let mut description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    description.push_str(&format!("\ncertificates: {DUE}\n"));
    workspace.write("etcdpki.yml", description);
}

const DUE: &str = "{ lifetime: 4y, renew_before: 2y }";

#[test]
fn authorities_of_one_name_are_told_apart_in_a_plan() {
    let workspace = Workspace::initialised();
    let told = json(&workspace.succeeds(&["rotate", "ca", "root", "--plan", "--json"]));
    for step in told["steps"].as_array().unwrap() {
        for who in ["members_trust", "clients_trust"] {
            let names: Vec<_> = step[who].as_array().into_iter().flatten().collect();
            let mut once = names.clone();
            once.dedup();
            assert_eq!(names, once);
        }
    }
    let text = workspace.succeeds(&["rotate", "ca", "root", "--plan"]);
    assert!(
        text.contains("etcd intermediate CA G1, signed by "),
        "{text}"
    );
}
