//! Where the certificates of nodes lie, as Ansible finds them: by role or by host, shared or not.

use fixtures::{Outcome, ansible, run};

use crate::workspace::Workspace;

/// Reads the certificates of one node as the role etcd-server does, and tells whose they are.
const PLAYBOOK: &str = "\
- hosts: etcd-1
  connection: local
  gather_facts: false
  vars: { ansible_hostname: etcd-1, ansible_python_interpreter: '{{ ansible_playbook_python }}' }
  tasks:
    - ansible.builtin.include_vars: '{{ item }}'
      loop: '{{ files }}'
    - ansible.builtin.command: { argv: [openssl, x509, -noout, -subject], stdin: '{{ certificates[item].crt }}' }
      loop: [server, peer]
    - ansible.builtin.command: { argv: [openssl, pkey, -noout], stdin: '{{ certificates[item].key }}' }
      loop: [server, peer]
";

#[test]
fn each_combination_is_read_by_ansible() {
    for sharing in ["per-node", "shared"] {
        for files in ["role", "host"] {
            let workspace = described(sharing, files);
            let read = play(&workspace, files, &["default", "etcd-1"]);
            assert!(read.status.success(), "{sharing} {files}: {read}");
        }
    }
}

#[test]
fn the_password_of_one_host_opens_no_other() {
    let workspace = described("per-node", "host");
    let other = play(&workspace, "host", &["default", "etcd-0"]);
    assert!(!other.status.success(), "{other}");
    assert!(other.output().contains("Decryption failed"), "{other}");
}

#[test]
fn a_change_back_tells_what_is_not_used_any_more() {
    let workspace = described("per-node", "host");
    let report = workspace.succeeds(&["init"]);
    assert!(!report.contains("Not used"), "{report}");
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    workspace.write(
        "etcdpki.yml",
        description.replace("vault_files: host", "vault_files: role"),
    );
    let report = workspace.succeeds(&["init"]);
    let (_, unused) = report.split_once("Not used any more").unwrap();
    for node in ["etcd-0", "etcd-1", "etcd-2"] {
        let path = format!("\n  host_vars/{node}/certificates.vault.yml\n");
        assert!(unused.contains(&path), "{report}");
    }
    std::fs::remove_dir_all(workspace.path("host_vars")).unwrap();
    let report = workspace.succeeds(&["init"]);
    assert!(!report.contains("Not used"), "{report}");
}

#[test]
fn a_change_to_host_leaves_no_key_in_the_file_of_the_role() {
    let workspace = Workspace::initialised();
    let count = || {
        let view = run(ansible()
            .vault()
            .current_dir(workspace.path(""))
            .args(["view", "--vault-password-file", "vault-password.txt"])
            .arg("roles/etcd-server/vars/certificates.vault.yml"))
        .expect_success();
        view.stdout.matches("PRIVATE KEY").count()
    };
    assert!(count() > 0);
    describe(&workspace, "per-node", "host");
    // Without passwords for the hosts nothing is written.
    let error = workspace.fails(1, &["init"]);
    assert!(error.contains("vault-passwords/etcd-0.txt"), "{error}");
    workspace.succeeds(&["init", "--generate-secrets"]);
    assert_eq!(count(), 0);
    let second = workspace.succeeds(&["init"]);
    assert!(second.contains("Nothing changed"), "{second}");
    let ignored = String::from_utf8(workspace.read(".gitignore")).unwrap();
    assert!(
        ignored.lines().any(|line| line == "/vault-passwords/"),
        "{ignored}"
    );
}

fn described(sharing: &str, files: &str) -> Workspace {
    let workspace = Workspace::initialised();
    describe(&workspace, sharing, files);
    workspace.succeeds(&["init", "--generate-secrets"]);
    workspace
}

fn describe(workspace: &Workspace, sharing: &str, files: &str) {
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let more =
        format!("certificates: {{ sharing: {sharing} }}\nansible: {{ vault_files: {files} }}\n");
    workspace.write("etcdpki.yml", description + &more);
}

/// Plays with the passwords of these vault ids alone, as the password client hands them out.
fn play(workspace: &Workspace, files: &str, ids: &[&str]) -> Outcome {
    workspace.write("play.yml", PLAYBOOK);
    workspace.write("inventory.ini", "etcd-0\netcd-1\netcd-2\n");
    let client = format!(
        "#!/bin/sh\nexec {} hook vault-password \"$@\"\n",
        env!("CARGO_BIN_EXE_etcdpki")
    );
    workspace.write_with_mode("password-client", client, 0o755);
    let loaded = match files {
        "host" => "[roles/etcd-server/vars/certificates.yml]",
        _ => {
            "[roles/etcd-server/vars/certificates.vault.yml, roles/etcd-server/vars/certificates.yml]"
        }
    };
    let mut command = ansible().playbook();
    command
        .current_dir(workspace.path(""))
        .args(["play.yml", "--inventory", "inventory.ini"]);
    for id in ids {
        // A host has no id of its own where files are by role.
        if *id == "default" || files == "host" {
            command
                .arg("--vault-id")
                .arg(format!("{id}@password-client"));
        }
    }
    run(command
        .arg("--extra-vars")
        .arg(format!("{{files: {loaded}}}")))
}
