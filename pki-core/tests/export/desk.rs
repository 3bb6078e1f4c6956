//! A chain with a leaf, and files to hand to other programs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use fixtures::{openssl, run};
use pki_core::authority::Authority;
use pki_core::certificate::Certificate;
use pki_core::export::{Credential, File};
use pki_core::key::{KeyAlgorithm, PrivateKey};
use pki_core::leaf::{LeafId, Owner};
use pki_core::lifetime::Validity;
use pki_core::profile::{Profile, Subject};
use pki_core::role::Role;
use pki_core::trust::Bundles;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

/// A leaf under an authority under a root, and a directory.
pub(crate) struct Desk {
    directory: TempDir,
    pub(crate) id: LeafId,
    pub(crate) chain: Vec<Certificate>,
    pub(crate) key: PrivateKey,
    pub(crate) bundles: Bundles,
}

impl Desk {
    pub(crate) fn new(owner: &str, algorithm: KeyAlgorithm) -> Self {
        let (root, etcd) = authorities();
        let key = PrivateKey::generate(algorithm).unwrap();
        let usages = Role::Client.usages(true);
        let profile = Profile::leaf(Subject::common(owner), usages, Vec::new());
        let leaf = etcd.issue(&profile, key.public(), validity()).unwrap();
        let etcd = etcd.certificate().clone();
        Self {
            directory: tempfile::tempdir().unwrap(),
            id: LeafId {
                owner: Owner::Client(owner.parse().unwrap()),
                role: Role::Client,
            },
            chain: vec![leaf, etcd.clone()],
            key,
            bundles: Bundles {
                chain: vec![etcd.clone()],
                members: vec![root.clone()],
                clients: vec![etcd, root],
            },
        }
    }

    pub(crate) fn credential(&self) -> Credential<'_> {
        Credential {
            id: &self.id,
            chain: &self.chain,
            key: Some(&self.key),
        }
    }

    /// Where a file lies.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes files.
    pub(crate) fn write(&self, files: &[File]) {
        for file in files {
            let path = self.path(&file.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &*file.content).unwrap();
        }
    }

    /// Runs a program here, which must succeed, and returns its output.
    #[track_caller]
    pub(crate) fn shell(&self, mut program: Command, arguments: &str) -> String {
        let program = program.args(arguments.split_whitespace());
        let outcome = run(program.current_dir(self.directory.path()));
        outcome.expect_success().output()
    }

    /// Asserts that a file holds the key of the leaf, as openssl reads it.
    #[track_caller]
    pub(crate) fn assert_key(&self, arguments: &str) {
        let public = self.shell(openssl(), &format!("pkey -pubout {arguments}"));
        self.write_leaf();
        let expected = self.shell(openssl(), "x509 -in leaf.pem -noout -pubkey");
        assert_eq!(public, expected, "{}", self.key.algorithm());
    }

    fn write_leaf(&self) {
        fs::write(self.path("leaf.pem"), self.chain[0].to_pem()).unwrap();
    }
}

fn authorities() -> (Certificate, Authority) {
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let profile = Profile::authority(Subject::common("root"), 1, None);
    let root = Authority::self_signed(&profile, key(), validity()).unwrap();
    let profile = Profile::authority(Subject::common("etcd CA"), 0, None);
    let key = key();
    let certificate = root.issue(&profile, key.public(), validity()).unwrap();
    let etcd = Authority::new(certificate, key).unwrap();
    (root.certificate().clone(), etcd)
}

fn validity() -> Validity {
    let lifetime = "30d".parse().unwrap();
    Validity::starting(OffsetDateTime::now_utc(), lifetime, Duration::minutes(10))
}
