//! A directory for the files of a test, and openssl in it.

use std::fs;
use std::path::PathBuf;

use fixtures::{Outcome, openssl, run};
use pki_core::certificate::{Certificate, bundle};
use pki_core::lifetime::{Lifetime, Validity};
use pki_core::lint::Severity;
use pki_core::profile::{Profile, Subject};
use pki_core::verify::{Finding, Report};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

/// Files of a test, removed at its end.
pub(crate) struct Workbench(TempDir);

impl Workbench {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Runs openssl here; its arguments are divided by blanks.
    pub(crate) fn try_openssl(&self, arguments: &str) -> Outcome {
        run(openssl()
            .args(arguments.split(' '))
            .current_dir(self.0.path()))
    }

    /// Runs openssl here, which must succeed.
    #[track_caller]
    pub(crate) fn openssl(&self, arguments: &str) -> String {
        self.try_openssl(arguments).expect_success().stdout
    }

    /// Has openssl verify a leaf strictly, with these authorities above it, the root last.
    #[track_caller]
    pub(crate) fn verify_strictly(&self, leaf: &Certificate, above: &[&Certificate]) {
        let (root, between) = above.split_last().unwrap();
        self.write("verify-leaf.pem", leaf.to_pem());
        self.write("verify-root.pem", root.to_pem());
        // Not without the leaf: openssl takes no empty file.
        let untrusted = between.iter().copied().chain([leaf]);
        self.write("verify-between.pem", bundle::write(untrusted));
        self.openssl(
            "verify -x509_strict -CAfile verify-root.pem -untrusted verify-between.pem verify-leaf.pem",
        );
    }
}

/// From ten minutes ago for this many days.
pub(crate) fn days(days: i64) -> Validity {
    Validity::starting(
        OffsetDateTime::now_utc(),
        Lifetime::days(days),
        Duration::minutes(10),
    )
}

/// An authority without constraints.
pub(crate) fn authority_profile(name: &str, path_len: u8) -> Profile {
    Profile::authority(Subject::common(name), path_len, None)
}

/// What is more than a notice.
pub(crate) fn faults(report: &Report) -> Vec<&Finding> {
    let findings = report.findings.iter();
    findings
        .filter(|finding| finding.lint.severity != Severity::Notice)
        .collect()
}
