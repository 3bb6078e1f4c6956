//! `etcdpki provision`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use fixtures::{ansible, clear_keys, run};
use pki_core::Cluster;
use pki_core::certificate::bundle;
use pki_core::etcd::settings::{Settings, Source};
use pki_core::lint::{self, Member};

use crate::workspace::Workspace;

#[test]
fn a_second_run_writes_nothing() {
    let workspace = Workspace::initialised();
    for target in ["ansible", "kubernetes", "systemd", "terraform"] {
        let first = workspace.succeeds(&["provision", target]);
        assert!(first.starts_with("Wrote\n"), "{first}");
        let second = workspace.succeeds(&["provision", target]);
        assert!(second.starts_with("Nothing changed"), "{second}");
    }
    assert!(clear_keys(&workspace.path("")).is_empty());
}

#[test]
fn what_was_edited_is_kept_until_it_is_forced() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["provision", "ansible"]);
    workspace.write("etcd.yml", "# mine\n");
    let output = workspace.run(&["provision", "ansible"]);
    assert_eq!(output.status.code(), Some(3));
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("\n-# mine\n+---\n"), "{report}");
    assert!(report.contains("Kept as edited"), "{report}");
    assert_eq!(workspace.read("etcd.yml"), b"# mine\n");
    let json = workspace.run(&["provision", "ansible", "--json"]);
    let json = String::from_utf8(json.stdout).unwrap();
    assert!(json.contains("\"path\": \"etcd.yml\""), "{json}");

    workspace.succeeds(&["provision", "ansible", "--force"]);
    assert_ne!(workspace.read("etcd.yml"), b"# mine\n");
    workspace.succeeds(&["provision", "ansible"]);
}

#[test]
fn a_file_that_was_there_before_is_kept() {
    let workspace = Workspace::initialised();
    workspace.write("ansible.cfg", "[defaults]\n");
    workspace.fails(3, &["provision", "ansible"]);
    assert_eq!(workspace.read("ansible.cfg"), b"[defaults]\n");
}

/// Who plays without the clients would cut them off when an authority is replaced.
#[test]
fn every_play_has_the_clients_and_their_file_is_left_to_who_edits_it() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["provision", "ansible"]);
    let mine = "etcd_clients: { hosts: { app-1: { etcd_client: etcdctl } } }\n";
    workspace.write("clients.yml", mine);
    let hosts = || {
        let inventory = run(ansible()
            .adhoc()
            .current_dir(workspace.path(""))
            .args(["all", "--list-hosts"]));
        let mut hosts: Vec<String> = inventory
            .expect_success()
            .stdout
            .lines()
            .skip(1)
            .map(|line| line.trim().to_owned())
            .collect();
        hosts.sort();
        hosts
    };
    assert_eq!(hosts(), ["app-1", "etcd-0", "etcd-1", "etcd-2"]);
    for options in [&[][..], &["--force"]] {
        let report = workspace.succeeds(&[&["provision", "ansible"], options].concat());
        assert!(report.starts_with("Nothing changed"), "{report}");
        assert_eq!(workspace.read("clients.yml"), mine.as_bytes());
    }
    fs::remove_file(workspace.path("clients.yml")).unwrap();
    workspace.succeeds(&["provision", "ansible"]);
    assert_eq!(hosts(), ["etcd-0", "etcd-1", "etcd-2"]);
}

/// What Ansible says of it is kept from the log with the secrets.
#[test]
fn a_play_with_a_wrong_vault_password_says_so() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["provision", "ansible"]);
    workspace.write("wrong", "wrong password\n");
    workspace.write(
        "play.yml",
        "- hosts: localhost\n  connection: local\n  gather_facts: false\n  roles: [common]\n",
    );
    for options in [&[][..], &["--vault-password-file", "wrong"]] {
        let outcome = run(ansible()
            .playbook()
            .current_dir(workspace.path(""))
            .arg("play.yml")
            .args(options));
        assert!(!outcome.status.success(), "{outcome}");
        let said = outcome.stdout.clone() + &outcome.stderr;
        assert!(
            said.contains("no vault password that was given opens it"),
            "{said}"
        );
        assert!(said.contains("--vault-password-file FILE"), "{said}");
    }
}

