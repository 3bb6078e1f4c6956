//! `etcdpki export` as a user meets it.

mod readers;
mod refusals;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use fixtures::{clear_keys, openssl, run};
use pki_core::journal::{Event, Journal};
use serde_json::Value;

use crate::workspace::Workspace;

/// Every format, with the options that it must have.
const FORMATS: [&[&str]; 11] = [
    &["cfssl"],
    &["combined"],
    &["der"],
    &["easy-rsa"],
    &["external-etcd"],
    &["kubeadm", "--for-host", "etcd-0"],
    &["kubernetes-opaque"],
    &["kubernetes-tls"],
    &["pem"],
    &["pkcs12", "--pkcs12-password-file", "p12.txt"],
    &["truststore", "--pkcs12-password-file", "p12.txt"],
];

/// A PKI of one node, with a password for PKCS#12.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write(
        "etcdpki.yml",
        "domain: internal.example\nnodes:\n  - { name: etcd-0, addresses: [10.0.0.10] }\n",
    );
    workspace.succeeds(&["init", "--generate-secrets"]);
    workspace.write_with_mode("p12.txt", "correct horse\n", 0o600);
    workspace
}

/// Exports in a format to a place, and returns the report.
#[track_caller]
fn export(workspace: &Workspace, format: &[&str], out: &str) -> Value {
    let start = ["export", "--json", "-o", out, "--format"];
    let report = workspace.succeeds(&[&start[..], format].concat());
    serde_json::from_str(&report).unwrap()
}

/// Path, detail and serial number of the keys that the journal says have left.
fn exported(workspace: &Workspace) -> Vec<(String, String, String)> {
    let journal = Journal::read(&workspace.read("pki/journal.jsonl"));
    assert_eq!(journal.faults(), []);
    let entries = journal.lines().iter().map(|line| line.entry());
    entries
        .filter(|entry| entry.event == Event::Exported)
        .map(|entry| {
            let text = |field: &Option<String>| field.clone().unwrap();
            (text(&entry.path), text(&entry.detail), text(&entry.serial))
        })
        .collect()
}

