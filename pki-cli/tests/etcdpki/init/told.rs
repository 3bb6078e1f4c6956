//! What `init` tells of what it did.

use super::VAULT_FILES;
use crate::workspace::Workspace;

#[test]
fn the_report_is_there_in_json() {
    let workspace = Workspace::new();
    let report = workspace.succeeds(&["init", "--generate-secrets", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["certificates"].as_array().unwrap().len(), 8);
    assert_eq!(report["authorities"][2]["name"], "etcd");
    assert_eq!(report["examples"], true);
}

#[test]
fn what_is_written_is_told() {
    let workspace = Workspace::initialised();
    workspace.write("pki/trust/members.crt", "junk");
    let report = workspace.succeeds(&["init"]);
    assert!(
        report.contains("pki/trust/members.crt") && !report.contains("Nothing changed"),
        "{report}"
    );
    // Still the example nodes, however often it runs.
    assert!(report.contains("The nodes are examples"), "{report}");

    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    workspace.write(
        "etcdpki.yml",
        format!("{description}ansible: {{ vault_id: prod }}\n"),
    );
    let report = workspace.succeeds(&["init"]);
    for file in VAULT_FILES {
        assert!(
            workspace
                .read(file)
                .starts_with(b"$ANSIBLE_VAULT;1.2;AES256;prod\n"),
            "{file}"
        );
        assert!(report.contains(file), "{report}");
    }
    assert!(workspace.succeeds(&["init"]).contains("Nothing changed"));
}

#[test]
fn what_is_not_described_any_more_is_told() {
    let workspace = Workspace::initialised();
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let line = "  - { name: etcd-2, addresses: [10.0.0.12] }\n";
    workspace.write("etcdpki.yml", description.replace(line, ""));
    let report = workspace.succeeds(&["init"]);
    assert!(report.contains("Not described"), "{report}");
    assert!(
        report.contains("pki/certificates/etcd-2/peer/1/tls.crt"),
        "{report}"
    );
    let report: serde_json::Value =
        serde_json::from_str(&workspace.succeeds(&["init", "--json"])).unwrap();
    assert_eq!(report["undescribed"].as_array().unwrap().len(), 2);
}

#[test]
fn an_example_beside_what_was_named_is_told() {
    let report =
        Workspace::new().succeeds(&["init", "--generate-secrets", "--domain", "x.example"]);
    assert!(report.contains("The nodes are examples"), "{report}");
    let node = ["init", "--generate-secrets", "--node", "a=10.1.0.1"];
    let report = Workspace::new().succeeds(&node);
    assert!(report.contains("The domain is an example"), "{report}");
}

#[test]
fn how_many_nodes_may_fail_is_told() {
    for (nodes, note) in [
        (1, Some("one node survives no failure")),
        (2, Some("the failure of either stops the cluster")),
        (3, None),
        (4, Some("4 nodes survive the loss of 1, no more than 3 do")),
    ] {
        let workspace = Workspace::new();
        let given: Vec<String> = (0..nodes)
            .map(|node| format!("etcd-{node}=10.0.0.1{node}"))
            .collect();
        let mut arguments = vec!["init", "--dry-run"];
        for node in &given {
            arguments.extend(["--node", node]);
        }
        let text = workspace.succeeds(&arguments);
        match note {
            Some(note) => assert!(text.contains(note), "{text}"),
            None => assert!(!text.contains("note:"), "{text}"),
        }
        arguments.push("--json");
        let report: serde_json::Value =
            serde_json::from_str(&workspace.succeeds(&arguments)).unwrap();
        assert_eq!(report["tolerated_losses"], (nodes - 1) / 2);
    }
}

#[test]
fn what_nobody_named_is_told_in_its_number() {
    for (option, told) in [
        (
            "--domain=a.example",
            "The nodes are examples, since none were given.",
        ),
        (
            "--node=etcd-0=10.0.0.10",
            "The domain is an example, since none was given.",
        ),
    ] {
        let said = Workspace::new().succeeds(&["init", "--dry-run", option]);
        assert!(said.contains(told), "{said}");
    }
}

/// As `status` does.
#[test]
fn of_many_certificates_those_are_listed_that_stand_out() {
    let workspace = Workspace::new();
    let nodes: String = (1..=23)
        .map(|node| format!("  - {{ name: n{node}, addresses: [10.0.0.{node}] }}\n"))
        .collect();
    let description =
        format!("domain: x.example\nnodes:\n{nodes}ansible: {{ vault_files: host }}\n");
    workspace.write("etcdpki.yml", description);
    let dry = workspace.succeeds(&["init", "--generate-secrets", "--dry-run"]);
    let made = workspace.succeeds(&["init", "--generate-secrets"]);
    for part in [
        "  authority root: it is missing\n",
        "  … and 48 certificates; --json lists them\n",
    ] {
        assert!(dry.contains(part), "{part}: {dry}");
    }
    for (told, wrote) in [(&dry, "Would write\n"), (&made, "Wrote\n")] {
        let (_, wrote) = told.split_once(wrote).unwrap();
        let (wrote, _) = wrote.split_once("\n\n").unwrap();
        assert!(wrote.contains("pki/authorities/{root,intermediate,etcd}/1/"));
        assert!(!wrote.contains("n7"), "{wrote}");
        let left_out = "\n  … and 71 more, each of one node or client";
        assert!(wrote.ends_with(left_out), "{wrote}");
    }
    let left_out = "\n… and 48 more that are not due; `etcdpki status --all` lists them\n";
    assert!(
        made.contains(left_out) && made.contains("root CA"),
        "{made}"
    );
    // Nothing is left out for programs.
    let json = workspace.succeeds(&["init", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["certificates"].as_array().unwrap().len(), 48);
}
