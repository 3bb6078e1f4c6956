//! `etcdpki init`: describe, and make what the description asks for.

mod outlook;
mod report;
mod step;
mod written;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::{self, ScopedJoinHandle};

use pki_core::Cluster;
use pki_core::converge::{self, ConvergeError, Plan, State, Terms};
use pki_core::description::VaultFiles;
use pki_core::document::{self, AnsibleRole, Document};
use pki_core::hierarchy::AuthorityName;
use pki_core::leaf::LeafId;
use pki_core::name::Label;
use pki_core::rotation::{self, LeftBehind, Procedure, RotationError, Underway};
use pki_core::seal::{KdfParameters, Keyring, Passphrase, Unlocked};
use pki_core::store::atomic::{Access, Group};
use pki_core::store::{Pki, Staged, StoredLeaf};
use time::OffsetDateTime;
use vault_format::Secret;
use zeroize::Zeroizing;

use super::args::{Init, KeyArguments, VaultArguments};
use super::description::{self, Described};
use super::error::Error;
use super::files::{self, Old, Ready};
use super::rotate::barrier::Barrier;
use super::secrets::{self, Generated, Source};
use super::{interrupt, keys, opened, output};
use crate::envelope;
use crate::etcdpki::place::Kept;
use outlook::Outlook;
use report::Report;

/// Runs the command.
pub(super) fn run(arguments: &Init, directory: Option<&Path>) -> Result<ExitCode, Error> {
    let init = || {
        let described = description::find_or_make(arguments)?;
        let arguments = Work {
            command: "init",
            keys: &arguments.keys,
            vault: &arguments.vault,
            generate_secrets: arguments.generate_secrets,
            renewals: Renewals::None,
            dry_run: arguments.dry_run,
            json: arguments.json,
        };
        work(&arguments, &described, directory)
    };
    match init() {
        // By another one, whose description counts now, as if it had been there from the start.
        Err(Error::DescribedMeanwhile { .. }) => init(),
        result => result,
    }
}

/// How the command is run for what comes next: without a vault password it would stop.
pub(super) fn next_command() -> &'static str {
    match Source::vault_password_by_default().place_for_new() {
        Some(_) => "etcdpki init --generate-secrets",
        None => "etcdpki init",
    }
}

/// What `init` and `issue` have in common: to make what a description asks for.
pub(super) struct Work<'a> {
    /// The name of the command, for the journal.
    pub(super) command: &'static str,
    pub(super) keys: &'a KeyArguments,
    pub(super) vault: &'a VaultArguments,
    pub(super) generate_secrets: bool,
    pub(super) renewals: Renewals,
    pub(super) dry_run: bool,
    pub(super) json: bool,
}

/// Leaves that are issued though they are there and fit.
pub(super) enum Renewals {
    /// None.
    None,
    /// These.
    Asked(Vec<(LeafId, Terms)>),
    /// Those whose renewal has come.
    Due,
    /// None, nor anything else but what the last step of a rotation left undone that was cut short.
    Left,
    /// Those that a step of the rotation of an authority asks for.
    Step(Turn),
}

impl Renewals {
    /// Whether nothing is to be made but what a step that was killed left undone. What is to be taken
    /// back is made when the keys are open, where it is not taken back already.
    fn are_of_what_is_left(&self) -> bool {
        matches!(self, Self::Left | Self::Step(Turn::Back))
    }

    /// The report, if there was something to do for who asked for it.
    fn expect_some(&self, report: Report) -> Result<Report, Error> {
        match self {
            Self::Step(_) if report.is_idle() => Err(RotationError::NothingUnderway.into()),
            _ => Ok(report),
        }
    }
}

/// Which way the rotation of an authority goes.
pub(super) enum Turn {
    Back,
    Next {
        authority: AuthorityName,
        procedure: Procedure,
        /// Where the rotation stood when it was planned.
        planned_at: Option<Underway>,
        /// The generation that was in use then.
        generation: Option<u32>,
        /// What clients must have loaded before it, and nobody says that they have.
        clients_lack: Vec<&'static str>,
        /// What they must have loaded before the one after it.
        clients_need_next: Vec<&'static str>,
        /// What was issued by hand and does not hold any more after it.
        breaks: Vec<LeftBehind>,
        /// What every member must have loaded before it; none if nobody is to be asked.
        barrier: Option<Box<Barrier>>,
    },
}

