//! `etcdpki verify FILE…`: certificates that no description is at hand for.

use std::path::Path;

use pki_core::certificate::{AlternativeName, Certificate, ExtendedKeyUsage, bundle};
use pki_core::crl::Crl;
use pki_core::lint::{self, BundleUse, Lint, pki as rules};
use pki_core::role::{Role, Usage};
use pki_core::verify::{
    Anchors, PathValidator, Report, Revocation, RevocationDepth, Unlisted, check_name, is_signed_by,
};
use time::OffsetDateTime;

use super::view::View;
use crate::etcdpki::args::{CrlDepth, RoleArgument, Verify};
use crate::etcdpki::error::Error;
use crate::etcdpki::files;
use crate::refusal;

/// Checks every file by itself.
pub(super) fn check(arguments: &Verify, now: OffsetDateTime) -> Result<View, Error> {
    let mut report = Report::default();
    let trusted = trusted(arguments, now, &mut report)?;
    let anchors = match trusted.is_empty() {
        true => None,
        false => Some(Anchors::new(&trusted).map_err(|source| {
            let path = arguments.trust[0].clone();
            Error::Path { path, source }
        })?),
    };
    let check = Check {
        validator: validator(arguments, now, &mut report)?,
        trusted,
        anchors,
        arguments,
        now,
    };
    for path in &arguments.files {
        check.file(path, &mut report);
    }
    let paths = check.anchors.is_some();
    Ok(View::files(report, arguments.files.len(), paths))
}

/// What to do about a finding in a file that no PKI is at hand for: those of a whole PKI name
/// commands that work in its directory.
pub(super) fn hint(lint: &'static Lint) -> &'static str {
    let known = HINTS.iter().find(|(of, _)| *of == lint);
    known.map_or(lint.hint, |(_, hint)| hint)
}

const HINTS: &[(&Lint, &str)] = &[
    (
        &rules::AUTHORITY_NOT_VALID,
        "check the clock, or --at; have the authority renewed by whoever issued it",
    ),
    (
        &rules::NAME,
        "have it issued with that name by whoever issued it, or dial it by a name that it carries",
    ),
    (
        &rules::PATH,
        "name the authority that signed it with --trust, and put the intermediates behind it into the file; have it issued anew if it has expired or is for something else",
    ),
    (
        &rules::SIGNATURE,
        "put the authority that signed it into the file or into --trust, or restore the file from a copy",
    ),
    (
        &rules::UNREADABLE,
        "is it the file that was meant? `etcdpki inspect FILE` tells what it is; restore it from a copy if it was damaged",
    ),
];

struct Check<'a> {
    arguments: &'a Verify,
    trusted: Vec<Certificate>,
    anchors: Option<Anchors>,
    validator: PathValidator,
    now: OffsetDateTime,
}

impl Check<'_> {
    fn file(&self, path: &Path, report: &mut Report) {
        let content = files::read_input(path).map_err(|error| match error {
            Error::Io { source, .. } => match refusal::advice(&source, Some(path)) {
                Some(advice) => format!("{source}; {advice}"),
                None => source.to_string(),
            },
            error => error.to_string(),
        });
        let path = path.display().to_string();
        let chain = match content.and_then(|content| certificates(&content)) {
            Ok(chain) => chain,
            Err(message) => {
                report.found(&path, &rules::UNREADABLE, message);
                return;
            }
        };
        self.rules(&path, &chain, report);
        let Some(first) = chain.first() else {
            return;
        };
        if let Some(role) = self.arguments.role {
            let (role, grpc_gateway) = role.meaning();
            add(report, &path, first, lint::role(first, role, grpc_gateway));
        }
        for name in &self.arguments.names {
            if let Err(error) = check_name(first, &AlternativeName::from(name.clone())) {
                report.found(&path, &rules::NAME, format!("`{name}`: {error}"));
            }
        }
        match first.authority.is_some() {
            true => self.authorities(&path, &chain, report),
            false => self.paths(&path, &chain, report),
        }
    }

    /// Each certificate by itself and against the one after it.
    fn rules(&self, path: &str, chain: &[Certificate], report: &mut Report) {
        for (place, certificate) in chain.iter().enumerate() {
            match certificate.authority.is_some() {
                true => report.authorities += 1,
                false => report.leaves += 1,
            }
            let mut violations = lint::certificate(certificate);
            if let Some(issuer) = chain.get(place + 1) {
                violations.extend(lint::issued(certificate, issuer));
            }
            add(report, path, certificate, violations);
        }
    }

    fn paths(&self, path: &str, chain: &[Certificate], report: &mut Report) {
        let Some(anchors) = &self.anchors else {
            if !chain[0].validity.contains(self.now) {
                report.found(path, &rules::PATH, "it is not valid at this time");
            }
            return;
        };
        for usage in self.usages(&chain[0]) {
            if let Err(error) = self.validator.validate(chain, anchors, usage, self.now) {
                report.found(path, &rules::PATH, format!("as {usage}: {error}"));
            }
        }
    }

    /// A CA file: each signed by the next or by one that is trusted.
    fn authorities(&self, path: &str, chain: &[Certificate], report: &mut Report) {
        for certificate in chain {
            let subject = &certificate.subject;
            if !certificate.validity.contains(self.now) {
                let message = format!("`{subject}` is not valid at this time");
                report.found(path, &rules::AUTHORITY_NOT_VALID, message);
            }
            let issuers = chain.iter().chain(&self.trusted);
            let named: Vec<_> = issuers
                .filter(|issuer| certificate.names_issuer(issuer))
                .collect();
            if !named.is_empty() && !named.iter().any(|issuer| is_signed_by(certificate, issuer)) {
                let message = format!(
                    "the signature of `{subject}` is not that of its issuer, or made with a key or \
                     digest too weak to count (RSA of less than 2048 bits, SHA-1)"
                );
                report.found(path, &rules::SIGNATURE, message);
            }
        }
    }

    /// What it is for: by its role, by itself, or for both where it does not say.
    fn usages(&self, leaf: &Certificate) -> Vec<Usage> {
        if let Some(role) = self.arguments.role {
            let (role, grpc_gateway) = role.meaning();
            return role.usages(grpc_gateway).to_vec();
        }
        let listed = |usage: &Usage| {
            leaf.extended_key_usages
                .contains(&ExtendedKeyUsage::Known(*usage))
        };
        let both = [Usage::ServerAuth, Usage::ClientAuth];
        let usages: Vec<Usage> = both.into_iter().filter(listed).collect();
        match usages.is_empty() {
            true => both.to_vec(),
            false => usages,
        }
    }
}

