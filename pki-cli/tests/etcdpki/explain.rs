//! `etcdpki explain`.

use crate::workspace::Workspace;

#[test]
fn a_code_is_explained_wherever_one_is() {
    let workspace = Workspace::new();
    let page = workspace.succeeds(&["explain", "member-trust-stale"]);
    assert!(page.starts_with("member-trust-stale\n\nerror: "), "{page}");
    assert!(page.contains("\nWhat to do\n"), "{page}");
    assert!(
        page.contains("\n    $ ansible-playbook etcd.yml\n"),
        "{page}"
    );
    assert!(!page.contains("**") && !page.contains('#'), "{page}");
    assert_eq!(
        workspace.succeeds(&["explain", "[member-trust-stale]"]),
        page
    );
    // What is wrong with the description is no reason not to say what a finding means.
    workspace.write("etcdpki.yml", "rubbish: [");
    assert_eq!(workspace.succeeds(&["explain", "member-trust-stale"]), page);
}

#[test]
fn a_code_that_is_not_known_names_near_ones() {
    let workspace = Workspace::new();
    let error = workspace.fails(1, &["explain", "member-trust-stael"]);
    assert!(error.contains("is `member-trust-stale` or "), "{error}");
    let error = workspace.fails(1, &["explain", "xyzzy"]);
    assert!(error.contains("`etcdpki explain` lists"), "{error}");
}

#[test]
fn without_a_code_every_one_is_listed() {
    let workspace = Workspace::new();
    let list = workspace.succeeds(&["explain"]);
    let rules = workspace.succeeds(&["verify", "--rules", "--json"]);
    let rules: serde_json::Value = serde_json::from_str(&rules).unwrap();
    for rule in rules.as_array().unwrap() {
        let (severity, code) = (rule["severity"].as_str(), rule["code"].as_str());
        let start = format!("  {:<7} {} ", severity.unwrap(), code.unwrap());
        assert!(list.lines().any(|line| line.starts_with(&start)), "{start}");
    }
}

#[test]
fn findings_say_once_where_more_is_said() {
    let workspace = Workspace::initialised();
    assert!(
        !workspace
            .succeeds(&["verify", "--without-keys"])
            .contains("says more")
    );
    std::fs::remove_file(workspace.path("pki/crl/etcd.crl")).unwrap();
    let one = workspace.run(&["verify", "--without-keys"]).stdout;
    let one = String::from_utf8(one).unwrap();
    assert!(
        one.contains("`etcdpki explain crl-missing` says more"),
        "{one}"
    );
    workspace.write("pki/trust/members.crt", "rubbish");
    let many = workspace.run(&["verify", "--without-keys"]).stdout;
    let many = String::from_utf8(many).unwrap();
    assert_eq!(many.matches("says more").count(), 1, "{many}");
    assert!(many.contains("`etcdpki explain CODE`"), "{many}");
    let json = workspace
        .run(&["verify", "--without-keys", "--json"])
        .stdout;
    assert!(!String::from_utf8(json).unwrap().contains("says more"));
}
