//! What `init` refuses, before anything is written.

use std::fs;
use std::process::Stdio;

use super::VAULT_FILES;
use crate::workspace::Workspace;

/// A fault of each kind on the way in: the place is named, and nothing is written.
#[test]
fn a_faulty_description_is_refused_before_anything_is_written() {
    let node = "nodes:\n  - { name: etcd-0, addresses: [10.0.0.10] }\n";
    for (text, place, part) in [
        (
            format!("domain: a.b\n{node}nodez: 1\n"),
            "etcdpki.yml:4:1",
            "nodez",
        ),
        (
            format!("domain: a.b\n{node}networks: 7\n"),
            "etcdpki.yml:4:",
            "",
        ),
        (
            format!("domain: a.b\n{node}  - {{ name: etcd-0, addresses: [10.0.0.11] }}\n"),
            "etcdpki.yml:4:13",
            "second time",
        ),
        (
            format!("domain: a.b\n{node}  - {{ name: etcd-1, addresses: [10.0.0.10] }}\n"),
            "etcdpki.yml:4:33",
            "an address of etcd-0 already",
        ),
        (
            format!("domain: a_b.c\n{node}"),
            "etcdpki.yml:1:9",
            "hyphens",
        ),
        (
            "domain: a.b\nnodes:\n  - { name: n, addresses: [\"10.0.0.1:2379\"] }\n".to_owned(),
            "etcdpki.yml:3:28",
            "without port",
        ),
        (
            "domain: a.b\nnodes: []\n".to_owned(),
            "etcdpki.yml:2:8",
            "empty",
        ),
        (
            format!("domain: a.b\n{node}certificates: {{ lifetime: 10y }}\n"),
            "etcdpki.yml:4:27",
            "past the 5y of its issuer",
        ),
        (
            format!(
                "domain: a.b\n{node}authorities: {{ etcd: {{ name_constraints: {{ dns: [c.d, localhost], addresses: [10.0.0.0/8, 127.0.0.0/8, \"::1/128\"] }} }} }}\n"
            ),
            "etcdpki.yml:1:9",
            "lies outside",
        ),
    ] {
        let workspace = Workspace::new();
        workspace.write("etcdpki.yml", &text);
        let error = workspace.fails(1, &["init", "--generate-secrets"]);
        assert!(
            error.contains(place) && error.contains(part),
            "{text}: {error}"
        );
        assert_eq!(workspace.files().len(), 1, "{text}");
    }
    let workspace = Workspace::new();
    workspace.fails(2, &["init", "--node", "etcd-0"]);
    workspace.fails(2, &["init", "--node", "etcd-0=10.0.0.300"]);
    workspace.fails(
        1,
        &["init", "--generate-secrets", "--node", "Etcd=10.0.0.3"],
    );
    workspace.fails(1, &["init", "--generate-secrets", "--domain", "a: b\"\n"]);
    assert!(workspace.files().is_empty());
}

#[test]
fn a_domain_outside_the_authority_that_is_there_is_refused() {
    let workspace = Workspace::initialised();
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    workspace.write(
        "etcdpki.yml",
        description.replace("your-internal.domain", "other.example"),
    );
    let before = workspace.files();
    let error = workspace.fails(1, &["init"]);
    assert!(
        error.contains("etcd-0.other.example` lies outside the name constraints"),
        "{error}"
    );
    assert!(error.contains("etcdpki.yml:"), "{error}");
    assert_eq!(workspace.files(), before);
}

#[test]
fn a_description_that_is_no_file_is_neither_waited_for_nor_read_without_end() {
    let workspace = Workspace::new();
    std::os::unix::fs::symlink("/dev/zero", workspace.path("etcdpki.yml")).unwrap();
    for command in [&["init", "--generate-secrets"][..], &["verify"]] {
        let error = workspace.fails(1, command);
        assert!(error.contains("etcdpki.yml: this is no file"), "{error}");
    }
    assert!(!workspace.path("vault-password.txt").exists());
}

#[test]
fn a_directory_that_holds_another_pki_is_left_alone() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("pki")).unwrap();
    workspace.write("pki/ca.crt", "easy-rsa was here");
    let error = workspace.fails(1, &["init", "--generate-secrets"]);
    assert!(error.contains("etcdpki did not make it"), "{error}");
    assert_eq!(workspace.files().len(), 1);

    let workspace = Workspace::initialised();
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    workspace.write(
        "etcdpki.yml",
        description.replace("# cluster: etcd", "cluster: other"),
    );
    let before = workspace.files();
    for command in [&["init"][..], &["verify"], &["verify", "--without-keys"]] {
        let error = workspace.fails(1, command);
        assert!(error.contains("that of cluster `etcd`"), "{error}");
    }
    assert_eq!(workspace.files(), before);
}

