//! Everything that can fail, each with what to do next.

mod hint;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use pki_core::adopt::AdoptError;
use pki_core::certificate::bundle::InvalidPem;
use pki_core::converge::ConvergeError;
use pki_core::crl::InvalidCrl;
use pki_core::csr::{InvalidRequest, NoOwner, PolicyError};
use pki_core::description::DescriptionError;
use pki_core::document::MergeError;
use pki_core::etcd::settings::InvalidSettings;
use pki_core::export::ExportError;
use pki_core::hierarchy::AuthorityName;
use pki_core::import::ImportError;
use pki_core::inspect::InspectError;
use pki_core::key::KeyError;
use pki_core::leaf::LeafId;
use pki_core::revocation::{Carried, NotOnHold, UnfitReason};
use pki_core::rotation::RotationError;
use pki_core::seal::{SealError, SlotError, SlotName};
use pki_core::store::StoreError;
use pki_core::store::atomic::WriteError;
use pki_core::verify::PathError;

#[cfg(feature = "etcd")]
use super::agent::AgentError;
use super::description::Surroundings;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Adopt(#[from] AdoptError),
    #[error("{path}: the description asks for another chain of authorities than the one found, {found}: set `levels` of authorities in it", path = .path.display())]
    AdoptedChain { path: PathBuf, found: String },
    #[error(
        "members would refuse clients that have not loaded what the steps before made for them ({what}), and nobody here can ask them: bring it to every client, then run this again with --clients-ready"
    )]
    ClientsNotReady { what: String },
    #[cfg(feature = "etcd")]
    #[error(transparent)]
    Copy(#[from] pki_core::store::copy::CopyError),
    #[error(transparent)]
    Converge(#[from] ConvergeError),
    #[error(
        "{id}: {option} is for certificates that are not described: what this one carries stands in etcdpki.yml"
    )]
    DescribedLeaf { id: String, option: &'static str },
    #[error(
        "--csr: {id} is described, and what is described has its key here, for the vault files install it: {way}"
    )]
    DescribedRequest { id: LeafId, way: String },
    #[error("{path}{}: {source}", .source.position.map(|at| format!(":{at}")).unwrap_or_default(), path = .path.display())]
    Description {
        path: PathBuf,
        source: DescriptionError,
    },
    #[error(
        "no etcdpki.yml in {}; there is one in {}: use -C {}",
        .0.here.display(), .0.above.display(), .0.above.display()
    )]
    DescriptionAbove(Surroundings),
    #[error("{}: this file, which says what the PKI in pki/ is, is missing", .path.display())]
    DescriptionLost { path: PathBuf },
    #[error(
        "{}: this is the description of a run of `init` that was killed, and examples would take its place: give the options of that run again, or remove this file",
        .path.display()
    )]
    DescribedByKilled { path: PathBuf },
    #[error("{}: another program wrote it meanwhile, and nothing was made: run this again", .path.display())]
    DescribedMeanwhile { path: PathBuf },
    #[error("{option} says {given}, and {path} says {described}: edit {path}, or leave the option out", path = .path.display())]
    DescribedOtherwise {
        path: PathBuf,
        option: &'static str,
        given: String,
        described: String,
    },
    #[cfg(feature = "age")]
    #[error("the escrow file {} does not open to the root's key with {}: name the identity of one of its recipients", .path.display(), .identity.display())]
    EscrowUnproved { path: PathBuf, identity: PathBuf },
    #[cfg(feature = "age")]
    #[error("{}: there is a file already, and it may hold another key: choose another name", .path.display())]
    Exists { path: PathBuf },
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(
        "{}: there already, and nothing was written: choose another place, or overwrite files with --force",
        listed(.paths)
    )]
    ExportExists { paths: Vec<PathBuf> },
    #[error(
        "{}: the format makes {count} files here, and it takes one: name a directory", .out.display()
    )]
    ExportTakesOne { out: PathBuf, count: usize },
    #[error(
        "-o -: a private key is not printed to a terminal: name a file, or insist with --force"
    )]
    ExportToTerminal,
    #[cfg(feature = "age")]
    #[error("{}: {source}", .path.display())]
    Identity {
        path: PathBuf,
        source: pki_core::seal::InvalidIdentities,
    },
    #[error(
        "{path}: the JSON report could not be written: {source}",
        path = "standard output"
    )]
    Json { source: serde_json::Error },
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error("{}: {source}", .path.display())]
    Inspect { path: PathBuf, source: InspectError },
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: {source}", .path.display())]
    Key { path: PathBuf, source: KeyError },
    #[error(
        "--key-out: the key of a described certificate is in the vault files: leave the option out"
    )]
    KeyInVault,
    #[error(
        "certificates/{id}: its key is not here, for whoever made the request has it: export it with --without-keys"
    )]
    KeyWithRequester { id: String },
    #[error("--key-out -: a private key is not written to a terminal or a pipe: name a file")]
    KeyToStdout,
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
    #[error("{}: {source}", .path.display())]
    Merge { path: PathBuf, source: MergeError },
    /// By a signal: Ctrl-C, where something was asked for or what was begun could be taken back.
    #[error("interrupted")]
    Interrupted { signal: i32 },
    #[error(
        "a step of a rotation was cut short, so that there is no plan yet: run `etcdpki rotate ca {authority}` without --plan, which completes it and makes no other"
    )]
    StepCutShort { authority: AuthorityName },
    #[error("no {what}: {hint}")]
    NoSecret { what: &'static str, hint: String },
    #[error(
        "{names}: no such client is described: name one of `clients` in etcdpki.yml with {option}, or add it there and run `etcdpki init`"
    )]
    NoClient { option: &'static str, names: String },
    #[error(
        "{owner}: no certificate of it is here: `etcdpki status` lists what there is; write OWNER or OWNER/ROLE"
    )]
    NoOwnerToExport { owner: String },
    #[error("{}: no description here", .path.display())]
    NoDescription { path: PathBuf },
    #[error("--out is missing: the certificate is not kept here, so say where it is to be written")]
    NoOut,
    #[error("in what the options say: {source}")]
    Options { source: DescriptionError },
    #[error("{}: {source}: name the owner, as in `etcdpki issue OWNER --csr …`", .path.display())]
    NoOwner { path: PathBuf, source: NoOwner },
    #[error(
        "no authority waits for its certificate here: run `etcdpki ca request` first, or take one in with `etcdpki ca import`"
    )]
    NoRequest,
    #[error(
        "{owner} is not described with any role: say which one is meant with --role client, peer or server"
    )]
    NoRole { owner: String },
    #[error("neither XDG_DATA_HOME nor HOME is set, so it is not known where yours are")]
    NoHome,
    #[error("`{name}`: there is no manual page of this name")]
    NoManual { name: String },
    #[error("{}: no PKI here", .path.display())]
    NoPki { path: PathBuf },
    #[error("{}: this PKI is sealed already, so no new passphrase can be made for it", .path.display())]
    NoPassphraseForKeyring { path: PathBuf },
    #[error("{}: this file is encrypted already, and a new vault password would not open it", .path.display())]
    NoPasswordForVault { path: PathBuf },
    #[error("{}: the file is not encrypted", .path.display())]
    NotEncrypted { path: PathBuf },
    #[error("{}: the file is not text", .path.display())]
    NotText { path: PathBuf },
    #[error("{option}: no certificate of `{owner}` is here: there are {known}")]
    NothingToIssueAgain {
        owner: String,
        option: &'static str,
        known: String,
    },
    #[error("`{wanted}`: {reason}")]
    NothingToRevoke { wanted: String, reason: String },
    #[error(transparent)]
    NotOnHold(#[from] NotOnHold),
    #[error("`{code}`: no finding has this code: {hint}")]
    NoSuchCode { code: String, hint: String },
    #[error("the operating system gave no random numbers: {0}")]
    Random(getrandom::Error),
    #[error("{what}: {reason}")]
    Password {
        what: &'static str,
        reason: String,
        /// Where it could be had from.
        hint: Option<String>,
    },
    #[error("{}: {source}", .path.display())]
    Pem { path: PathBuf, source: InvalidPem },
    #[error("{}: {source}", .path.display())]
    Policy { path: PathBuf, source: PolicyError },
    #[error(
        "certificates/{id} is there already: issue it again with the same key, --renew, or with a new one, --rekey"
    )]
    RenewOrRekey { id: String },
    #[error("{}: {source}", .path.display())]
    Request {
        path: PathBuf,
        source: InvalidRequest,
    },
    #[error("{}: {source}", .path.display())]
    Path { path: PathBuf, source: PathError },
    #[error("{}: {source}", .path.display())]
    RevocationList { path: PathBuf, source: InvalidCrl },
    #[error(
        "slot `{slot}` is for age recipients: name them again, with --recipient, or give it a passphrase"
    )]
    RecipientsNeeded { slot: SlotName },
    #[error("slot `{slot}` stays as it is, since nothing shows that another one opens: {source}")]
    OthersUnproved { slot: SlotName, source: SealError },
    #[cfg(feature = "age")]
    #[error(
        "there is no root authority: run `etcdpki init` to make it; with `authorities: {{ levels: 1 }}` there is none to be kept apart, for the etcd authority signs itself and every certificate"
    )]
    NoRoot,
    #[error("{}: {source}: remove it, and files that were edited are kept until --force is given", .path.display())]
    Record {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("the query on standard input: {0}")]
    Query(String),
    #[error("`{0}` is no node of the description: write one of those under `nodes` in etcdpki.yml")]
    NotANode(String),
    #[error(
        "not every member has loaded what {}:\n  {}\nbring it to the hosts (ansible-playbook etcd.yml), then run this again, or with --wait 10m; a member that is down is left out by --without NODE",
        match is_first { true => "is in pki/", false => "the step before brought" }, .behind.join("\n  ")
    )]
    MembersBehind {
        behind: Vec<String>,
        /// Whether no step was made yet.
        is_first: bool,
    },
    #[error("{left} of {of} members are no quorum: no more can be left out by --without")]
    NoQuorum { left: usize, of: usize },
    #[cfg(feature = "etcd")]
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error(transparent)]
    Rotation(#[from] RotationError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(
        "a second PKI would be made in {}, inside of that of {}",
        .0.here.display(), .0.above.display()
    )]
    SecondPki(Surroundings),
    #[error("{owner} has several roles, and --out takes one certificate: say which with --role")]
    SeveralRoles { owner: String },
    #[error("--signer-command: {reason}")]
    Signer { reason: String },
    #[error(transparent)]
    Slot(#[from] SlotError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "`{}` is not revoked without --stop-cluster: {} are sent along with it, such as {}, and etcd refuses whoever sends a revoked certificate, so members would refuse each other",
        .carried.certificate.subject, carriers(.carried), .carried.leaves.first().map(ToString::to_string).unwrap_or_default()
    )]
    StopsCluster { carried: Box<Carried> },
    #[error("a template could not be filled in: {0}")]
    Template(#[from] minijinja::Error),
    #[error(transparent)]
    UnfitReason(#[from] UnfitReason),
    #[error(
        "`{name}` is none of {what} of {}: they are {known}",
        super::description::FILE
    )]
    Undescribed {
        what: &'static str,
        name: String,
        known: String,
    },
    /// The keys do not open, of a PKI that can be checked without them.
    #[error(transparent)]
    Unopened(Box<Self>),
    #[error("{0}")]
    Usage(String),
    #[error("{source}")]
    WrongPassphrase {
        source: SealError,
        /// Where it came from.
        origin: String,
    },
    #[error("{}: {source}", .path.display())]
    Vault {
        path: PathBuf,
        source: vault_format::Error,
    },
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        Self::Io {
            path: error.path,
            source: error.source,
        }
    }
}

