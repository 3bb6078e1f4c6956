//! `etcdpki verify`: check the whole PKI.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::document;
use pki_core::store::{Directory, Pki};
use pki_core::verify::{self, Finding, Report};
use serde::Serialize;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::args::Verify;
use super::description;
use super::error::Error;
use super::init::PKI;
use super::output::{self, BAD, GOOD};
use super::secrets::{self, Source};

/// Runs the command.
pub(super) fn run(arguments: &Verify) -> Result<ExitCode, Error> {
    let cluster = description::read()?;
    let pki = Pki::new(Directory::open_read_only(Path::new(PKI))?);
    let keys = match (arguments.without_keys, pki.keyring()?) {
        (true, _) | (false, None) => None,
        (false, Some(keyring)) => {
            let secret = Source::passphrase(&arguments.passphrase).read(false)?;
            Some(keyring.unlock(&secrets::passphrase(&secret)?)?)
        }
    };
    let mut report = verify::verify(&cluster, &pki, keys.as_ref(), OffsetDateTime::now_utc())?;
    report.findings.extend(vault_files_in_clear(&cluster)?);
    match arguments.json {
        true => output::print_json(&Json::from(&report))?,
        false => output::print(&text(&report, arguments.without_keys))?,
    }
    Ok(match report.findings.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FOUND),
    })
}

/// Vault files that were decrypted and left so, with every key in them in clear.
fn vault_files_in_clear(cluster: &Cluster) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for path in document::vault_paths(cluster) {
        let content = match fs::read(&path) {
            Ok(content) => Zeroizing::new(content),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::io(path, error)),
        };
        if !vault_format::is_encrypted(&content) {
            let message = format!("not encrypted: run `vault encrypt {path}`");
            findings.push(Finding { path, message });
        }
    }
    Ok(findings)
}

fn text(report: &Report, without_keys: bool) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let _ = writeln!(text, "{BAD}{}{BAD:#}: {}", finding.path, finding.message);
    }
    let checked = format!(
        "{} authorities, {} certificates, {}",
        report.authorities,
        report.leaves,
        match without_keys {
            true => "keys not checked".to_owned(),
            false => format!("{} keys opened", report.keys),
        }
    );
    let _ = match report.findings.len() {
        0 => writeln!(text, "{GOOD}ok{GOOD:#}: {checked}"),
        1 => writeln!(text, "\n1 finding in {checked}"),
        many => writeln!(text, "\n{many} findings in {checked}"),
    };
    text
}

#[derive(Serialize)]
struct Json<'a> {
    authorities: usize,
    certificates: usize,
    keys: usize,
    findings: Vec<JsonFinding<'a>>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    path: &'a str,
    message: &'a str,
}

impl<'a> From<&'a Report> for Json<'a> {
    fn from(report: &'a Report) -> Self {
        let findings = report.findings.iter();
        Self {
            authorities: report.authorities,
            certificates: report.leaves,
            keys: report.keys,
            findings: findings
                .map(|finding| JsonFinding {
                    path: &finding.path,
                    message: &finding.message,
                })
                .collect(),
        }
    }
}

/// The exit code that says that something was found.
const FOUND: u8 = 3;