#[test]
fn files_that_are_not_written_any_more_are_removed() {
    let workspace = Workspace::initialised();
    for target in ["ansible", "systemd", "terraform"] {
        workspace.succeeds(&["provision", target]);
    }
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let rest: Vec<_> = description
        .lines()
        .filter(|line| !line.contains("name: etcd-2"))
        .collect();
    workspace.write("etcdpki.yml", rest.join("\n"));
    workspace.write("systemd/etcd-2/etcd.env", "# mine\n");
    fs::remove_file(workspace.path("systemd/etcd-2/etcd-yaml.service")).unwrap();

    let dry = workspace.run(&["provision", "systemd", "--dry-run"]);
    let dry = String::from_utf8(dry.stdout).unwrap();
    assert!(
        dry.contains("\nWould remove\n  systemd/etcd-2/etcd-environment.service\n"),
        "{dry}"
    );
    assert!(workspace.path("systemd/etcd-2/etcd.service").exists());

    let report = workspace.run(&["provision", "systemd"]);
    assert_eq!(report.status.code(), Some(3));
    let report = String::from_utf8(report.stdout).unwrap();
    assert!(
        report.contains("\nRemoved\n  systemd/etcd-2/etcd-environment.service\n"),
        "{report}"
    );
    assert!(!report.contains("etcd-2/etcd-yaml.service"), "{report}");
    assert!(!workspace.path("systemd/etcd-2/etcd.service").exists());
    assert_eq!(workspace.read("systemd/etcd-2/etcd.env"), b"# mine\n");

    // What another target wrote is none of this one's.
    workspace.succeeds(&["provision", "systemd", "--force"]);
    assert!(!workspace.path("systemd/etcd-2").exists());
    assert!(
        workspace.path("etcd.yml").exists() && workspace.path("terraform/hosts/main.tf").exists()
    );
    let report = workspace.succeeds(&["provision", "systemd"]);
    assert!(report.starts_with("Nothing changed"), "{report}");
}

#[test]
fn nothing_outside_of_the_project_is_removed() {
    let workspace = Workspace::initialised();
    let outside = tempfile::NamedTempFile::new().unwrap();
    // SHA-256 of an empty file.
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let record = format!("{{ \"{}\": \"{hash}\" }}", outside.path().display());
    workspace.write(".etcdpki-provisioned.json", record);
    workspace.succeeds(&["provision", "ansible"]);
    assert!(outside.path().exists());
}

#[test]
fn files_follow_the_description() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["provision", "ansible"]);
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let more = "etcd: { version: \"3.6\", data_dir: /srv/etcd, enable_grpc_gateway: false }\n";
    workspace.write("etcdpki.yml", description + more);
    let report = workspace.succeeds(&["provision", "ansible"]);
    assert!(
        report.starts_with("Wrote\n  group_vars/all/etcdpki.yml\n"),
        "{report}"
    );
    let variables = String::from_utf8(workspace.read("group_vars/all/etcdpki.yml")).unwrap();
    for line in [
        "etcd_grpc_gateway: false",
        "etcd_version: \"3.6\"",
        "etcd_data_dir: \"/srv/etcd\"",
    ] {
        assert!(variables.lines().any(|found| found == line), "{variables}");
    }
    workspace.succeeds(&["provision", "systemd"]);
    let unit = String::from_utf8(workspace.read("systemd/etcd-1/etcd.service")).unwrap();
    for part in [
        "--data-dir=/srv/etcd ",
        "--enable-grpc-gateway=false ",
        "--feature-gates=InitialCorruptCheck=true ",
        "ReadWritePaths=/srv/etcd\n",
    ] {
        assert!(unit.contains(part), "{unit}");
    }
    assert!(!unit.contains("experimental"), "{unit}");
    assert!(unit.contains("\nProtectHome=true\n"), "{unit}");
}

/// Where the article has it, systemd would not let a member see its own data.
#[test]
fn data_in_a_home_is_all_that_is_seen_of_homes() {
    let workspace = Workspace::initialised();
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let more = "etcd: { data_dir: /home/root/etcd }\n";
    workspace.write("etcdpki.yml", description + more);
    workspace.succeeds(&["provision", "systemd"]);
    let unit = String::from_utf8(workspace.read("systemd/etcd-0/etcd.service")).unwrap();
    let home = "\nProtectHome=tmpfs\nBindPaths=/home/root/etcd\n";
    assert!(unit.contains(home), "{unit}");
}

