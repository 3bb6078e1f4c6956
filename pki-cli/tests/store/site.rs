//! A store on an etcd that is running, and who works with it.

use std::ops::Deref;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use fixtures::Etcdctl;
use fixtures::etcd::{Release, Service, Trio};

use crate::workspace::Workspace;

/// The members and the prefix of a store, and what its clients prove themselves with.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) members: String,
    pub(crate) prefix: String,
    pub(crate) authority: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) control: Etcdctl,
}

static SERVICES: LazyLock<[(&'static Service, Site); 2]> = LazyLock::new(|| {
    [Release::Installed, Release::Newer].map(|release| {
        let service = Service::start(release);
        (service, Site::of(service, "operator"))
    })
});

impl Site {
    /// A fresh store in each release of etcd.
    pub(crate) fn each() -> impl Iterator<Item = Self> {
        SERVICES.iter().map(|(_, site)| site.fresh())
    }

    /// One at this service, for a client of this name.
    pub(crate) fn of(service: &Service, name: &str) -> Self {
        let control = service.etcdctl("control");
        let (certificate, key) = service.client(name);
        Self {
            members: service.endpoint().to_owned(),
            prefix: "/none".to_owned(),
            authority: service.authority().to_owned(),
            certificate,
            key,
            control,
        }
        .fresh()
    }

    /// One at these members.
    pub(crate) fn of_three(trio: &Trio) -> Self {
        let (certificate, key) = trio.client("operator");
        Self {
            members: trio.members(),
            prefix: "/none".to_owned(),
            authority: trio.authority(),
            certificate,
            key,
            control: trio.control().clone(),
        }
        .fresh()
    }

    /// Another one at the same place.
    pub(crate) fn fresh(&self) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self {
            prefix: format!("/tests/{number}"),
            ..self.clone()
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("etcd://{}{}", self.members, self.prefix)
    }

    /// Somebody with an empty directory.
    pub(crate) fn operator(&self) -> Operator {
        Operator {
            workspace: Workspace::new(),
            site: self.clone(),
        }
    }

    /// Somebody who has got the description and the secrets of another.
    pub(crate) fn colleague(&self, other: &Workspace) -> Operator {
        let operator = self.operator();
        for file in [
            "etcdpki.yml",
            "etcdpki-passphrase.txt",
            "vault-password.txt",
        ] {
            operator.write_with_mode(file, other.read(file), 0o600);
        }
        operator
    }

    /// What a description says of the store.
    pub(crate) fn described(&self) -> String {
        let files = [
            ("ca", &self.authority),
            ("certificate", &self.certificate),
            ("key", &self.key),
        ];
        let files = files.map(|(key, path)| format!("  {key}: {}\n", path.display()));
        format!("store:\n  url: {}\n{}", self.url(), files.concat())
    }

    /// The keys of the store, a line each.
    pub(crate) fn keys(&self) -> String {
        let prefix = format!("{}/", self.prefix);
        let keys = self
            .control
            .run(&["get", "--prefix", "--keys-only", &prefix]);
        keys.expect_success().stdout
    }
}

/// Somebody who works in a directory, with the store named by the environment.
pub(crate) struct Operator {
    pub(crate) workspace: Workspace,
    pub(crate) site: Site,
}

impl Deref for Operator {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        &self.workspace
    }
}

impl Operator {
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.command(arguments);
        command
            .env("ETCDPKI_STORE", self.site.url())
            .env("ETCDPKI_STORE_CA", &self.site.authority)
            .env("ETCDPKI_STORE_CERT", &self.site.certificate)
            .env("ETCDPKI_STORE_KEY", &self.site.key);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    #[track_caller]
    pub(crate) fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    pub(crate) fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        errors
    }

    /// The serial numbers of all certificates in the journal, and that its chain and every
    /// certificate hold.
    #[track_caller]
    pub(crate) fn serials(&self) -> Vec<String> {
        self.succeeds(&["store", "check"]);
        self.succeeds(&["verify"]);
        let copy = Workspace::new();
        let target = copy.path("pki").display().to_string();
        self.succeeds(&["store", "copy", &self.site.url(), &target]);
        let journal = String::from_utf8(copy.read("pki/journal.jsonl")).unwrap();
        let issued = journal.lines().filter(|line| {
            line.contains("\"event\":\"issued\"") || line.contains("\"event\":\"found\"")
        });
        let serial = |line: &str| {
            line.split("\"serial\":\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap()
                .to_owned()
        };
        issued.map(serial).collect()
    }
}
