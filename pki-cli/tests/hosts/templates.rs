//! The written files, as the tools that they are for see them.

use std::path::Path;
use std::process::Command;

use fixtures::{Outcome, run};
use tempfile::TempDir;

use crate::lab::{terraform_configuration, tools};

/// A project in which everything was written.
fn project() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    etcdpki(directory.path(), &["init", "--generate-secrets"]);
    for target in ["ansible", "terraform", "systemd", "kubernetes"] {
        etcdpki(directory.path(), &["provision", target]);
    }
    directory
}

fn etcdpki(directory: &Path, arguments: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etcdpki"));
    run(command.current_dir(directory).args(arguments)).expect_success()
}

fn tool(directory: &Path, name: &str, arguments: &[&str]) -> Outcome {
    let path = format!(
        "{}:{}",
        tools().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut command = Command::new(tools().join(name));
    command.current_dir(directory).args(arguments);
    run(command
        .env("PATH", path)
        .env("LC_ALL", "C.UTF-8")
        .env("NO_COLOR", "1"))
}

#[test]
fn ansible_lint_has_no_remark_on_the_roles() {
    let project = project();
    let lint = tool(
        project.path(),
        "ansible-lint",
        &["--offline", "--profile", "production"],
    )
    .expect_success();
    assert!(
        lint.output().contains("0 failure(s), 0 warning(s)"),
        "{lint}"
    );
}

#[test]
fn ansible_reads_the_playbook_and_both_inventories() {
    let project = project();
    let password = ["--vault-password-file", "vault-password.txt"];
    tool(
        project.path(),
        "ansible-playbook",
        &[&["etcd.yml", "--syntax-check"], &password[..]].concat(),
    )
    .expect_success();
    let hook = project.path().join("etcd-inventory");
    std::fs::write(
        &hook,
        format!(
            "#!/bin/sh\nexec {} hook inventory \"$@\"\n",
            env!("CARGO_BIN_EXE_etcdpki")
        ),
    )
    .unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    for inventory in ["inventory.yml", "etcd-inventory"] {
        let listed = tool(
            project.path(),
            "ansible-inventory",
            &["--inventory", inventory, "--host", "etcd-1"],
        )
        .expect_success();
        assert!(
            listed.stdout.contains("\"ansible_host\": \"10.0.0.11\""),
            "{listed}"
        );
        assert!(
            listed
                .stdout
                .contains("\"etcd_peer_common_name\": \"etcd-peer\""),
            "{listed}"
        );
    }
}

#[test]
fn terraform_takes_the_modules() {
    let project = project();
    let terraform = |directory: &str, arguments: &[&str]| {
        let mut command = Command::new("terraform");
        command
            .current_dir(project.path().join("terraform").join(directory))
            .args(arguments);
        run(command.env("TF_CLI_CONFIG_FILE", terraform_configuration())).expect_success()
    };
    terraform(".", &["fmt", "-check", "-recursive"]);
    for module in ["hosts", "upcloud"] {
        terraform(module, &["init", "-input=false", "-no-color"]);
        terraform(module, &["validate", "-no-color"]);
        let tested = terraform(module, &["test", "-no-color"]);
        assert!(tested.stdout.contains(" passed, 0 failed."), "{tested}");
    }
}

#[test]
fn systemd_takes_the_units() {
    let project = project();
    for unit in [
        "etcd.service",
        "etcd-environment.service",
        "etcd-yaml.service",
    ] {
        let unit = project.path().join("systemd/etcd-0").join(unit);
        let verified =
            run(Command::new("systemd-analyze").arg("verify").arg(&unit)).expect_success();
        assert!(!verified.stderr.contains("Unknown key"), "{verified}");
    }
}