#[test]
fn a_vault_file_that_was_changed_or_is_not_one_is_named() {
    let workspace = Workspace::initialised();
    let file = VAULT_FILES[1];
    let good = workspace.read(file);
    for index in [0, 20, 40, 200, good.len() / 2, good.len() - 2] {
        let mut bad = good.clone();
        // Another digit or letter; the case of a digit says nothing.
        bad[index] = if bad[index] == b'1' { b'2' } else { b'1' };
        workspace.write_with_mode(file, &bad, 0o600);
        let error = workspace.fails(1, &["init"]);
        assert!(error.contains(file), "{index}: {error}");
        assert_eq!(workspace.read(file), bad);
    }
    workspace.write_with_mode(file, "vault: {}\n", 0o600);
    let error = workspace.fails(1, &["init"]);
    assert!(
        error.contains("not encrypted") && error.contains("vault encrypt"),
        "{error}"
    );
}

#[test]
fn a_fault_in_an_option_points_into_no_file() {
    let workspace = Workspace::new();
    let error = workspace.fails(1, &["init", "--generate-secrets", "--domain", "bad..x"]);
    assert!(
        error.contains("bad..x") && !error.contains("etcdpki.yml:"),
        "{error}"
    );
}

#[test]
fn a_first_run_that_fails_leaves_nothing() {
    let workspace = Workspace::new();
    fs::create_dir_all(workspace.path("roles/common/vars")).unwrap();
    workspace.write(VAULT_FILES[0], "vault: [not, a, map]\n");
    let before = workspace.files();
    workspace.fails(1, &["init", "--generate-secrets"]);
    assert_eq!(workspace.files(), before);
    assert!(!workspace.path("pki").exists());
}

/// The lock of a command that was killed is gone a moment later.
#[test]
fn a_lock_is_waited_for_and_then_told_of() {
    let workspace = Workspace::initialised();
    let lock = fs::File::open(workspace.path("pki")).unwrap();
    lock.lock().unwrap();
    let mut command = workspace.command(&["init"]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut told, &mut line).unwrap();
    assert!(line.contains("waiting for another etcdpki"), "{line}");
    drop(lock);
    assert!(child.wait().unwrap().success());

    let lock = fs::File::open(workspace.path("pki")).unwrap();
    lock.lock().unwrap();
    let error = workspace.fails(1, &["init"]);
    assert!(
        error.contains("another etcdpki is at work here: wait until it ends"),
        "{error}"
    );
    workspace.succeeds(&["verify"]);
}

#[test]
fn of_two_that_describe_at_the_same_time_one_counts() {
    for _ in 0..4 {
        let workspace = Workspace::new();
        let start = |node: &str| {
            let init = ["init", "--generate-secrets", "--domain", "a.example"];
            let mut command = workspace.command(&[&init[..], &["--node", node]].concat());
            let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        };
        let both = ["a=10.0.0.1", "b=10.0.0.2"].map(start);
        let ended = both.map(|child| child.wait_with_output().unwrap());
        let codes = ended.each_ref().map(|output| output.status.code());
        assert!(
            codes == [Some(0), Some(1)] || codes == [Some(1), Some(0)],
            "{codes:?}"
        );
        let refused = ended
            .iter()
            .find(|output| !output.status.success())
            .unwrap();
        let error = String::from_utf8_lossy(&refused.stderr);
        assert!(error.contains("--node says "), "{error}");
        let certificates = fs::read_dir(workspace.path("pki/certificates")).unwrap();
        // One node and the two clients.
        assert_eq!(certificates.count(), 3);
        workspace.succeeds(&["verify"]);
    }
}

