//! `etcdpki init`: describe, and make what the description asks for.

mod report;

use std::path::Path;
use std::process::ExitCode;
use std::thread::{self, ScopedJoinHandle};

use pki_core::Cluster;
use pki_core::converge::{self, Plan, State};
use pki_core::description::VaultFiles;
use pki_core::document::{self, Document};
use pki_core::name::Label;
use pki_core::seal::{KdfParameters, Keyring, Unlocked};
use pki_core::store::atomic::{Access, Group};
use pki_core::store::{Directory, Pki};
use time::OffsetDateTime;
use vault_format::Secret;
use zeroize::Zeroizing;

use super::args::Init;
use super::description::{self, Described};
use super::error::Error;
use super::files::{self, Old, Ready};
use super::output;
use super::secrets::{self, Generated, Source};
use report::Report;

/// Passphrases of fewer octets are warned about.
const SHORT: usize = 12;
/// The PKI directory.
pub(super) const PKI: &str = "pki";

/// Runs the command.
pub(super) fn run(arguments: &Init, directory: Option<&Path>) -> Result<ExitCode, Error> {
    let described = description::find_or_make(arguments)?;
    let now = OffsetDateTime::now_utc();
    let report = match arguments.dry_run {
        true => plan_only(&described, now)?,
        false => make(arguments, &described, now)?,
    };
    match arguments.json {
        true => output::print_json(&report)?,
        false => output::print(&report.to_text(directory))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn plan_only(described: &Described, now: OffsetDateTime) -> Result<Report, Error> {
    let pki = Pki::new(Directory::open_read_only(Path::new(PKI))?);
    let plan = converge::plan(&described.cluster, &pki, now)?;
    Ok(Report::of_plan(described, &plan))
}

fn make(arguments: &Init, described: &Described, now: OffsetDateTime) -> Result<Report, Error> {
    let cluster = &described.cluster;
    let mut pki = Pki::new(Directory::open(Path::new(PKI))?);
    // The lock on the PKI directory keeps others out of these too.
    let own_files = [description::FILE, files::GITIGNORE].into_iter();
    own_files
        .chain(secrets::GENERATED_FILES)
        .try_for_each(files::remove_leftovers)?;
    let plan = converge::plan(cluster, &pki, now)?;
    let keyring = pki.keyring()?;
    let secrets = Secrets::acquire(arguments, cluster, keyring.is_some()).inspect_err(|_| {
        // Made a moment ago for its lock, if it is empty; else this does nothing.
        let _ = std::fs::remove_dir(PKI);
    })?;
    let vault_secrets = secrets.of_vault()?;
    let mut report = Report::new(described);
    let mut group = Group::default();
    if let Some(text) = &described.new {
        group.stage_file(
            Path::new(description::FILE),
            text.as_bytes(),
            Access::Everyone,
        )?;
        report.wrote(description::FILE);
    }
    secrets.stage(&mut group, &mut report)?;
    report.plan(&plan);
    let (keys, state) = match keyring {
        Some(keyring) => {
            group.commit()?;
            let keys = keyring.unlock(&secrets::passphrase(&secrets.passphrase)?)?;
            let state = plan.apply(cluster, &mut pki, &keys, now)?;
            (keys, state)
        }
        None => first(cluster, plan, &mut pki, group, &secrets.passphrase, now)?,
    };
    for path in &state.written_bundles {
        report.wrote(path);
    }
    let documents = document::documents(cluster, &pki, &state, &keys)?;
    write_documents(cluster, &documents, &vault_secrets, &mut report)?;
    report.describe(cluster, &pki, &state, now)?;
    Ok(report)
}

/// The passphrase and the vault password, read or made.
struct Secrets {
    passphrase: Zeroizing<Vec<u8>>,
    vault_password: Zeroizing<Vec<u8>>,
    /// Of nodes whose vault files have a password of their own.
    host_passwords: Vec<(Label, Zeroizing<Vec<u8>>)>,
    generated: Vec<Generated>,
}

impl Secrets {
    fn acquire(arguments: &Init, cluster: &Cluster, sealed: bool) -> Result<Self, Error> {
        let mut generated = Vec::new();
        let mut acquire = |source: Source<'_>, new: bool, may_generate: bool| {
            let place = source
                .place_for_new()
                .filter(|_| arguments.generate_secrets);
            match place {
                Some(path) if may_generate => {
                    let made = Generated::new(path)?;
                    let secret = made.secret.clone();
                    generated.push(made);
                    Ok(secret)
                }
                Some(_) => Err(Error::NoPassphraseForKeyring { path: PKI.into() }),
                None => source.read(new),
            }
        };
        let passphrase = acquire(Source::passphrase(&arguments.passphrase), !sealed, !sealed)?;
        let vault_password = acquire(Source::vault_password(&arguments.vault), !sealed, true)?;
        let mut host_passwords = Vec::new();
        if cluster.ansible.vault_files == VaultFiles::Host {
            for node in &cluster.nodes {
                let file = secrets::host_password_file(&node.name);
                let source = Source::host_password(&file);
                host_passwords.push((node.name.clone(), acquire(source, !sealed, true)?));
            }
        }
        Ok(Self {
            passphrase,
            vault_password,
            host_passwords,
            generated,
        })
    }

    fn of_vault(&self) -> Result<VaultSecrets, Error> {
        let hosts = self.host_passwords.iter().map(|(node, password)| {
            let label = vault_format::Label::new(node.as_str()).map_err(|source| Error::Vault {
                path: secrets::host_password_file(node).into(),
                source,
            })?;
            Ok((node.clone(), label, secrets::vault_secret(password)?))
        });
        Ok(VaultSecrets {
            common: secrets::vault_secret(&self.vault_password)?,
            hosts: hosts.collect::<Result<_, Error>>()?,
        })
    }

    /// Ignored by git first, so that there is no moment in which they could be added.
    fn stage(&self, group: &mut Group, report: &mut Report) -> Result<(), Error> {
        if self.generated.is_empty() {
            return Ok(());
        }
        files::stage_ignored(&secrets::GENERATED_FILES, group)?;
        for generated in &self.generated {
            generated.stage(group)?;
            report.wrote(&generated.path.display().to_string());
        }
        Ok(())
    }
}

/// What vault files are encrypted under.
struct VaultSecrets {
    common: Secret,
    hosts: Vec<(Label, vault_format::Label, Secret)>,
}

impl VaultSecrets {
    /// The vault id and the secret of a document.
    fn of<'a>(
        &'a self,
        document: &Document,
        cluster: &'a Cluster,
    ) -> (Option<&'a vault_format::Label>, &'a Secret) {
        let own = |host: &Label| self.hosts.iter().find(|(node, ..)| node == host);
        match document.host.as_ref().and_then(own) {
            Some((_, label, secret)) => (Some(label), secret),
            None => (cluster.ansible.vault_id.as_ref(), &self.common),
        }
    }
}