impl Error {
    /// How the command ends.
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Interrupted { signal } => by_signal(*signal),
            Self::Unopened(error) => error.exit_code(),
            Self::Usage(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }

    /// Of a PKI that can be checked without its keys.
    pub(super) fn unopened(self) -> Self {
        match self {
            Self::Interrupted { .. } => self,
            other => Self::Unopened(Box::new(other)),
        }
    }

    /// Whether it is another secret that opens what one was read for.
    pub(super) fn is_wrong_secret(&self) -> bool {
        matches!(
            self,
            Self::Key {
                source: KeyError::WrongPassphrase,
                ..
            } | Self::Seal(SealError::WrongPassphrase)
                | Self::Vault {
                    source: vault_format::Error::DecryptFailed,
                    ..
                }
        )
    }

    /// An error of the operating system about a path.
    pub(super) fn io(path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Io {
            path: path.as_ref().to_owned(),
            source,
        }
    }

    /// Whether the reader of our output went away.
    pub(super) fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Io { path, source } => {
                path == Path::new(STDOUT) && source.kind() == io::ErrorKind::BrokenPipe
            }
            Self::Json { source } => source.io_error_kind() == Some(io::ErrorKind::BrokenPipe),
            _ => false,
        }
    }
}

fn listed(paths: &[PathBuf]) -> String {
    let texts: Vec<String> = paths.iter().map(|one| one.display().to_string()).collect();
    texts.join(", ")
}

fn carriers(carried: &Carried) -> String {
    match carried.leaves.len() {
        1 => "1 certificate in use".to_owned(),
        many => format!("{many} certificates in use"),
    }
}

/// As a shell has it of a program that a signal ended: 128, and the signal's number.
fn by_signal(signal: i32) -> ExitCode {
    u8::try_from(128 + signal).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// What standard output is called in messages.
pub(super) const STDOUT: &str = "standard output";
