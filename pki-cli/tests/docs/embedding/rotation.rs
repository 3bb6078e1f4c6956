use std::error::Error;

use pki_core::hierarchy::AuthorityName;
use pki_core::seal::{KdfParameters, Keyring, Passphrase, Unlocked};
use pki_core::store::{Memory, Pki};
use pki_core::{Cluster, converge, rotation};
use time::OffsetDateTime;

fn main() -> Result<(), Box<dyn Error>> {
    // As before, and kept in memory.
    let cluster = Cluster::from_yaml(
        "domain: internal.example\nnodes: [{ name: etcd-0, addresses: [10.0.0.10] }]\n",
    )?;
    let mut pki = Pki::new(Memory::default());
    let keys = Unlocked::generate()?;
    let passphrase = Passphrase::new("correct horse battery staple")?;
    let parameters = KdfParameters::default();
    pki.put_keyring(&Keyring::new(cluster.name.as_str(), &keys, &passphrase, parameters)?)?;
    let now = OffsetDateTime::now_utc();
    converge::plan(&cluster, &pki, now)?.apply(&cluster, &mut pki, &keys, now)?;

    // No key is needed: the whole plan is carried out on a model, and every pair of a certificate
    // and a CA file that can meet is validated. A plan with a pair that does not hold is an error.
    let plan = rotation::plan(&cluster, &pki, AuthorityName::Etcd, None, now)?;
    for step in &plan.steps {
        println!("{}", step.step.as_str());
    }
    Ok(())
}
