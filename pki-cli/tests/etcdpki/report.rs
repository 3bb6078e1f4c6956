//! `etcdpki report` as a user meets it.

mod browser;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use fixtures::{clear_keys, openssl, run};

use crate::workspace::Workspace;

/// The page of a workspace.
fn page(workspace: &Workspace, arguments: &[&str]) -> String {
    with_slashes(&workspace.succeeds(&[&["report", "--out", "-"], arguments].concat()))
}

/// The page with slashes as they are: the engine escapes them too, which need not be.
fn with_slashes(page: &str) -> String {
    page.replace("&#x2f;", "/")
}

/// What stands between two texts, the first time.
fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = page
        .split_once(start)
        .unwrap_or_else(|| panic!("{start}: {page}"));
    rest.split_once(end).unwrap_or_else(|| panic!("{end}")).0
}

/// The section of this name.
fn section<'a>(page: &'a str, name: &str) -> &'a str {
    between(page, &format!("<section id=\"{name}\""), "</section>")
}

#[test]
fn everything_is_in_the_page_and_nobody_is_asked_for_a_secret() {
    let workspace = Workspace::initialised();
    fs::remove_file(workspace.path("etcdpki-passphrase.txt")).unwrap();
    let page = page(&workspace, &[]);
    for part in [
        "No error was found, and nothing is due",
        "SHA-256 of etcdpki.yml",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let chain = section(&page, "chain");
    for part in [
        "root CA",
        "CN=etcd intermediate CA G1",
        "3 server certificates, 3 peer certificates, 2 client certificates",
        "trusted by members",
        "its key is sealed beside it",
    ] {
        assert!(chain.contains(part), "{part}: {chain}");
    }
    let timeline = section(&page, "timeline");
    assert!(
        timeline.contains("etcd CA G1, ok: valid from "),
        "{timeline}"
    );
    assert!(
        timeline.contains("etcd-2 peer, ok: valid from "),
        "{timeline}"
    );
    let status: serde_json::Value =
        serde_json::from_str(&workspace.succeeds(&["status", "--json"])).unwrap();
    let certificates = section(&page, "certificates");
    for certificate in status["certificates"].as_array().unwrap() {
        let serial = certificate["serial"].as_str().unwrap();
        assert_eq!(certificates.matches(serial).count(), 1, "{certificates}");
    }
    assert!(certificates.contains("10.0.0.10"), "{certificates}");
    assert!(section(&page, "findings").contains("Nothing was found"));
    assert!(section(&page, "revoked").contains("Nothing is revoked"));
    assert!(!page.contains("id=\"rotation\""), "{page}");
}

#[test]
fn an_instant_makes_one_page() {
    let workspace = Workspace::initialised();
    let late = ["--at", "2040-01-01"];
    let first = page(&workspace, &late);
    assert_eq!(first, page(&workspace, &late));
    assert!(first.contains("As of <time datetime=\"2040-01-01T00:00:00Z\">"));
    let certificates = section(&first, "certificates");
    assert!(certificates.contains("Needs attention"), "{certificates}");
    assert_eq!(certificates.matches("expired</span>").count(), 8);
    let findings = section(&first, "findings");
    assert!(findings.contains("path-not-valid"), "{findings}");
    assert!(findings.contains("What to do:"), "{findings}");
    assert_ne!(first, page(&workspace, &["--at", "2040-01-02"]));
}

#[test]
fn a_rotation_what_is_revoked_and_what_is_missing_are_told() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["rotate", "ca", "etcd", "--unchecked", "--clients-ready"]);
    workspace.succeeds(&["revoke", "etcdctl", "--reason", "keyCompromise"]);
    workspace.succeeds(&["revoke", "kube-apiserver", "--reason", "certificateHold"]);
    fs::remove_dir_all(workspace.path("pki/certificates/etcd-1/peer")).unwrap();
    let page = page(&workspace, &[]);
    let rotation = section(&page, "rotation");
    for part in [
        "<b>etcd CA</b>",
        "<b>cross-sign</b>",
        "<b>trust</b>",
        "etcdpki rotate ca etcd --plan",
    ] {
        assert!(rotation.contains(part), "{part}: {rotation}");
    }
    let chain = section(&page, "chain");
    assert!(
        chain.contains("<b>G1</b>") && chain.contains("<b>G2</b>"),
        "{chain}"
    );
    assert!(chain.contains("cross-signed by</em> O="), "{chain}");
    let timeline = section(&page, "timeline");
    assert!(timeline.contains("etcd CA G2, ok"), "{timeline}");
    let revoked = section(&page, "revoked");
    assert!(revoked.contains("CN=etcdctl"), "{revoked}");
    assert!(revoked.contains("keyCompromise"), "{revoked}");
    let missing = "pki/certificates/etcd-1/peer: <code>etcdpki init</code> makes it";
    assert!(section(&page, "certificates").contains(missing), "{page}");
    assert!(
        timeline.contains("kube-apiserver client, on hold: "),
        "{timeline}"
    );
    let findings = section(&page, "findings");
    assert!(findings.contains("<code>missing</code>"), "{findings}");

    // What no record tells any more stands on the list.
    let rows = revoked.matches("<tr>").count();
    fs::remove_dir_all(workspace.path("pki/revocations")).unwrap();
    let page = self::page(&workspace, &[]);
    let revoked = section(&page, "revoked");
    assert_eq!(revoked.matches("<tr>").count(), rows, "{revoked}");
    assert_eq!(
        revoked.matches("not known here").count(),
        rows - 1,
        "{revoked}"
    );
}