#[test]
fn every_format_writes_what_it_reports_and_keeps_keys_from_others() {
    let workspace = workspace();
    for format in FORMATS {
        let out = format!("out/{}", format[0]);
        let report = export(&workspace, format, &out);
        assert_eq!(report["format"], format[0]);
        assert_eq!(report["dry_run"], false);
        let reported = report["files"].as_array().unwrap();
        let all = workspace.files();
        let found = all.iter().filter(|(path, _)| path.starts_with(&out));
        assert_eq!(found.count(), reported.len(), "{report:#}");
        for file in reported {
            let path = file["path"].as_str().unwrap();
            let mode = fs::metadata(workspace.path(path)).unwrap().permissions();
            let mode = format!("{:04o}", mode.mode() & 0o777);
            assert_eq!(file["mode"], mode.as_str(), "{path}");
            assert_eq!(file["holds_private_key"], mode == "0600", "{path}");
        }
        let open = clear_keys(&workspace.path(&out));
        for key in open {
            let mode = fs::metadata(&key.file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", key.file.display());
        }
    }
    // A trust store holds no key.
    let formats = exported(&workspace);
    let formats: Vec<&str> = formats
        .iter()
        .map(|(_, format, _)| format.as_str())
        .collect();
    for format in FORMATS.map(|format| format[0]) {
        let told = formats.contains(&format);
        assert_eq!(told, format != "truststore", "{format}");
    }
    workspace.succeeds(&["verify"]);
    assert!(workspace.succeeds(&["init"]).contains("Nothing changed"));
}

#[test]
fn the_journal_tells_of_each_key_that_leaves() {
    let workspace = workspace();
    export(&workspace, &["pem", "etcd-0/peer", "etcdctl"], "out");
    let report = workspace.succeeds(&["inspect", "--json", "out/etcd-0/peer.crt"]);
    let serial = exported(&workspace)[0].2.clone();
    assert!(report.contains(&serial), "{report}");
    let paths: Vec<_> = exported(&workspace)
        .into_iter()
        .map(|(path, format, _)| (path, format))
        .collect();
    let line = |owner: &str| {
        let path = format!("certificates/{owner}/1/tls.key.sealed");
        (path, "pem".to_owned())
    };
    assert_eq!(paths, [line("etcd-0/peer"), line("etcdctl/client")]);
    // A key that is written by `issue` leaves as well.
    workspace.succeeds(&[
        "issue",
        "backup",
        "--role",
        "client",
        "--key-out",
        "backup.key",
    ]);
    assert_eq!(exported(&workspace)[2].0, line("backup/client").0);
    let error = workspace.fails(1, &["issue", "other", "--role", "client", "--key-out", "-"]);
    assert!(error.contains("name a file"), "{error}");
    assert!(!workspace.path("pki/certificates/other").exists());
}

#[test]
fn without_keys_no_passphrase_is_needed_and_nothing_changes() {
    let workspace = workspace();
    fs::rename(
        workspace.path("etcdpki-passphrase.txt"),
        workspace.path("away"),
    )
    .unwrap();
    let pki = |workspace: &Workspace| {
        let mut files = workspace.files();
        files.retain(|(path, _)| path.starts_with("pki/"));
        files
    };
    let before = pki(&workspace);
    for format in FORMATS {
        let out = format!("out/{}", format[0]);
        let format: &[&str] = match format[0] {
            // These are nothing without.
            "kubernetes-tls" | "pkcs12" | "truststore" => continue,
            _ => &[format, &["--without-keys"]].concat(),
        };
        let report = export(&workspace, format, &out);
        let files = report["files"].as_array().unwrap();
        assert!(files.iter().all(|file| file["mode"] == "0644"), "{report}");
        assert_eq!(clear_keys(&workspace.path(&out)), []);
    }
    export(&workspace, FORMATS[10], "out/trust.p12");
    assert_eq!(pki(&workspace), before);
    let error = workspace.fails(1, &["export", "-f", "pem", "-o", "other"]);
    assert!(error.contains("no passphrase"), "{error}");
    assert!(!workspace.path("other").exists());
}

#[test]
fn a_dry_run_writes_nothing() {
    let workspace = workspace();
    let before = workspace.files();
    for format in FORMATS {
        let report = export(&workspace, &[format, &["--dry-run"]].concat(), "out");
        assert_eq!(report["dry_run"], true);
        assert_eq!(workspace.files(), before);
    }
    let text = workspace.succeeds(&["export", "-f", "pem", "-o", "out", "--dry-run"]);
    assert!(text.contains("Would write 10 files"), "{text}");
    assert!(text.contains("0600  out/etcd-0/server.key"), "{text}");
}

#[test]
fn one_file_goes_where_it_is_named() {
    let workspace = workspace();
    export(&workspace, &[FORMATS[9], &["etcdctl"]].concat(), "a/b.p12");
    export(&workspace, FORMATS[10], "trust.pfx");
    export(&workspace, &["kubernetes-tls"], "secrets.yml");
    for path in ["a/b.p12", "trust.pfx", "secrets.yml"] {
        assert!(workspace.path(path).is_file(), "{path}");
    }
    let out = ["export", "-f", "kubernetes-tls", "--force", "-o", "-"];
    let output = workspace.run(&[&out[..], &["--json"]].concat());
    assert_eq!(output.stdout, workspace.read("secrets.yml"));
    let report: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(report["files"][0]["path"], "standard output");
    let output = workspace.run(&out);
    assert_eq!(output.stdout, workspace.read("secrets.yml"));
    let report = String::from_utf8(output.stderr).unwrap();
    assert!(report.contains("Wrote 1 file"), "{report}");
}

#[test]
fn a_revoked_certificate_is_told_of() {
    let workspace = workspace();
    workspace.succeeds(&["revoke", "etcdctl", "--reason", "superseded"]);
    let report = export(&workspace, &["pem", "etcdctl"], "out");
    assert_eq!(
        report["notes"],
        serde_json::json!(["etcdctl/client is revoked, and members refuse it"])
    );
}

/// What `kubeadm init phase certs` does with files that are there already (runCAPhase and
/// runCertPhase in its source), and what its documentation asks of them; kubeadm itself is in no
/// package that the tests can install.
#[test]
fn kubeadm_finds_what_it_would_have_made() {
    let workspace = workspace();
    export(&workspace, FORMATS[5], "pki-of-node");
    let shell = |arguments: &str| {
        let mut command = openssl();
        command.args(arguments.split_whitespace());
        run(command.current_dir(workspace.path("pki-of-node")))
            .expect_success()
            .stdout
    };
    // Of several in the file it takes the first, as openssl does.
    shell("x509 -in etcd/ca.crt -out first.crt");
    let authority = shell("x509 -in first.crt -noout -ext basicConstraints,keyUsage");
    assert!(
        authority.contains("CA:TRUE") && authority.contains("Certificate Sign"),
        "{authority}"
    );
    assert!(!workspace.path("pki-of-node/etcd/ca.key").exists());
    let both = [
        "TLS Web Server Authentication",
        "TLS Web Client Authentication",
    ];
    let server = [
        "DNS:localhost",
        "IP Address:127.0.0.1",
        "IP Address:10.0.0.10",
    ];
    for (name, usages, names) in [
        ("etcd/server", &both[..], &server[..]),
        ("etcd/peer", &both[..], &server[2..]),
        ("etcd/healthcheck-client", &both[1..], &[]),
        ("apiserver-etcd-client", &both[1..], &[]),
    ] {
        shell(&format!(
            "verify -x509_strict -partial_chain -CAfile first.crt -untrusted {name}.crt {name}.crt"
        ));
        let certified = shell(&format!("x509 -in {name}.crt -noout -pubkey"));
        assert_eq!(shell(&format!("pkey -in {name}.key -pubout")), certified);
        let said = shell(&format!(
            "x509 -in {name}.crt -noout -ext extendedKeyUsage,subjectAltName"
        ));
        for part in usages.iter().chain(names) {
            assert!(said.contains(part), "{name}: {said}");
        }
        assert_eq!(said.contains(both[0]), usages.len() == 2, "{name}: {said}");
    }
}

#[test]
fn git_leaves_alone_the_keys_that_are_exported() {
    let workspace = Workspace::initialised();
    let ignored = || String::from_utf8(workspace.read(".gitignore")).unwrap();
    let before = ignored();
    let pem = |out: &str, more: &[&str]| {
        let arguments = ["export", "--format", "pem", "etcdctl", "-o", out];
        workspace.succeeds(&[&arguments, more].concat())
    };
    let told = pem("out", &["--dry-run"]);
    assert_eq!(ignored(), before, "{told}");
    pem("public", &["--without-keys"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = elsewhere.path().join("out");
    let told = pem(elsewhere.to_str().unwrap(), &[]);
    assert!(told.contains("keep them out of git"), "{told}");
    assert_eq!(ignored(), before);

    let told = pem("./out/pem/", &[]);
    assert!(told.contains("git ignores /out/pem;"), "{told}");
    assert!(
        told.contains("\nNext\n  etcdpki inspect ./out/pem/"),
        "{told}"
    );
    assert_eq!(ignored(), format!("{before}/out/pem\n"));
    // Again into the same, and into a directory that holds other things.
    pem("out/pem", &["--force"]);
    assert_eq!(ignored(), format!("{before}/out/pem\n"));
    pem("roles", &[]);
    assert_eq!(
        ignored(),
        format!("{before}/out/pem\n/roles/etcdctl/client.key\n")
    );
}