#[test]
fn flags_follow_the_series() {
    let workspace = Workspace::initialised();
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let unit = |series: &str| {
        workspace.write(
            "etcdpki.yml",
            format!("{description}etcd: {{ version: \"{series}\" }}\n"),
        );
        workspace.succeeds(&["provision", "systemd"]);
        String::from_utf8(workspace.read("systemd/etcd-0/etcd.service")).unwrap()
    };
    for (series, flag, present) in [
        ("3.4", "--tls-min-version", false),
        ("3.4", "--pre-vote=true", true),
        ("3.4.30", "--tls-min-version=TLS1.2", true),
        ("3.5.7", "--tls-min-version", false),
        ("3.5", "--tls-min-version=TLS1.2", true),
        ("3.5", "--experimental-initial-corrupt-check", true),
        ("3.6", "--experimental-initial-corrupt-check", false),
        ("3.7", "--experimental-initial-corrupt-check", false),
    ] {
        assert_eq!(unit(series).contains(flag), present, "{series} {flag}");
    }
}

/// A member of the installed version starts with the unit of a description that names none.
#[test]
fn without_a_version_only_flags_are_used_that_every_version_has() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["provision", "systemd"]);
    let unit = String::from_utf8(workspace.read("systemd/etcd-0/etcd.service")).unwrap();
    assert!(unit.contains("for etcd 3.4 to 3.7"), "{unit}");
    for flag in [
        "tls-min-version",
        "corrupt-check",
        "logger",
        "feature-gates",
    ] {
        assert!(!unit.contains(flag), "{unit}");
    }
    for flag in [
        "--client-cert-auth",
        "--peer-cert-allowed-cn=etcd-peer",
        "--client-crl-file",
    ] {
        assert!(unit.contains(flag), "{unit}");
    }
}

#[test]
fn each_form_of_settings_says_what_it_can() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["provision", "systemd"]);
    let read =
        |name: &str| String::from_utf8(workspace.read(&format!("systemd/etcd-0/{name}"))).unwrap();
    for (file, part) in [
        (
            "etcd.service",
            "    --client-crl-file=/etc/etcd/etcd.crl \\\n",
        ),
        ("etcd.env", "\nETCD_PEER_CRL_FILE=/etc/etcd/etcd.crl\n"),
        ("etcd.env", "\nETCD_PEER_CERT_ALLOWED_CN=etcd-peer\n"),
        // A list, as etcd 3.5.15 and later have it.
        ("etcd.yml", "\n  allowed-cn: [\"etcd-peer\"]\n"),
    ] {
        let text = read(file);
        assert!(text.contains(part), "{file}: {text}");
    }
    // The config file has no word for it, and etcd ignores what it does not know.
    assert!(!read("etcd.yml").contains("crl"));
}

#[test]
fn units_can_be_written_before_there_is_a_pki() {
    let workspace = Workspace::initialised();
    fs::remove_dir_all(workspace.path("pki")).unwrap();
    workspace.succeeds(&["provision", "systemd"]);
    let unit = String::from_utf8(workspace.read("systemd/etcd-0/etcd.service")).unwrap();
    assert!(!unit.contains("crl"), "{unit}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let workspace = Workspace::initialised();
    let report = workspace.succeeds(&["provision", "ansible", "--dry-run"]);
    assert!(report.starts_with("Would write\n"), "{report}");
    assert!(!workspace.path("etcd.yml").exists());
    assert!(!workspace.path(".etcdpki-provisioned.json").exists());
}

#[test]
fn the_password_client_is_a_program() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["provision", "ansible"]);
    let client = workspace.path("vault-password-client").metadata().unwrap();
    assert_eq!(client.permissions().mode() & 0o777, 0o755);
}

#[test]
fn a_broken_record_is_an_error_that_loses_nothing() {
    let workspace = Workspace::initialised();
    workspace.write(".etcdpki-provisioned.json", "{");
    let error = workspace.fails(1, &["provision", "ansible"]);
    assert!(error.contains(".etcdpki-provisioned.json"), "{error}");
    assert!(!workspace.path("etcd.yml").exists());
}