#[test]
fn of_many_nodes_what_is_alike_is_drawn_once_and_what_is_well_is_closed() {
    let workspace = Workspace::new();
    let nodes: String = (10..41)
        .map(|at| format!("  - {{ name: etcd-{at}, addresses: [10.0.0.{at}] }}\n"))
        .collect();
    let description = format!("domain: example.com\nnodes:\n{nodes}clients: [backup]\n");
    workspace.write("etcdpki.yml", description);
    workspace.succeeds(&["init", "--generate-secrets"]);
    fs::remove_dir_all(workspace.path("pki/certificates/etcd-20/peer")).unwrap();
    let page = page(&workspace, &[]);
    let timeline = section(&page, "timeline");
    assert!(
        timeline.contains("31 server, 30 peer, 1 client, ok"),
        "{timeline}"
    );
    assert!(!timeline.contains("etcd-10"), "{timeline}");
    let certificates = section(&page, "certificates");
    for part in [
        "<details class=\"group\" open>\n<summary><h3>Needs attention</h3> <span class=\"count\">1<",
        "<details class=\"group\">\n<summary><h3>Nodes</h3> <span class=\"count\">61<",
        "<details class=\"group\" open>\n<summary><h3>Clients</h3> <span class=\"count\">1<",
    ] {
        assert!(certificates.contains(part), "{part}: {certificates}");
    }
}

#[test]
fn what_cannot_be_read_is_a_finding_and_the_rest_is_shown() {
    let workspace = Workspace::initialised();
    for file in [
        "pki/authorities/etcd/1/ca.crt",
        "pki/crl/etcd.crl",
        "pki/trust/chain.crt",
    ] {
        workspace.write(file, "rubbish");
    }
    fs::create_dir_all(workspace.path("pki/revocations")).unwrap();
    workspace.write("pki/revocations/ff.yml", "rubbish");
    let page = page(&workspace, &[]);
    assert!(section(&page, "chain").contains("unreadable</span>"));
    assert!(section(&page, "chain").contains("CN=etcd root CA G1"));
    let findings = section(&page, "findings");
    for file in ["pki/authorities/etcd/1/ca.crt", "pki/revocations/ff.yml"] {
        assert!(findings.contains(file), "{file}: {findings}");
    }
}

