//! What a rotation meets beside the members: keys that are not here, and what was issued by hand.

use super::json;
use crate::workspace::Workspace;

/// A PKI under a root whose key is in another one.
fn below_another() -> (Workspace, Workspace) {
    let (root, workspace) = (Workspace::initialised(), Workspace::new());
    workspace.write("etcdpki.yml", root.read("etcdpki.yml"));
    for secret in ["etcdpki-passphrase.txt", "vault-password.txt"] {
        workspace.write_with_mode(secret, "correct horse battery staple\n", 0o600);
    }
    workspace.succeeds(&["ca", "request", "intermediate", "--out", "intermediate.csr"]);
    answer(&root, &workspace);
    let top = root.read("pki/authorities/root/1/ca.crt");
    workspace.write("root.crt", top);
    workspace.succeeds(&["ca", "accept", "intermediate.crt", "root.crt"]);
    workspace.succeeds(&["init"]);
    (root, workspace)
}

/// Has the request signed where the root is.
fn answer(root: &Workspace, workspace: &Workspace) {
    root.write("intermediate.csr", workspace.read("intermediate.csr"));
    let _ = std::fs::remove_file(root.path("intermediate.crt"));
    let sign = "issue --csr intermediate.csr --authority intermediate --out intermediate.crt";
    root.succeeds(&sign.split(' ').collect::<Vec<_>>());
    workspace.write("intermediate.crt", root.read("intermediate.crt"));
}

#[test]
fn a_key_that_is_not_here_is_told_before_and_its_answer_taken() {
    let (root, workspace) = below_another();
    let rotate = ["rotate", "ca", "intermediate", "--unchecked"];
    let plan = ["rotate", "ca", "intermediate", "--plan"];
    let before = workspace.files();
    let said = workspace.succeeds(&plan);
    assert!(
        said.contains("step 1, introduce, needs the key of the root CA, which is not here"),
        "{said}"
    );
    let told = json(&workspace.succeeds(&[&plan[..], &["--json"]].concat()));
    let keys = &told["steps"][0]["keys"];
    assert!(
        keys.as_array().unwrap().contains(&json(
            r#"{ "authority": "root", "generation": 1, "place": "offline" }"#
        )),
        "{keys}"
    );
    let said = workspace.fails(1, &rotate);
    for command in [
        "etcdpki ca request intermediate --next -o intermediate.csr",
        "etcdpki issue --csr intermediate.csr --authority intermediate --out intermediate.crt",
        "etcdpki ca accept intermediate.crt",
    ] {
        assert!(said.contains(command), "{said}");
    }
    // Its own key would sign a successor, or itself.
    let said = workspace.fails(
        1,
        &[
            "rotate",
            "ca",
            "root",
            "--procedure",
            "same-key",
            "--unchecked",
        ],
    );
    assert!(said.contains("etcdpki ca import root --key"), "{said}");
    assert_eq!(workspace.files(), before);

    let request = ["ca", "request", "intermediate", "--out", "intermediate.csr"];
    let said = workspace.fails(1, &request);
    assert!(said.contains("is there already"), "{said}");
    let said = workspace.succeeds(&[&request[..], &["--next"]].concat());
    assert!(said.contains("etcdpki rotate ca intermediate"), "{said}");
    // It is waited for, and changes nothing of what is in use.
    workspace.succeeds(&["verify"]);
    let said = workspace.fails(1, &rotate);
    assert!(said.contains("is not here yet"), "{said}");
    answer(&root, &workspace);
    workspace.succeeds(&["ca", "accept", "intermediate.crt"]);
    // It is there, and not in use.
    workspace.succeeds(&["init"]);
    workspace.succeeds(&["verify"]);
    let told = json(&workspace.succeeds(&["ca", "list", "--json"]));
    assert!(!told.to_string().contains("intermediate CA G2"), "{told}");
    let said = workspace.succeeds(&plan);
    assert!(!said.contains("not here"), "{said}");
    let told = json(&workspace.succeeds(&[&rotate[..], &["--json"]].concat()));
    assert_eq!(told["rotation"]["step"], "introduce");
    let told = json(&workspace.succeeds(&["ca", "list", "--json"]));
    assert!(told.to_string().contains("intermediate CA G2"), "{told}");
    workspace.succeeds(&["verify"]);

    // In place of a stolen one it takes what was requested since, and does not revoke that.
    let compromise = [&rotate[..3], &["--procedure", "compromise", "--json"]].concat();
    let said = workspace.fails(1, &compromise);
    assert!(said.contains("intermediate --next"), "{said}");
    workspace.succeeds(&[&request[..], &["--next"]].concat());
    answer(&root, &workspace);
    workspace.succeeds(&["ca", "accept", "intermediate.crt"]);
    let told = json(&workspace.succeeds(&compromise));
    assert_eq!(told["rotation"]["step"], "replace");
    let told = json(&workspace.succeeds(&["ca", "list", "--json"]));
    assert!(told.to_string().contains("intermediate CA G3"), "{told}");
    workspace.succeeds(&["verify"]);
}

