use super::*;

const DOCUMENT_OWNS: [&str; 2] = ["ca", "nodes"];

fn document(ca: &str, nodes: Option<&str>) -> Document {
    let pem = |text: &str| Tree::map([("crt", Tree::text(text))]);
    Document {
        path: "x".to_owned(),
        secret: true,
        host: None,
        header: "one\ntwo",
        parents: &["vault", "certificates"],
        owned: vec![
            (DOCUMENT_OWNS[0], Some(pem(ca))),
            (
                DOCUMENT_OWNS[1],
                nodes.map(|text| Tree::map([("no", pem(text)), ("etcd-0", pem(text))])),
            ),
        ],
    }
}

fn merged(document: &Document, old: &str) -> String {
    document
        .merge(Some(old))
        .unwrap()
        .unwrap()
        .as_str()
        .to_owned()
}

#[test]
fn a_new_file_reads_as_it_was_meant() {
    let text = document("A\nB\n", Some("C\n"))
        .merge(None)
        .unwrap()
        .unwrap();
    assert_eq!(
        text.as_str(),
        "# one\n# two\n---\nvault:\n  certificates:\n    ca:\n      crt: |\n        A\n        B\n    nodes:\n      \"no\":\n        crt: |\n          C\n      etcd-0:\n        crt: |\n          C\n"
    );
    assert!(
        document("A\nB\n", Some("C\n"))
            .merge(Some(text.as_str()))
            .unwrap()
            .is_none()
    );
}

#[test]
fn what_is_not_ours_stays() {
    let old = "# mine\n---\nvault:\n    # a comment\n    token: \"1:30\"   # kept\n    certificates:\n        # above ca\n        ca:\n            crt: |\n                OLD\n\n        # above extra\n        extra: [1, 2]\nother: yes\n";
    let new = merged(&document("NEW\n", None), old);
    assert_eq!(
        new,
        old.replace(
            "            crt: |\n                OLD\n",
            "          crt: |\n            NEW\n"
        )
    );
    let with_nodes = merged(&document("NEW\n", Some("N\n")), old);
    for line in old
        .lines()
        .filter(|line| !line.contains("OLD") && !line.contains("crt"))
    {
        assert!(with_nodes.contains(line), "{line}");
    }
    assert!(with_nodes.contains("        nodes:\n"));
    // And out again.
    let without = merged(&document("NEW\n", None), &with_nodes);
    assert!(!without.contains("nodes"));
}

#[test]
fn missing_parents_are_added() {
    for old in [
        "",
        "# nothing yet\n",
        "other: 1\n",
        "vault:\n  token: x\n",
        "vault:\n  certificates:\n    mine: x\n",
    ] {
        let new = merged(&document("A\n", None), old);
        let tree = Tree::from_yaml(&new).unwrap();
        let ca = tree
            .get("vault")
            .and_then(|v| v.get("certificates"))
            .and_then(|c| c.get("ca"));
        assert_eq!(
            ca.and_then(|ca| ca.get("crt")),
            Some(&Tree::text("A\n")),
            "{new}"
        );
        assert!(old.lines().all(|line| new.contains(line)));
    }
}

#[test]
fn what_cannot_be_changed_safely_is_refused() {
    let document = document("A\n", None);
    for old in [
        "vault: { certificates: { ca: { crt: x } } }\n",
        "vault: text\n",
        "- a\n- b\n",
    ] {
        assert!(
            matches!(document.merge(Some(old)), Err(MergeError::Shape)),
            "{old}"
        );
    }
    for old in ["a: [", "a: 1\na: 2\n", "\"", "a: b: c"] {
        assert!(
            matches!(document.merge(Some(old)), Err(MergeError::Malformed(_))),
            "{old}"
        );
    }
}

#[test]
fn no_text_is_printed() {
    let debug = format!("{:?}", document("SECRET\n", Some("SECRET\n")));
    assert!(!debug.contains("SECRET"), "{debug}");
    let error = document("A\n", None)
        .merge(Some("a: SECRET: b"))
        .unwrap_err();
    assert!(!error.to_string().contains("SECRET"), "{error}");
}