/// Does the work and tells of it.
pub(super) fn work(
    arguments: &Work<'_>,
    described: &Described,
    directory: Option<&Path>,
) -> Result<ExitCode, Error> {
    let now = OffsetDateTime::now_utc();
    let report = match arguments.dry_run {
        true => plan_only(arguments, described, now)?,
        false => make(arguments, described, now)?,
    };
    match arguments.json {
        true => output::print_json(&report)?,
        // That no step is left was said, and all there is to say.
        false if matches!(arguments.renewals, Renewals::Left) && report.is_idle() => {}
        false => output::print(&report.to_text(directory, output::width()))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn plan(
    arguments: &Work<'_>,
    cluster: &Cluster,
    pki: &Pki<Kept>,
    now: OffsetDateTime,
) -> Result<Plan, Error> {
    let mut plan = converge::plan(cluster, pki, now)?;
    match &arguments.renewals {
        Renewals::Left | Renewals::None | Renewals::Step(_) => {}
        Renewals::Asked(asked) => {
            for (id, terms) in asked {
                plan.renew(id, *terms)?;
            }
        }
        Renewals::Due => {
            let renewals = converge::renewals(cluster, pki)?;
            for renewal in renewals.iter().filter(|renewal| renewal.is_due(now)) {
                plan.rotate(renewal)?;
            }
        }
    }
    Ok(plan)
}

fn plan_only(
    arguments: &Work<'_>,
    described: &Described,
    now: OffsetDateTime,
) -> Result<Report, Error> {
    let pki = opened::read_only()?;
    let plan = plan(arguments, &described.cluster, &pki, now)?;
    let outlook = Outlook::of(arguments, described, &pki, &plan)?;
    let mut report = Report::of_plan(arguments.command, described, &plan, outlook);
    // When what is to be made falls due is known when it is there.
    if plan.actions().is_empty() {
        let state = State::read(&described.cluster, &pki)?;
        report.next_renewal(&described.cluster, &state);
    }
    Ok(report)
}

fn make(arguments: &Work<'_>, described: &Described, now: OffsetDateTime) -> Result<Report, Error> {
    let mut pki = opened::writable(arguments.command)?;
    described
        .check_unchanged()
        .and_then(|()| described.check_drafts())
        .and_then(|()| make_in(&mut pki, arguments, described, now))
        .inspect_err(|_| opened::discard_empty())
}

fn make_in(
    pki: &mut Pki<Kept>,
    arguments: &Work<'_>,
    described: &Described,
    now: OffsetDateTime,
) -> Result<Report, Error> {
    let cluster = &described.cluster;
    // The lock on the PKI directory keeps others out of these too.
    let own_files = [description::FILE, files::GITIGNORE].into_iter();
    own_files
        .chain(secrets::GENERATED_FILES)
        .try_for_each(files::remove_leftovers)?;
    let is_underway = || Ok::<_, Error>(rotation::standing(cluster, pki)?.underway.is_some());
    let ahead = match &arguments.renewals {
        // Its authorities are made when the keys are open. One that was killed after it took a step
        // back is to do what follows from that.
        Renewals::Step(turn) if !matches!(turn, Turn::Back) || is_underway()? => Err(turn),
        _ => Ok(plan(arguments, cluster, pki, now)?),
    };
    let keyring = pki.keyring()?;
    let secrets = Secrets::acquire(arguments, cluster, pki, keyring.as_ref())?;
    let vault_secrets = secrets.of_vault()?;
    let mut report = Report::new(arguments.command, described);
    let (keys, new_keyring) = match secrets.sealing {
        Sealing::Opened(keys) => (keys, None),
        Sealing::New(passphrase) => (Unlocked::generate()?, Some(passphrase)),
    };
    let plan = match ahead {
        Ok(plan) if arguments.renewals.are_of_what_is_left() && !plan.lags() => {
            match State::read(cluster, pki) {
                Ok(state) if vaults_are_behind(cluster, pki, &state, &keys, &vault_secrets)? => {
                    plan
                }
                Ok(state) => {
                    conclude(cluster, pki, &state, &keys, &mut report, now)?;
                    return arguments.renewals.expect_some(report);
                }
                // What is described since and was never made is no part of the rotation.
                Err(ConvergeError::Incomplete(_)) => {
                    return arguments.renewals.expect_some(report);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(plan) => plan,
        Err(turn) => {
            let is_behind = match turn {
                Turn::Next { .. } => {
                    let state = State::read(cluster, pki)?;
                    vaults_are_behind(cluster, pki, &state, &keys, &vault_secrets)?
                }
                Turn::Back => false,
            };
            let (planned, told) = step::plan(turn, is_behind, cluster, pki, &keys, now)?;
            report.rotation = told;
            planned
        }
    };
    report.plan(&plan);
    // Nobody is asked or waited for any more.
    let held = interrupt::hold();
    let mut group = Group::default();
    if described.is_new {
        group.stage_file(
            Path::new(description::FILE),
            &described.text,
            Access::Everyone,
        )?;
    }
    secrets::stage_generated(&secrets.generated, keyring.is_none(), &mut group)?;
    report.wrote_all(&group);
    let (state, staged, made) = thread::scope(|scope| {
        // Everything is made while the passphrase is stretched: only the keyring waits for that.
        let keyring = new_keyring.as_ref().map(|passphrase| {
            let name = cluster.name.as_str();
            scope.spawn(|| Keyring::new(name, &keys, passphrase, KdfParameters::default()))
        });
        if keyring.is_some() {
            report.wrote(pki.locate_keyring());
        }
        let write = || {
            let mut secrets = group;
            secrets.sync()?;
            let made = stage(plan, cluster, pki, &keys, &vault_secrets, &mut report, now)?;
            held.check()?;
            secrets.commit()?;
            Ok::<_, Error>(made)
        };
        let made = write();
        let keyring = keyring.map(joined).transpose();
        let made = made?;
        // Written when the passphrase that opens it is on the disk, and before all that it opens.
        if let Some(keyring) = keyring? {
            pki.put_keyring(&keyring)?;
        }
        Ok::<_, Error>(made)
    })?;
    // A certificate is kept before it is handed out.
    pki.finish(staged)?;
    made.commit()?;
    drop(held);
    pki.store().describe(&described.text)?;
    for (path, reason) in &state.lists.unsigned {
        output::note(&format!("note: {path} was not signed anew: {reason}"));
    }
    conclude(cluster, pki, &state, &keys, &mut report, now)?;
    Ok(report)
}

/// Hands on what the PKI holds, and tells of it.
#[cfg_attr(
    not(feature = "etcd"),
    expect(unused_variables, reason = "agents fetch from a store on etcd")
)]
fn conclude(
    cluster: &Cluster,
    pki: &mut Pki<Kept>,
    state: &State,
    keys: &Unlocked,
    report: &mut Report,
    now: OffsetDateTime,
) -> Result<(), Error> {
    if files::write_list(pki)? {
        report.wrote(files::LIST.to_owned());
    }
    report.describe(cluster, pki, state, now)?;
    #[cfg(feature = "etcd")]
    super::agent::hand_out(cluster, pki, keys)?;
    Ok(())
}

/// Whether a vault file holds something else than the PKI: a command was killed between the two.
fn vaults_are_behind(
    cluster: &Cluster,
    pki: &Pki<Kept>,
    state: &State,
    keys: &Unlocked,
    secrets: &VaultSecrets,
) -> Result<bool, Error> {
    let key = |leaf: &StoredLeaf| Ok(pki.leaf_key(leaf, keys)?.to_pem());
    for document in document::documents(cluster, state, key)? {
        let (_, secret) = secrets.of(&document, cluster);
        if files::merge(&document, &Old::read(&document, secret)?)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes what is planned, and the vault files that follow from it, and writes all of it beside
/// its place.
fn stage(
    plan: Plan,
    cluster: &Cluster,
    pki: &Pki<Kept>,
    keys: &Unlocked,
    secrets: &VaultSecrets,
    report: &mut Report,
    now: OffsetDateTime,
) -> Result<(State, Staged, Group), Error> {
    let before = match plan.is_step() {
        true => Some(State::read(cluster, pki)?),
        false => None,
    };
    let issued = plan.issue(cluster, pki, keys, now)?;
    if let Some(before) = before {
        step::prove(cluster, pki, &before, issued.state(), report, now)?;
    }
    let key = |leaf: &StoredLeaf| issued.key(leaf, pki, keys);
    let documents = document::documents(cluster, issued.state(), key)?;
    let mut group = Group::default();
    let (state, staged) = issued.stage(pki, &mut group)?;
    report.wrote_in(pki, &staged);
    group.barrier();
    stage_documents(cluster, &documents, secrets, &mut group, report)?;
    report.wrote_all(&group);
    group.sync()?;
    Ok((state, staged, group))
}

/// What seals the keys, and the vault password, read or made.
struct Secrets {
    sealing: Sealing,
    vault_password: Zeroizing<Vec<u8>>,
    /// Of nodes whose vault files have a password of their own.
    host_passwords: Vec<(Label, Zeroizing<Vec<u8>>)>,
    generated: Vec<Generated>,
}

enum Sealing {
    /// The passphrase of a keyring to be made.
    New(Passphrase),
    /// The keyring that there is.
    Opened(Unlocked),
}

impl Secrets {
    fn acquire(
        arguments: &Work<'_>,
        cluster: &Cluster,
        pki: &Pki<Kept>,
        keyring: Option<&Keyring>,
    ) -> Result<Self, Error> {
        let mut generated = Vec::new();
        let mut acquire = |source: Source<'_>, new: bool, opens: Option<PathBuf>| {
            let place = source.place_for_new();
            match place.filter(|_| arguments.generate_secrets) {
                Some(path) => {
                    if let Some(path) = opens {
                        return Err(Error::NoPasswordForVault { path });
                    }
                    let made = Generated::new(path)?;
                    let secret = made.secret.clone();
                    generated.push(made);
                    Ok(secret)
                }
                None => match opens {
                    Some(path) => source.read_right(|password| files::opens(&path, password)),
                    None => source.read(new),
                },
            }
        };
        let passphrase = Source::passphrase(&arguments.keys.passphrase);
        let mut chosen = None;
        let sealing = match keyring {
            Some(keyring) => Sealing::Opened(keys::open_existing(
                arguments.keys,
                arguments.generate_secrets,
                pki,
                keyring,
            )?),
            None => {
                let secret = acquire(passphrase, true, None)?;
                let passphrase = secrets::new_passphrase(&secret)?;
                chosen = Some(secret);
                Sealing::New(passphrase)
            }
        };
        let is_new = keyring.is_none();
        let mut acquire_for = |what: &str, source: Source<'_>, encrypted: Option<PathBuf>| {
            // What is encrypted was so under a password that was chosen before.
            let is_first = is_new && encrypted.is_none();
            let password = acquire(source, is_new, encrypted)?;
            if is_first {
                secrets::warn_of_vault_password(what, &password);
            }
            Ok::<_, Error>(password)
        };
        let vault = Source::vault_password(arguments.vault);
        let roles = AnsibleRole::ALL.map(|role| PathBuf::from(role.vault_path()));
        let encrypted = roles.into_iter().find(|path| envelope::is_at(path));
        let vault_password = acquire_for("vault password", vault, encrypted)?;
        if chosen.as_ref() == Some(&vault_password) {
            output::note(
                "warning: the passphrase is the vault password, too: whoever finds that for one vault file has every key; take two",
            );
        }
        let mut host_passwords = Vec::new();
        if cluster.ansible.vault_files == VaultFiles::Host {
            for node in &cluster.nodes {
                let file = secrets::host_password_file(&node.name);
                let vault = PathBuf::from(document::host_vault_path(&node.name));
                let encrypted = Some(vault).filter(|path| envelope::is_at(path));
                let what = format!("vault password of {}", node.name);
                let source = Source::host_password(&file);
                let password = acquire_for(&what, source, encrypted)?;
                host_passwords.push((node.name.clone(), password));
            }
        }
        Ok(Self {
            sealing,
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

/// The result of a thread; its panic is ours.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// All old files are read and merged before the first is written.
fn stage_documents(
    cluster: &Cluster,
    documents: &[Document],
    secrets: &VaultSecrets,
    group: &mut Group,
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
    ready.iter().try_for_each(|ready| ready.stage(group))
}