#[test]
fn examples_take_no_place_of_what_a_killed_run_described() {
    let workspace = Workspace::new();
    let draft = ".etcdpki.yml.etcdpki-0011223344556677";
    workspace.write(
        draft,
        "domain: a.example\nnodes: [{ name: a, addresses: [10.0.0.1] }]\n",
    );
    let before = workspace.files();
    let error = workspace.fails(1, &["init", "--generate-secrets"]);
    assert!(error.contains(draft), "{error}");
    assert!(
        error.contains("give the options of that run again"),
        "{error}"
    );
    assert_eq!(workspace.files(), before);
    // Whoever describes one means it; a draft that is cut says nothing.
    let init = [
        "init",
        "--generate-secrets",
        "--domain",
        "b.example",
        "--node",
        "b=10.0.0.1",
    ];
    workspace.succeeds(&init);
    assert!(!workspace.path(draft).exists());
    let other = Workspace::new();
    other.write(draft, "domain: a.exam");
    other.succeeds(&["init", "--generate-secrets"]);
}

#[test]
fn a_link_that_leads_nowhere_stays() {
    for place in ["etcdpki.yml", "roles/common/vars/certificates.vault.yml"] {
        let workspace = Workspace::new();
        let link = workspace.path(place);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink("missing/file", &link).unwrap();
        let error = workspace.fails(1, &["init", "--generate-secrets"]);
        assert!(
            error.contains(&format!("{place}: this is a symbolic link")),
            "{error}"
        );
        assert!(link.is_symlink());
        assert!(!workspace.path("pki/keyring.yml").exists());
    }
}

#[test]
fn a_file_that_may_not_grow_is_an_error() {
    let workspace = Workspace::new();
    // Octets in blocks of 512.
    let limited = "ulimit -f 4; exec \"$0\" init --generate-secrets";
    let output = std::process::Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_etcdpki")])
        .current_dir(workspace.path(""))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("etcdpki.yml: File too large"), "{error}");
    assert!(workspace.files().is_empty());
}

#[test]
fn a_directory_within_a_pki_is_told_apart_from_one_without() {
    let workspace = Workspace::new();
    let alone = workspace.fails(1, &["status"]);
    assert!(
        alone.contains("etcdpki.yml: no description here"),
        "{alone}"
    );
    workspace.succeeds(&["init", "--generate-secrets"]);
    fs::create_dir(workspace.path("roles/deep")).unwrap();
    let before = workspace.files();
    let top = workspace.path("").canonicalize().unwrap();
    let (top, deep) = (top.display(), top.join("roles/deep"));
    for within in ["roles/deep", "pki"] {
        let here = workspace.path(within).canonicalize().unwrap();
        for command in ["status", "verify", "provision", "rotate"] {
            let arguments = match command {
                "provision" => vec!["-C", within, command, "ansible"],
                _ => vec!["-C", within, command],
            };
            let told = workspace.fails(1, &arguments);
            let expected = format!(
                "no etcdpki.yml in {}; there is one in {top}: use -C {top}",
                here.display()
            );
            assert!(told.contains(&expected), "{told}");
        }
        let told = workspace.fails(1, &["-C", within, "init", "--generate-secrets"]);
        let expected = format!(
            "a second PKI would be made in {}, inside of that of {top}",
            here.display()
        );
        assert!(told.contains(&expected), "{told}");
        assert!(told.contains(&format!("use -C {top}")), "{told}");
    }
    assert_eq!(workspace.files(), before);
    // One that is described is meant.
    let deep = deep.to_str().unwrap();
    let described = [
        "-C",
        deep,
        "init",
        "--generate-secrets",
        "--domain",
        "other.example",
    ];
    workspace.succeeds(&described);
    workspace.succeeds(&["-C", deep, "verify"]);
    workspace.succeeds(&["-C", deep, "init"]);
}

#[test]
fn a_directory_that_was_made_for_what_is_refused_is_removed_again() {
    let workspace = Workspace::new();
    workspace.write("there.txt", "");
    let refused = ["--node", "a=10.0.0.1", "--node", "a=10.0.0.2"];
    for directory in ["new", "new/one/more"] {
        workspace.fails(1, &[&["-C", directory, "init"], &refused[..]].concat());
        assert!(!workspace.path("new").exists(), "{directory}");
    }
    // What was there stays, and so does what something was made in.
    fs::create_dir(workspace.path("there")).unwrap();
    workspace.fails(1, &[&["-C", "there/new", "init"], &refused[..]].concat());
    workspace.fails(1, &[&["-C", "there", "init"], &refused[..]].concat());
    assert!(workspace.path("there").exists() && !workspace.path("there/new").exists());
    workspace.succeeds(&["-C", "new/one", "init", "--generate-secrets"]);
    assert!(workspace.path("new/one/pki/keyring.yml").exists());
}
