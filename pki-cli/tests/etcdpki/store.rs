//! A build without the store on etcd, where somebody asks for that.

use crate::workspace::Workspace;

#[test]
fn the_store_is_refused_in_the_same_words_wherever_it_is_named() {
    const REFUSED: &str = "this etcdpki was built without the store on etcd";
    const URL: &str = "etcd://10.0.0.1:2379/pki";
    let workspace = Workspace::new();
    let error = workspace.fails(2, &["--store", URL, "init", "--generate-secrets"]);
    assert!(error.contains(REFUSED), "{error}");
    let mut command = workspace.command(&["init", "--generate-secrets"]);
    let output = command.env("ETCDPKI_STORE", URL).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains(REFUSED), "{error}");
    assert_eq!(output.status.code(), Some(2));
    let description = format!(
        "domain: example\nnodes: [{{ name: a, addresses: [10.0.0.1] }}]\nstore: {{ url: \"{URL}\" }}\n"
    );
    workspace.write("etcdpki.yml", description);
    for command in [
        &["init", "--generate-secrets"][..],
        &["status"],
        &["verify"],
    ] {
        let error = workspace.fails(1, command);
        assert!(
            error.contains("etcdpki.yml:3:15: store: ") && error.contains(REFUSED),
            "{error}"
        );
    }
    assert_eq!(workspace.files().len(), 1);
    let help = workspace.succeeds(&["status", "--help"]);
    assert!(!help.contains("--store"), "{help}");
}