#[test]
fn what_was_issued_by_hand_is_named_with_how_it_is_issued_anew() {
    let workspace = Workspace::initialised();
    let mut description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    description.push_str("\nauthorities: { others: [{ name: mesh, key: p256 }] }\n");
    workspace.write("etcdpki.yml", description);
    workspace.succeeds(&["init"]);
    for arguments in [
        "issue kubelet --issuer mesh --role client",
        "issue guest --role client",
    ] {
        workspace.succeeds(&arguments.split(' ').collect::<Vec<_>>());
    }
    let renew = "etcdpki issue kubelet --role client --renew";
    let plan = json(&workspace.succeeds(&["rotate", "ca", "root", "--plan", "--json"]));
    let broken = json(&format!(
        r#"[{{ "certificate": "guest/client", "command": "etcdpki issue guest --role client --renew" }},
            {{ "certificate": "kubelet/client", "command": "{renew}" }}]"#
    ));
    assert_eq!(plan["left_behind"], broken);
    assert_eq!(plan["steps"][0]["breaks"], json("[]"));
    assert_eq!(plan["steps"][1]["breaks"], broken);
    let said = workspace.succeeds(&["rotate", "ca", "root", "--plan"]);
    for expected in [
        "breaks    kubelet/client, which was issued by hand",
        "Left behind",
        renew,
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    // The etcd CA has signed the one of them alone, and members refuse it when they trust the new
    // one alone.
    let plan = json(&workspace.succeeds(&["rotate", "ca", "etcd", "--plan", "--json"]));
    assert_eq!(plan["left_behind"].as_array().unwrap().len(), 1);
    assert_eq!(plan["steps"][1]["breaks"][0]["certificate"], "guest/client");

    let step = ["rotate", "ca", "root", "--unchecked", "--clients-ready"];
    workspace.succeeds(&step);
    // Issued anew in time it is not named any more.
    workspace.succeeds(&["issue", "guest", "--role", "client", "--renew"]);
    let said = workspace.succeeds(&step);
    assert!(
        said.contains("does not hold any more")
            && said.contains(renew)
            && !said.contains("issue guest"),
        "{said}"
    );
    workspace.succeeds(&["issue", "kubelet", "--role", "client", "--renew"]);
    let plan = json(&workspace.succeeds(&["rotate", "ca", "root", "--plan", "--again", "--json"]));
    assert_eq!(plan["left_behind"].as_array().unwrap().len(), 2);
}

#[test]
fn a_plan_of_another_cluster_is_refused() {
    let workspace = Workspace::initialised();
    let mut description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    description.push_str("\ncluster: other\n");
    workspace.write("etcdpki.yml", description);
    for how in ["--plan", "--unchecked"] {
        let said = workspace.fails(1, &["rotate", "ca", "etcd", how]);
        assert!(
            said.contains("the PKI here is that of cluster `etcd`"),
            "{said}"
        );
    }
}
