//! A store that the description names.

use std::fs;

use crate::site::{Operator, Site};
use crate::workspace::Workspace;

/// Somebody with the store in the description, and nothing in the environment.
fn operator(site: &Site) -> Operator {
    let operator = site.operator();
    operator.write("etcdpki.yml", format!("{CLUSTER}{}", site.described()));
    operator
}

const CLUSTER: &str = "domain: example\nnodes: [{ name: etcd-0, addresses: [10.0.0.1] }]\n";

#[test]
fn commands_need_no_option_then() {
    for site in Site::each() {
        let one = operator(&site);
        let made = Workspace::succeeds(&one, &["init", "--generate-secrets"]);
        assert!(made.contains(&site.url()), "{made}");
        Workspace::succeeds(&one, &["verify"]);
        Workspace::succeeds(&one, &["ca", "slot", "list"]);
        assert!(!one.path("pki").exists());
        // The environment comes before it, and an option before that.
        let other = site.fresh();
        let error = Workspace::fails(&one, 1, &["--store", &other.url(), "store", "check"]);
        assert!(error.contains(&other.url()), "{error}");
        let another = Operator {
            site: other.fresh(),
            ..one
        };
        let error = another.fails(1, &["store", "check"]);
        assert!(error.contains(&another.site.url()), "{error}");
        let error = another.fails(1, &["--store", &other.url(), "store", "check"]);
        assert!(error.contains(&other.url()), "{error}");
    }
}

#[test]
fn a_directory_beside_it_is_copied_first() {
    let site = Site::each().next().unwrap();
    let one = site.operator();
    one.write("etcdpki.yml", CLUSTER);
    Workspace::succeeds(&one, &["init", "--generate-secrets"]);
    let before = one.files();
    one.write("etcdpki.yml", format!("{CLUSTER}{}", site.described()));
    for command in [
        &["init"][..],
        &["status"],
        &["verify"],
        &["ca", "slot", "list"],
    ] {
        let error = Workspace::fails(&one, 1, command);
        assert!(
            error.contains("etcdpki.yml:4:8: store: ")
                && error.contains("the directory pki beside it holds a PKI too")
                && error.contains(&format!("etcdpki store copy pki {}", site.url())),
            "{error}"
        );
    }
    assert_eq!(site.keys(), "");
    Workspace::succeeds(&one, &["store", "copy", "pki", &site.url()]);
    fs::rename(one.path("pki"), one.path("pki.moved")).unwrap();
    let told = Workspace::succeeds(&one, &["init"]);
    assert!(told.contains("Nothing changed"), "{told}");
    Workspace::succeeds(&one, &["verify"]);
    assert_eq!(one.files().len(), before.len());
    // And back.
    Workspace::succeeds(&one, &["store", "copy", &site.url(), "pki"]);
    one.write("etcdpki.yml", CLUSTER);
    Workspace::succeeds(&one, &["verify"]);
}

#[test]
fn what_is_wrong_with_it_is_told_with_its_place() {
    let mut site = Site::each().next().unwrap();
    site.key = "missing.key".into();
    let one = operator(&site);
    let error = Workspace::fails(&one, 1, &["init", "--generate-secrets"]);
    assert!(
        error.contains("etcdpki.yml:7:8: store: key: missing.key: No such file"),
        "{error}"
    );
    let without = format!("{CLUSTER}store: {{ url: \"{}\" }}\n", site.url());
    one.write("etcdpki.yml", without);
    let error = Workspace::fails(&one, 1, &["status"]);
    assert!(
        error.contains("etcdpki.yml:3:15: store: ") && error.contains("--store-ca"),
        "{error}"
    );
    // Also to those who need nothing else of it; who works on files alone is not concerned.
    one.write("etcdpki.yml", format!("{CLUSTER}store: {{ url: pki }}\n"));
    let error = Workspace::fails(&one, 1, &["ca", "slot", "list"]);
    assert!(
        error.contains("etcdpki.yml:3:15: store: url: `pki` names no store on etcd"),
        "{error}"
    );
    let authority = site.authority.display().to_string();
    Workspace::succeeds(&one, &["inspect", &authority]);
    assert_eq!(site.keys(), "");
    assert_eq!(one.files().len(), 1);
}
