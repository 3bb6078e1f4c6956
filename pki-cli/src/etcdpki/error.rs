//! Everything that can fail, each with what to do next.

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
use pki_core::import::ImportError;
use pki_core::inspect::InspectError;
use pki_core::key::KeyError;
use pki_core::leaf::LeafId;
use pki_core::name::San;
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
    #[error("{option} says {given}, and {path} says {described}: edit {path}, or leave the option out", path = .path.display())]
    DescribedOtherwise {
        path: PathBuf,
        option: &'static str,
        given: String,
        described: String,
    },
    #[cfg(feature = "age")]
    #[error("the escrow file {} does not open to the root's key with {}", .path.display(), .identity.display())]
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
            Self::Unopened(error) => error.exit_code(),
            Self::Usage(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }

    /// Of a PKI that can be checked without its keys.
    pub(super) fn unopened(self) -> Self {
        Self::Unopened(Box::new(self))
    }

    /// An error of the operating system about a path.
    pub(super) fn io(path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Io {
            path: path.as_ref().to_owned(),
            source,
        }
    }

    /// What to do next, where the message does not say it.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Converge(ConvergeError::OutsideConstraints { position: Some(at), .. }) => Some(
                format!("the name is asked for at etcdpki.yml:{at}"),
            ),
            Self::DescriptionLost { .. } => Some(
                "restore it from a copy, or move pki/ away to begin a new PKI".to_owned(),
            ),
            Self::NoDescription { .. } | Self::NoPki { .. } => {
                Some("run `etcdpki init` first, or give its directory with -C".to_owned())
            }
            Self::SecondPki(Surroundings { above, .. }) => Some(format!(
                "to go on with that one, use -C {}; to have another one here, describe it: in an etcdpki.yml, or with --domain or --node",
                above.display()
            )),
            Self::NoHome => Some("say where with --prefix".to_owned()),
            Self::NoManual { .. } => Some(
                "write the words of a command with dashes between them, such as etcdpki-rotate-ca or vault-edit".to_owned(),
            ),
            Self::NoPasswordForVault { .. } => Some(
                "give the one that it was encrypted with: --vault-password-file, --vault-password-command or the file vault-password.txt; of a node, vault-passwords/NODE.txt; if it is lost, remove the file, and it is written anew".to_owned(),
            ),
            Self::NoPassphraseForKeyring { .. } => Some(
                "give the passphrase that it was made with: --passphrase-file, --passphrase-command or the file etcdpki-passphrase.txt".to_owned(),
            ),
            Self::StopsCluster { .. } => Some(
                "once the list is out, only the list before brings the cluster back; replace the authority instead, as docs/revocation.md says".to_owned(),
            ),
            Self::Policy { source: PolicyError::Name { name, .. }, .. } => Some(hint_of_name(name)),
            Self::MembersBehind { is_first: true, .. } => Some(
                "where members cannot be reached from here, or were never started, add --unchecked: then it is for you to see that each has everything".to_owned(),
            ),
            Self::Rotation(RotationError::Unaskable(_)) => {
                Some("go on without asking them: --unchecked".to_owned())
            }
            Self::OthersUnproved { .. } => Some("give the passphrase of another slot with --passphrase-file, or its identity with --age-identity".to_owned()),
            Self::Seal(seal)
            | Self::Slot(SlotError::Seal(seal))
            | Self::Store(StoreError::Key { source: seal, .. })
            | Self::Converge(ConvergeError::Store(StoreError::Key { source: seal, .. }))
            | Self::Rotation(RotationError::Converge(ConvergeError::Store(StoreError::Key {
                source: seal,
                ..
            }))) => {
                hint_of_seal(seal)
            }
            Self::Password { hint, .. } => hint.clone(),
            Self::WrongPassphrase { origin, .. } => Some(format!("it came from {origin}")),
            Self::Unopened(error) => {
                let without = "`etcdpki verify --without-keys` checks all that needs no key";
                Some(match error.hint() {
                    Some(hint) => format!("{hint}; {without}"),
                    None => without.to_owned(),
                })
            }
            Self::NotEncrypted { path } => {
                Some(format!("if it is yours, encrypt it: vault encrypt {}", path.display()))
            }
            Self::Io { path, .. } if path == Path::new(STDOUT) => None,
            Self::Vault { source, .. } if hint_of_vault(source).is_some() => hint_of_vault(source),
            _ => self.refusal().and_then(|refused| self.hint_of_refusal(refused)),
        }
    }

    /// What the operating system answered, whatever it was asked for.
    fn refusal(&self) -> Option<&io::Error> {
        let mut next = std::error::Error::source(self);
        while let Some(error) = next {
            if let Some(refused) = error.downcast_ref() {
                return Some(refused);
            }
            next = error.source();
        }
        None
    }

    fn hint_of_refusal(&self, refused: &io::Error) -> Option<String> {
        let path = match self {
            Self::Io { path, .. } => Some(path.as_path()),
            Self::Store(StoreError::Io { path, .. })
            | Self::Converge(ConvergeError::Store(StoreError::Io { path, .. })) => {
                Some(Path::new(path))
            }
            _ => None,
        };
        match (refused.kind(), path) {
            (io::ErrorKind::PermissionDenied, Some(path)) => {
                Some(format!("see who owns it: ls -ld {}", path.display()))
            }
            (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, _) => {
                Some("no file is half-written: make room, and run this again".to_owned())
            }
            (io::ErrorKind::ReadOnlyFilesystem, _) => Some(
                "no file is half-written: mount the file system for writing (the kernel makes it read-only when its disk fails), and run this again"
                    .to_owned(),
            ),
            _ => None,
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

fn hint_of_vault(error: &vault_format::Error) -> Option<String> {
    use vault_format::Error as E;
    let hint = match error {
        E::DecryptFailed => {
            "is it another password, or was the file changed? Restore it from a copy, or move it away to have it written anew"
        }
        E::CorruptPayload { .. }
        | E::Format { .. }
        | E::NotVault { .. }
        | E::UnsupportedMethod { .. } => {
            "restore it from a copy, such as that of git; a file that `etcdpki init` wrote is written anew once it is moved away"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

fn carriers(carried: &Carried) -> String {
    match carried.leaves.len() {
        1 => "1 certificate in use".to_owned(),
        many => format!("{many} certificates in use"),
    }
}

/// Only what `--san` reads can be granted.
fn hint_of_name(name: &str) -> String {
    let name = name.strip_prefix("URI:").unwrap_or(name);
    match name.parse::<San>() {
        Ok(name) => format!(
            "if it may have that name all the same, grant it: --san {name}; or leave out what it may not have: --drop-names"
        ),
        Err(_) => {
            "leave out what it may not have, --drop-names, or have a request made without that name"
                .to_owned()
        }
    }
}

fn hint_of_seal(error: &SealError) -> Option<String> {
    match error {
        SealError::Closed { .. } | SealError::NoPassphraseSlot { .. } | SealError::WrongIdentity { .. } => Some(
            "see who can open what: `etcdpki ca slot list`; a slot for age recipients opens with --age-identity FILE".to_owned(),
        ),
        _ => None,
    }
}

/// What standard output is called in messages.
pub(super) const STDOUT: &str = "standard output";