/// One thing, in two ways: whoever asks for it finds the same Secret, and the journal tells of both.
#[test]
fn the_secret_of_a_client_is_what_export_prints() {
    let workspace = Workspace::initialised();
    let provision = ["provision", "kubernetes", "--secret", "--namespace", "a"];
    let secret = workspace.succeeds(&provision);
    let mut export = vec!["export", "--format", "kubernetes-tls", "kube-apiserver"];
    export.extend(["--namespace", "a", "-o", "-"]);
    assert_eq!(secret, workspace.succeeds(&export));
    let journal = String::from_utf8(workspace.read("pki/journal.jsonl")).unwrap();
    let exported = journal.lines().filter(|line| line.contains("exported"));
    assert_eq!(exported.count(), 2, "{journal}");
    let by_default = workspace.succeeds(&provision[..3]);
    assert!(by_default.contains("\n  namespace: \"kube-system\"\n"));
    assert!(!workspace.path("kubernetes").exists());
    let error = workspace.fails(1, &["provision", "kubernetes", "--client", "nobody"]);
    assert!(
        error.contains("they are kube-apiserver, etcdctl"),
        "{error}"
    );
    workspace.fails(
        2,
        &["provision", "kubernetes", "--secret", "--namespace", "A b"],
    );
}

#[test]
fn kubeadm_is_told_where_the_role_puts_the_certificate() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["provision", "kubernetes"]);
    let written = String::from_utf8(workspace.read("kubernetes/kubeadm.yml")).unwrap();
    assert!(written.ends_with(KUBEADM), "{written}");
}

const KUBEADM: &str = "\
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
etcd:
  external:
    endpoints:
      - \"https://etcd-0.your-internal.domain:2379\"
      - \"https://etcd-1.your-internal.domain:2379\"
      - \"https://etcd-2.your-internal.domain:2379\"
    caFile: /etc/etcd-client/ca.crt
    certFile: /etc/etcd-client/current/client.crt
    keyFile: /etc/etcd-client/current/client.key
";

/// What is written for a member breaks no rule about settings, in any version and in any way.
#[test]
fn settings_of_members_break_no_rule() {
    let workspace = Workspace::initialised();
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let read = |path: &str| {
        let path = format!("pki/certificates/etcd-1/{path}/1/tls.crt");
        let chain = bundle::read(&workspace.read(&path)).unwrap();
        chain.into_iter().next().unwrap()
    };
    let (server, peer) = (read("server"), read("peer"));
    let list = workspace.read("pki/crl/etcd.crl");
    let versions = [
        "3.4", "3.4.45", "3.5", "3.5.0", "3.5.33", "3.6", "3.6.14", "3.7", "3.7.1",
    ];
    for version in versions.into_iter().map(Some).chain([None]) {
        let etcd = version.map(|version| format!("etcd: {{ version: \"{version}\" }}\n"));
        let text = format!("{description}{}", etcd.unwrap_or_default());
        workspace.write("etcdpki.yml", &text);
        workspace.succeeds(&["provision", "systemd"]);
        let cluster = Cluster::from_yaml(&text).unwrap();
        let mut member = Member::new(&cluster, &cluster.nodes[1]);
        member.version = cluster.etcd.version;
        member.server = Some(&server);
        member.peer = Some(&peer);
        member.crl = Some(&list);
        for files in [
            &["etcd.service"][..],
            &["etcd-environment.service", "etcd.env"],
            &["etcd-yaml.service", "etcd.yml"],
        ] {
            // A configuration file has a key for --peer-cert-allowed-cn from 3.5.14 on, and none
            // for the list.
            let is_yaml = files.contains(&"etcd.yml");
            if is_yaml && matches!(version, Some("3.4" | "3.4.45" | "3.5.0")) {
                continue;
            }
            member.has_revoked = !is_yaml;
            let settings = Settings::of(files.iter().map(|name| {
                let text = workspace.read(&format!("systemd/etcd-1/{name}"));
                Source::read(name, &text).unwrap()
            }));
            assert_eq!(settings.unread(), [], "{files:?}");
            assert!(settings.is_on("client-cert-auth"), "{files:?}");
            let found: Vec<_> = lint::settings(&settings, &member)
                .iter()
                .map(ToString::to_string)
                .collect();
            assert!(found.is_empty(), "{version:?} {files:?}: {found:#?}");
        }
    }
}