/// The first run: makes everything while the passphrase is stretched, for only the keyring waits
/// for that. It is written when the passphrase that opens it is on the disk, and before all that
/// it opens.
fn first(
    cluster: &Cluster,
    plan: Plan,
    pki: &mut Pki<Directory>,
    group: Group,
    passphrase: &Zeroizing<Vec<u8>>,
    now: OffsetDateTime,
) -> Result<(Unlocked, State), Error> {
    if passphrase.len() < SHORT {
        output::note(
            "warning: the passphrase is short, and it guards every key: `--generate-secrets` makes a strong one",
        );
    }
    let passphrase = secrets::passphrase(passphrase)?;
    let keys = Unlocked::generate()?;
    let (keyring, written, issued) = thread::scope(|scope| {
        let name = cluster.name.as_str();
        let keyring =
            scope.spawn(|| Keyring::new(name, &keys, &passphrase, KdfParameters::default()));
        let written = group.commit();
        let issued = plan.issue(cluster, pki, &keys, now);
        (joined(keyring), written, issued)
    });
    written?;
    let state = issued?.commit(pki, Some(&keyring?))?;
    Ok((keys, state))
}

/// The result of a thread; its panic is ours.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// All old files are read and merged before the first is written.
fn write_documents(
    cluster: &Cluster,
    documents: &[Document],
    secrets: &VaultSecrets,
    report: &mut Report,
) -> Result<(), Error> {
    let mut changed = Vec::new();
    for document in documents {
        files::remove_leftovers(&document.path)?;
        let (label, secret) = secrets.of(document, cluster);
        let old = Old::read(document, secret)?;
        match files::merge(document, &old)?.or_else(|| old.relabelled(label)) {
            Some(text) => changed.push((document, text)),
            None => report.kept(&document.path),
        }
    }
    // Each file has a key derivation of its own.
    let ready = thread::scope(|scope| {
        let threads: Vec<_> = changed
            .iter()
            .map(|(document, text)| {
                let (label, secret) = secrets.of(document, cluster);
                scope.spawn(move || Ready::new(document, text, secret, label))
            })
            .collect();
        threads
            .into_iter()
            .map(joined)
            .collect::<Result<Vec<_>, _>>()
    })?;
    let mut group = Group::default();
    for (ready, (document, _)) in ready.iter().zip(&changed) {
        ready.stage(&mut group)?;
        report.wrote(&document.path);
    }
    Ok(group.commit()?)
}
