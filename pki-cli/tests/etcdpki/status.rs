//! `etcdpki status` as a user meets it.

use crate::workspace::Workspace;

#[test]
fn what_is_there_is_listed_without_a_secret() {
    let workspace = Workspace::initialised();
    std::fs::remove_file(workspace.path("etcdpki-passphrase.txt")).unwrap();
    let text = workspace.succeeds(&["status"]);
    for part in [
        "root CA",
        "etcd-0",
        "peer",
        "kube-apiserver",
        "Nothing is due",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&workspace.succeeds(&["status", "--json"])).unwrap();
    assert_eq!(json["due"], 0);
    let certificate = &json["certificates"][0];
    assert_eq!(certificate["name"], "etcd-0");
    assert_eq!(certificate["state"], "ok");
    assert_eq!(certificate["not_after"], certificate["effective_not_after"]);
}

#[test]
fn what_is_due_is_in_the_exit_code_and_the_metrics() {
    let workspace = Workspace::initialised();
    std::fs::remove_dir_all(workspace.path("pki/certificates/etcd-1/peer")).unwrap();
    let output = workspace.run(&["status"]);
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("missing") && text.contains("1 is due"),
        "{text}"
    );
    let output = workspace.run(&["status", "--prometheus"]);
    let metrics = String::from_utf8(output.stdout).unwrap();
    let due =
        "etcdpki_certificate_due{cluster=\"etcd\",kind=\"leaf\",name=\"etcd-1\",role=\"peer\"} 1";
    assert!(metrics.contains(due), "{metrics}");
    assert_eq!(metrics.matches("etcdpki_certificate_due{").count(), 11);
    workspace.write("pki/crl/etcd.crl", "rubbish");
    let output = workspace.run(&["status", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["due"], 2);
    assert_eq!(report["revocation_list"]["due"], true);
}

#[test]
fn without_a_description_it_says_what_to_do() {
    assert!(
        Workspace::new()
            .fails(1, &["status"])
            .contains("etcdpki init")
    );
}

#[test]
fn what_was_made_a_moment_ago_has_all_of_its_days() {
    let workspace = Workspace::initialised();
    let told: serde_json::Value =
        serde_json::from_str(&workspace.succeeds(&["status", "--json"])).unwrap();
    let days = |of: &str| told[of][0]["days_left"].as_i64().unwrap();
    assert_eq!((days("certificates"), days("authorities")), (365, 7300));
    let text = workspace.succeeds(&["status"]);
    assert!(
        text.contains("  365  ok") && text.contains(" 7300  ok"),
        "{text}"
    );
}

#[test]
fn what_is_described_otherwise_now_is_told() {
    let workspace = Workspace::initialised();
    let text = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    assert!(text.contains("[10.0.0.10]"), "{text}");
    workspace.write("etcdpki.yml", text.replace("[10.0.0.10]", "[10.0.0.99]"));
    let output = workspace.run(&["status"]);
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "changed",
        "2 are due",
        "`etcdpki init` issues anew what is described otherwise now",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn an_authority_that_was_lost_is_not_promised_to_be_made() {
    let workspace = Workspace::initialised();
    std::fs::remove_dir_all(workspace.path("pki/authorities/etcd")).unwrap();
    let output = workspace.run(&["status"]);
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).unwrap();
    let refused = workspace.fails(1, &["init"]);
    let (_, refused) = refused.trim_end().split_once("error: ").unwrap();
    assert!(refused.contains("restore it from a copy"), "{refused}");
    assert!(
        text.ends_with(&format!("1 is due\n  {refused}\n")),
        "{text}"
    );
    let json = workspace.run(&["status", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["obstacle"], refused);
    // One that was never made is made.
    std::fs::remove_dir_all(workspace.path("pki")).unwrap();
    let text = String::from_utf8(workspace.run(&["status"]).stdout).unwrap();
    assert!(
        text.contains("`etcdpki init` makes what is missing"),
        "{text}"
    );
}