impl RoleArgument {
    fn meaning(self) -> (Role, bool) {
        match self {
            Self::Client => (Role::Client, true),
            Self::Peer => (Role::Peer, true),
            Self::Server => (Role::Server, true),
            Self::ServerWithoutGateway => (Role::Server, false),
        }
    }
}

fn trusted(
    arguments: &Verify,
    now: OffsetDateTime,
    report: &mut Report,
) -> Result<Vec<Certificate>, Error> {
    let mut trusted = Vec::new();
    for path in &arguments.trust {
        let content = files::read_input(path)?;
        let name = path.display().to_string();
        if content.first() != Some(&DER_SEQUENCE) {
            for violation in lint::trust(&content, BundleUse::Members, now) {
                report.found(&name, violation.lint, violation.message);
            }
        }
        match certificates(&content) {
            Ok(certificates) => trusted.extend(certificates),
            Err(message) => report.found(&name, &rules::UNREADABLE, message),
        }
    }
    Ok(trusted)
}

fn validator(
    arguments: &Verify,
    now: OffsetDateTime,
    report: &mut Report,
) -> Result<PathValidator, Error> {
    let mut lists = Vec::new();
    for path in &arguments.crl {
        let failed = |source| Error::RevocationList {
            path: path.clone(),
            source,
        };
        let list = Crl::read(&files::read_input(path)?).map_err(failed)?;
        for violation in lint::crl(&list, now) {
            report.found(
                &path.display().to_string(),
                violation.lint,
                violation.message,
            );
        }
        report.revoked = Some(report.revoked.unwrap_or(0) + list.entries.len());
        lists.push(list);
    }
    let Some(path) = arguments.crl.first() else {
        return Ok(PathValidator::new());
    };
    let depth = match arguments.crl_depth {
        CrlDepth::Chain => RevocationDepth::Chain,
        CrlDepth::Leaf => RevocationDepth::Leaf,
    };
    let revocation = Revocation::new(&lists, depth, Unlisted::Refuse);
    let failed = |source| Error::Path {
        path: path.clone(),
        source,
    };
    Ok(PathValidator::new().with_revocation(revocation.map_err(failed)?))
}

fn certificates(content: &[u8]) -> Result<Vec<Certificate>, String> {
    if content.first() == Some(&DER_SEQUENCE) {
        let certificate = Certificate::from_der(content).map_err(|error| error.to_string())?;
        return Ok(vec![certificate]);
    }
    bundle::read(content).map_err(|error| error.to_string())
}

fn add(
    report: &mut Report,
    path: &str,
    certificate: &Certificate,
    violations: Vec<lint::Violation>,
) {
    for violation in violations {
        let message = format!("`{}`: {}", certificate.subject, violation.message);
        report.found(path, violation.lint, message);
    }
}

/// The first octet of every certificate as DER.
const DER_SEQUENCE: u8 = 0x30;
