//! `etcdpki export`: certificates and keys in the form that another program reads.

mod report;
mod select;
mod write;

use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::converge::ConvergeError;
use pki_core::export::kubernetes::SecretType;
use pki_core::export::pkcs12::Password;
use pki_core::export::{
    self, Credential, File, cfssl, der, easy_rsa, kubeadm, kubernetes, pem, pkcs12,
};
use pki_core::key::PrivateKey;
use pki_core::leaf::{LeafId, Owner};
use pki_core::revocation::Revocation;
use pki_core::role::Role;
use pki_core::seal::Keyring;
use pki_core::store::{Pki, StoredLeaf};
use pki_core::trust::{self, Bundles};

use super::args::{Export, Format};
use super::description;
use super::error::Error;
use super::interrupt;
use super::keys;
use super::opened;
use super::secrets::Source;
use crate::etcdpki::place::Kept;
use report::Report;
use write::Places;

/// Runs the command.
pub(super) fn run(arguments: &Export) -> Result<ExitCode, Error> {
    if let Some(misuse) = arguments.misuse() {
        return Err(Error::Usage(misuse));
    }
    let cluster = description::read()?;
    // To be written to if a key is to leave: the journal tells of it.
    let changes = arguments.takes_keys() && !arguments.dry_run;
    let (mut pki, keyring) = opened::existing(changes.then_some("export"))?;
    let leaves = select::leaves(arguments, &cluster, &pki)?;
    let keys = private_keys(arguments, &pki, &keyring, &leaves)?;
    let revocations = pki.revocations()?;
    let content = Content {
        arguments,
        cluster: &cluster,
        credentials: credentials(&leaves, &keys),
        bundles: trust::standing(&cluster, &pki).map_err(ConvergeError::from)?,
        revocations: &revocations,
    };
    let files = content.files()?;
    export::check_paths(&files)?;
    let places = Places::of(arguments, &files)?;
    let ignored = places.ignored(arguments);
    if !arguments.dry_run {
        let held = interrupt::hold();
        let staged = places.stage(arguments)?;
        held.check()?;
        if !keys.is_empty() {
            pki.record_exports(&leaves, &arguments.format.to_string())?;
        }
        staged.commit()?;
    }
    Report::new(arguments, &places, ignored, &leaves, &revocations).print(arguments.json)
}

/// The key of each leaf, or none at all.
fn private_keys(
    arguments: &Export,
    pki: &Pki<Kept>,
    keyring: &Keyring,
    leaves: &[StoredLeaf],
) -> Result<Vec<PrivateKey>, Error> {
    if !arguments.takes_keys() {
        return Ok(Vec::new());
    }
    let unlocked = keys::open(&arguments.keys, pki, keyring)?;
    let keys = leaves.iter().map(|leaf| pki.leaf_key(leaf, &unlocked));
    Ok(keys.collect::<Result<_, _>>()?)
}

fn credentials<'a>(leaves: &'a [StoredLeaf], keys: &'a [PrivateKey]) -> Vec<Credential<'a>> {
    let credential = |(index, leaf): (usize, &'a StoredLeaf)| Credential {
        id: &leaf.id,
        chain: &leaf.chain,
        key: keys.get(index),
    };
    leaves.iter().enumerate().map(credential).collect()
}

/// All that a format may need.
struct Content<'a> {
    arguments: &'a Export,
    cluster: &'a Cluster,
    credentials: Vec<Credential<'a>>,
    bundles: Bundles,
    revocations: &'a [Revocation],
}

impl Content<'_> {
    fn files(&self) -> Result<Vec<File>, Error> {
        let credentials = &self.credentials;
        let bundles = &self.bundles;
        Ok(match self.arguments.format {
            Format::Cfssl => cfssl::directory(credentials, bundles)?,
            Format::Combined => {
                let combined = credentials.iter().map(pem::combined);
                combined.chain(pem::trust(bundles)).collect()
            }
            Format::Der => {
                let pairs = credentials.iter().flat_map(der::pair);
                pairs.chain(der::trust(bundles)).collect()
            }
            Format::EasyRsa => easy_rsa::directory(credentials, bundles, self.revocations),
            Format::ExternalEtcd => {
                let apiserver = self.client(&select::apiserver(self.arguments, self.cluster)?)?;
                kubeadm::external(self.cluster, &apiserver, bundles)?
            }
            Format::Kubeadm => self.stacked()?.files(bundles)?,
            Format::KubernetesOpaque => self.secrets(SecretType::Opaque)?,
            Format::KubernetesTls => self.secrets(SecretType::Tls)?,
            Format::Pem => {
                let pairs = credentials.iter().flat_map(pem::pair);
                pairs.chain(pem::trust(bundles)).collect()
            }
            Format::Pkcs12 => self.key_stores()?,
            Format::Truststore => vec![pkcs12::trust_store(bundles, &self.password()?)?],
        })
    }

    fn secrets(&self, type_: SecretType) -> Result<Vec<File>, Error> {
        let namespace = self.arguments.namespace.as_ref();
        let file = kubernetes::secrets(type_, &self.credentials, &self.bundles, namespace)?;
        Ok(vec![file])
    }

    fn key_stores(&self) -> Result<Vec<File>, Error> {
        let password = self.password()?;
        let stores = self
            .credentials
            .iter()
            .map(|one| pkcs12::key_store(one, &self.bundles, &password));
        Ok(stores.collect::<Result<_, _>>()?)
    }

    fn stacked(&self) -> Result<kubeadm::Stacked<'_>, Error> {
        let (arguments, cluster) = (self.arguments, self.cluster);
        Ok(kubeadm::Stacked {
            server: self.of_member(Role::Server)?,
            peer: self.of_member(Role::Peer)?,
            healthcheck: self.client(&select::healthcheck(arguments, cluster)?)?,
            apiserver: self.client(&select::apiserver(arguments, cluster)?)?,
        })
    }

    /// No other node is among those that were selected.
    fn of_member(&self, role: Role) -> Result<Credential<'_>, Error> {
        let mut all = self.credentials.iter();
        let found = all.find(|one| one.id.role == role);
        found.copied().ok_or_else(|| {
            let owner = Owner::Nodes;
            select::missing(&LeafId { owner, role })
        })
    }

    fn client(&self, id: &LeafId) -> Result<Credential<'_>, Error> {
        let found = self.credentials.iter().find(|one| one.id == id);
        found.copied().ok_or_else(|| select::missing(id))
    }

    fn password(&self) -> Result<Password, Error> {
        let secret = Source::pkcs12_password(self.arguments).read(true)?;
        Ok(Password::new(&secret)?)
    }
}
