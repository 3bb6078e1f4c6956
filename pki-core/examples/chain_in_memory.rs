//! Builds a chain of authorities and a leaf in memory, and validates the path.
//!
//! `cargo run -p pki-core --example chain_in_memory`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use pki_core::authority::Authority;
use pki_core::certificate::NameConstraints;
use pki_core::key::{KeyAlgorithm, PrivateKey};
use pki_core::lifetime::Validity;
use pki_core::profile::{Profile, Subject};
use pki_core::role::{Role, Usage};
use pki_core::verify;
use time::{Duration, OffsetDateTime};

fn main() -> Result<(), Box<dyn Error>> {
    let now = OffsetDateTime::now_utc();
    let years = |years: u16| -> Result<Validity, Box<dyn Error>> {
        let lifetime = format!("{years}y").parse()?;
        Ok(Validity::starting(now, lifetime, Duration::minutes(10)))
    };

    // A root signs itself; what it signs may have one more authority below it.
    let profile = Profile::authority(Subject::common("example root"), 1, None);
    let root = Authority::self_signed(
        &profile,
        PrivateKey::generate(KeyAlgorithm::P384)?,
        years(20)?,
    )?;

    // An authority that can sign nothing outside of its domain and network.
    let constraints = NameConstraints {
        dns: vec!["internal.example".to_owned()],
        addresses: vec!["10.0.0.0/24".parse()?],
    };
    let profile = Profile::authority(Subject::common("example etcd CA"), 0, Some(constraints));
    let key = PrivateKey::generate(KeyAlgorithm::P384)?;
    let certificate = root.issue(&profile, key.public(), years(5)?)?;
    let etcd = Authority::new(certificate, key)?;

    let key = PrivateKey::generate(KeyAlgorithm::P256)?;
    let names = vec!["etcd-0.internal.example".parse()?, "10.0.0.10".parse()?];
    let server = Profile::leaf(Subject::common("etcd-0"), Role::Server.usages(true), names);
    let leaf = etcd.issue(&server, key.public(), years(1)?)?;

    let chain = [leaf, etcd.certificate().clone()];
    verify::validate(
        &chain,
        &[root.certificate().clone()],
        Usage::ServerAuth,
        now,
    )?;
    for certificate in &chain {
        println!("{} issued by {}", certificate.subject, certificate.issuer);
    }

    // What lies outside is refused before anything is signed.
    let outside = vec!["etcd-0.other.example".parse()?];
    let server = Profile::leaf(
        Subject::common("etcd-0"),
        Role::Server.usages(true),
        outside,
    );
    if let Err(refused) = etcd.issue(&server, key.public(), years(1)?) {
        println!("refused: {refused}");
    }
    Ok(())
}