#[test]
fn nothing_that_a_stranger_wrote_is_markup() {
    let workspace = Workspace::initialised();
    let mallory = workspace.path("pki/certificates/mallory/client/1");
    fs::create_dir_all(&mallory).unwrap();
    let make = ["req", "-x509", "-newkey", "ec", "-nodes", "-days", "9"];
    run(openssl()
        .args(make)
        .args(["-pkeyopt", "ec_paramgen_curve:P-256"])
        .args(["-subj", "/CN=<script>alert(1)<\\/script>\"'&`x`"])
        .arg("-keyout")
        .arg(workspace.path("mallory.key"))
        .arg("-out")
        .arg(mallory.join("tls.crt")))
    .expect_success();
    let page = page(&workspace, &[]);
    let certificates = section(&page, "certificates");
    assert!(
        certificates.contains("&lt;script&gt;alert(1)&lt;"),
        "{certificates}"
    );
    assert_eq!(page.matches("<script").count(), 1, "{page}");
}

#[test]
fn no_secret_and_no_place_is_in_it() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["rotate", "ca", "etcd", "--unchecked", "--clients-ready"]);
    workspace.succeeds(&["report", "--out", "page/index.html"]);
    let page = String::from_utf8(workspace.read("page/index.html")).unwrap();
    let page = with_slashes(&page);
    assert!(clear_keys(&workspace.path("page")).is_empty());
    workspace.succeeds(&["export", "-f", "pem", "-o", "out"]);
    let mut searched = 0;
    for (name, content) in workspace.files() {
        let is_secret = name.ends_with(".key")
            || name.ends_with(".sealed")
            || name.ends_with(".vault.yml")
            || name.ends_with("keyring.yml")
            || name == "etcdpki-passphrase.txt"
            || name == "vault-password.txt";
        if !is_secret {
            continue;
        }
        let text = String::from_utf8_lossy(&content);
        for line in text.lines().map(str::trim).filter(|line| line.len() > 20) {
            assert!(!page.contains(line), "{name}: {line}");
            searched += 1;
        }
    }
    assert!(searched > 100, "{searched}");
    let place = workspace.path("");
    assert!(!page.contains(place.to_str().unwrap()), "{page}");
}

#[test]
fn nothing_is_taken_from_elsewhere() {
    let page = page(&Workspace::initialised(), &[]);
    for reference in [
        "src=", "http:", "https:", "//cdn", "@import", "style=\"", "onclick",
    ] {
        assert!(!page.contains(reference), "{reference}: {page}");
    }
    let links = page.split("href=\"").skip(1);
    for link in links.map(|rest| rest.split('"').next().unwrap()) {
        assert!(link.starts_with('#') || link == "data:,", "{link}");
    }
}

#[test]
fn an_older_page_is_replaced_and_nothing_else() {
    let workspace = Workspace::initialised();
    workspace.write("etcdpki-report.html", "older");
    workspace.succeeds(&["report"]);
    let page = workspace.read("etcdpki-report.html");
    assert!(page.starts_with(b"<!doctype html>") && page.ends_with(b"</html>\n"));

    let error = workspace.fails(1, &["report", "--out", "pki"]);
    assert!(error.contains("pki: not a regular file"), "{error}");
    symlink("/dev/null", workspace.path("null.html")).unwrap();
    let error = workspace.fails(1, &["report", "--out", "null.html"]);
    assert!(error.contains("null.html: not a regular file"), "{error}");
    let error = workspace.fails(1, &["report", "--out", "etcdpki.yml/report.html"]);
    assert!(error.contains("etcdpki.yml"), "{error}");
    let error = workspace.fails(2, &["report", "--at", "tomorrow"]);
    assert!(error.contains("write a day such as"), "{error}");
}

#[test]
fn anybody_may_read_the_page() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["report"]);
    let page = fs::metadata(workspace.path("etcdpki-report.html")).unwrap();
    assert_eq!(page.permissions().mode() & 0o444, 0o444);
}

#[test]
fn without_a_description_it_says_what_to_do() {
    let workspace = Workspace::new();
    assert!(workspace.fails(1, &["report"]).contains("etcdpki init"));
    assert!(workspace.files().is_empty());
}
