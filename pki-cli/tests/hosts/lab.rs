//! Hosts with a real systemd, the project that makes a cluster of them, and its client.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use fixtures::{Outcome, run};
use tempfile::TempDir;

pub(crate) const DOMAIN: &str = "lab.internal";

/// A project directory, and hosts. Both are gone at the end.
pub(crate) struct Lab {
    directory: TempDir,
    /// The release of Debian that its hosts run.
    suite: &'static str,
    /// All that was printed by the programs that see keys.
    printed: Mutex<Vec<String>>,
}

impl Lab {
    /// An empty project, networks, and hosts with this release of Debian.
    pub(crate) fn new(suite: &'static str, count: usize) -> Self {
        hosts(&["down"]).expect_success();
        run(hosts_command()
            .env("HOSTS_SUITE", suite)
            .args(["up", &count.to_string()]))
        .expect_success();
        Self {
            directory: tempfile::tempdir().unwrap(),
            suite,
            printed: Mutex::default(),
        }
    }

    /// Runs a program and keeps what it prints.
    #[track_caller]
    fn run(&self, command: &mut Command) -> Outcome {
        let outcome = run(command);
        self.printed.lock().unwrap().push(outcome.output());
        outcome
    }

    /// All that was printed until now.
    pub(crate) fn printed(&self) -> String {
        self.printed.lock().unwrap().concat()
    }

    /// Etcd as its releases have it: a tarball of the packages that hosts install from.
    pub(crate) fn tarball(&self) -> PathBuf {
        let packages = cache().join(self.suite).join("packages");
        let script = "set -e
            for package in \"$1\"/*.deb; do dpkg-deb -x \"$package\" unpacked; done
            mv unpacked/usr/bin etcd-v3-linux
            tar -czf etcd.tar.gz etcd-v3-linux";
        run(Command::new("sh")
            .current_dir(self.directory.path())
            .args(["-c", script, "tarball"])
            .arg(packages))
        .expect_success();
        self.path("etcd.tar.gz")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Runs etcdpki in the project.
    pub(crate) fn etcdpki(&self, arguments: &[&str]) -> Outcome {
        self.run(
            Command::new(env!("CARGO_BIN_EXE_etcdpki"))
                .current_dir(self.directory.path())
                .env_remove("ANSIBLE_VAULT_PASSWORD_FILE")
                .args(arguments),
        )
    }

    /// Runs etcdpki on the computer from which hosts are provisioned.
    pub(crate) fn etcdpki_near_hosts(&self, arguments: &[&str]) -> Outcome {
        self.run(&mut self.from("control", &[&["etcdpki"], arguments].concat()))
    }

    /// Makes certificates and files follow the description.
    pub(crate) fn follow_description(&self) {
        self.etcdpki(&["init", "--generate-secrets"])
            .expect_success();
        self.etcdpki(&["provision", "ansible"]).expect_success();
        self.etcdpki(&["provision", "terraform"]).expect_success();
    }

    /// What Terraform needs besides the description: the keys to log in with.
    pub(crate) fn write_terraform_variables(&self) {
        let key = run_directory().join("id");
        let public = fs::read_to_string(key.with_extension("pub")).unwrap();
        let variables = format!(
            "ssh_keys = [\"{}\"]\nssh_private_key = \"{}\"\nansible_arguments = [\"--extra-vars\", \"ansible_control_path_dir={}\"]\n",
            public.trim(),
            key.display(),
            run_directory().join("ssh").display()
        );
        self.write("terraform/upcloud/lab.auto.tfvars", &variables);
    }

    /// Runs Terraform on the module for UpCloud, on the computer from which hosts are provisioned.
    pub(crate) fn terraform(&self, arguments: &[&str]) -> Outcome {
        let module = format!("-chdir={}", self.path("terraform/upcloud").display());
        let mut all = vec!["terraform", module.as_str()];
        all.extend(arguments);
        self.run(
            self.from("control", &all)
                .env("TF_CLI_CONFIG_FILE", terraform_configuration()),
        )
    }

    /// Plays as Terraform does, on these hosts.
    pub(crate) fn play(&self, hosts: &[usize], arguments: &[&str]) -> Outcome {
        self.play_with_resolver("etcd.yml", "", hosts, arguments)
    }

    /// The same with any playbook, and hosts that shall ask this resolver.
    pub(crate) fn play_with_resolver(
        &self,
        playbook: &str,
        address: &str,
        hosts: &[usize],
        arguments: &[&str],
    ) -> Outcome {
        let mut command = self.playing(playbook, hosts, arguments);
        self.run(command.env("DNS_IP", address))
    }

    /// A play on these hosts, which is not started yet.
    pub(crate) fn playing(&self, playbook: &str, hosts: &[usize], arguments: &[&str]) -> Command {
        let inventory: String = hosts
            .iter()
            .map(|index| format!("10.78.0.{},", 10 + index))
            .collect();
        let mut all = vec!["--vault-password-file", "vault-password.txt"];
        all.extend(["--inventory", &inventory]);
        all.extend(arguments);
        self.playbook(playbook, &all)
    }

    /// Plays with the inventory that was written, and these vault ids.
    pub(crate) fn play_with_vault_ids(&self, ids: &[&str], arguments: &[&str]) -> Outcome {
        let ids: Vec<_> = ids
            .iter()
            .map(|id| format!("--vault-id={id}@vault-password-client"))
            .collect();
        let mut all: Vec<_> = ids.iter().map(String::as_str).collect();
        all.extend(arguments);
        self.run(&mut self.playbook("etcd.yml", &all))
    }

    fn playbook(&self, name: &str, arguments: &[&str]) -> Command {
        let key = run_directory().join("id").display().to_string();
        let control = format!(
            "ansible_control_path_dir={}",
            run_directory().join("ssh").display()
        );
        let mut all = vec!["ansible-playbook", name, "--user", "root"];
        all.extend(["--private-key", &key, "--extra-vars", &control]);
        all.extend(arguments);
        let mut command = self.from("control", &all);
        command.env("ANSIBLE_HOST_KEY_CHECKING", "False");
        command
    }

    /// A command with the network of a machine, in the project.
    pub(crate) fn from(&self, machine: &str, command: &[&str]) -> Command {
        let mut from = hosts_command();
        from.args(["from", machine])
            .args(command)
            .current_dir(self.directory.path());
        let etcdpki = Path::new(env!("CARGO_BIN_EXE_etcdpki")).parent().unwrap();
        let path = env::var("PATH").unwrap_or_default();
        from.env(
            "PATH",
            format!("{}:{}:{path}", etcdpki.display(), tools().display()),
        )
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", run_directory())
        .env("ANSIBLE_NOCOLOR", "1")
        // Hosts have their names and addresses anew each time; ssh does not look at HOME.
        .env("ANSIBLE_SSH_COMMON_ARGS", "-o UserKnownHostsFile=/dev/null")
        .env(
            "ANSIBLE_CALLBACK_PLUGINS",
            workspace().join("fixtures/hosts/callback"),
        )
        .env("ANSIBLE_CALLBACKS_ENABLED", "phases")
        .env("PHASES", self.path(PHASES));
        from
    }

    /// Writes the certificates of clients on this computer, each into a directory of its name,
    /// with the role that clients have.
    pub(crate) fn install_clients(&self, clients: &[&str]) {
        self.write("client.yml", CLIENT_PLAY);
        let hosts = clients.iter().map(|client| format!("{client},"));
        let inventory: String = hosts.collect();
        let mut all = vec!["ansible-playbook", "client.yml", "--inventory", &inventory];
        all.extend(["--vault-password-file", "vault-password.txt"]);
        self.run(&mut self.from("control", &all)).expect_success();
    }

    /// Runs etcdctl as the client, against these members.
    pub(crate) fn etcdctl(&self, hosts: &[usize], arguments: &[&str]) -> Outcome {
        self.etcdctl_as("etcdctl/current/client", hosts, arguments)
    }

    /// Runs etcdctl with another certificate, or none.
    pub(crate) fn etcdctl_as(&self, pair: &str, hosts: &[usize], arguments: &[&str]) -> Outcome {
        let endpoints: Vec<_> = hosts
            .iter()
            .map(|index| format!("https://10.77.0.{}:2379", 10 + index))
            .collect();
        let mut all = vec![
            "etcdctl".to_owned(),
            format!("--endpoints={}", endpoints.join(",")),
        ];
        all.push(format!(
            "--cacert={}",
            self.path("etcdctl/ca.crt").display()
        ));
        if !pair.is_empty() {
            all.push(format!("--cert={}.crt", self.path(pair).display()));
            all.push(format!("--key={}.key", self.path(pair).display()));
        }
        all.extend([
            "--dial-timeout=2s".to_owned(),
            "--command-timeout=3s".to_owned(),
        ]);
        all.extend(arguments.iter().map(|&argument| argument.to_owned()));
        let all: Vec<_> = all.iter().map(String::as_str).collect();
        run(&mut self.from("control", &all))
    }

    /// The names of the members that the cluster has.
    pub(crate) fn members(&self, hosts: &[usize]) -> Vec<String> {
        let list = self
            .etcdctl(hosts, &["member", "list"])
            .expect_success()
            .stdout;
        let started = list.lines().filter(|line| line.contains(", started, "));
        let mut names: Vec<_> = started
            .map(|line| line.split(", ").nth(2).unwrap().to_owned())
            .collect();
        names.sort();
        names
    }

    /// Waits until each of these members answers for the whole cluster.
    pub(crate) fn wait_until_healthy(&self, hosts: &[usize]) {
        let begin = Instant::now();
        loop {
            let health = self.etcdctl(hosts, &["endpoint", "health"]);
            if health.status.success() {
                return;
            }
            assert!(begin.elapsed() < Duration::from_secs(120), "{health}");
            thread::sleep(Duration::from_millis(500));
        }
    }

    /// The index of the host whose member leads.
    pub(crate) fn leader(&self, hosts: &[usize]) -> usize {
        let leads = |index: &&usize| self.status(**index)[4] == "true";
        *hosts.iter().find(leads).expect("no member leads")
    }

    /// Lets the member on another host lead than the one on `host`, so that no election is under way
    /// when that is taken off.
    pub(crate) fn lead_elsewhere(&self, host: usize, others: &[usize]) {
        if self.status(host)[4] == "true" {
            let next = &self.status(others[0])[1];
            self.etcdctl(&[host], &["move-leader", next])
                .expect_success();
        }
    }

    /// The fields of a line of `etcdctl endpoint status`.
    fn status(&self, host: usize) -> Vec<String> {
        let status = self.etcdctl(&[host], &["endpoint", "status"]);
        let line = status.expect_success().stdout;
        line.split(", ").map(str::to_owned).collect()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if env::var_os("HOSTS_KEEP").is_none() {
            hosts(&["down"]);
        }
    }
}

/// Runs a command of `fixtures/hosts/hosts`.
pub(crate) fn hosts(arguments: &[&str]) -> Outcome {
    run(hosts_command().args(arguments))
}

/// Runs a shell command inside a host.
pub(crate) fn inside(host: usize, script: &str) -> Outcome {
    hosts(&["exec", &host.to_string(), "sh", "-c", script])
}

/// Puts a file of this computer into the home of root on a host.
pub(crate) fn copy_to(host: usize, from: &Path, name: &str) {
    let home = run_directory().join(format!("etcd-{host}/root/root"));
    fs::copy(from, home.join(name)).unwrap();
}

/// Python programs for tests: see `scripts/test-hosts`.
pub(crate) fn tools() -> PathBuf {
    let tools = cache().join("tools/bin");
    assert!(
        tools.join("ansible-lint").exists(),
        "no tools in {}: run scripts/test-hosts, which installs them",
        tools.display()
    );
    tools
}

pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// A configuration of Terraform in which UpCloud's provider is the stand-in.
pub(crate) fn terraform_configuration() -> PathBuf {
    let configuration = cache().join("terraformrc");
    let printed = run(
        Command::new(workspace().join("fixtures/hosts/terraform/configuration"))
            .arg(cache().join("terraform"))
            .arg(tools().join("python3")),
    )
    .expect_success();
    fs::write(&configuration, printed.stdout).unwrap();
    configuration
}

/// Where the hosts' keys and disks are.
fn run_directory() -> PathBuf {
    let name = env::var("HOSTS_NAME").unwrap_or_else(|_| "etcdpki".into());
    cache().join(format!("run-{name}"))
}

fn cache() -> PathBuf {
    env::var_os("HOSTS_DIR").map_or_else(|| workspace().join("target/hosts"), PathBuf::from)
}

fn hosts_command() -> Command {
    Command::new(workspace().join("fixtures/hosts/hosts"))
}

/// Where `fixtures/hosts/callback/phases.py` leaves what the last play took.
pub(crate) const PHASES: &str = "phases.json";

const CLIENT_PLAY: &str = "\
- name: Install clients here
  hosts: all
  connection: local
  vars:
    ansible_python_interpreter: '{{ ansible_playbook_python }}'
    etcd_client: '{{ inventory_hostname }}'
    etcd_client_tls_directory: '{{ playbook_dir }}/{{ inventory_hostname }}'
    etcd_client_packages: []
  roles: [etcd-client]
";
