//! Answers a certification request under the policy of a role.
//!
//! ```console
//! $ openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout web.key \
//!     -subj /CN=web -addext subjectAltName=DNS:web.internal.example -out web.csr
//! $ cargo run -p pki-core --example sign_a_request web.csr
//! ```

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "an example shows what it does"
)]

use std::error::Error;

use pki_core::Cluster;
use pki_core::authority::Authority;
use pki_core::csr::{CertificateRequest, Excess, Policy};
use pki_core::key::{KeyAlgorithm, PrivateKey};
use pki_core::lifetime::Validity;
use pki_core::profile::{Profile, Subject};
use pki_core::role::Role;
use time::{Duration, OffsetDateTime};

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args()
        .nth(1)
        .ok_or("name the file with the request")?;
    // The signature and the strength of the key are checked as it is read.
    let request = CertificateRequest::read(&std::fs::read(file)?)?;

    // What a server may be called follows from the description. To grant a name besides, list it.
    let cluster = Cluster::from_yaml(
        "domain: internal.example\nnodes: [{ name: etcd-0, addresses: [10.0.0.10] }]\n",
    )?;
    let policy = Policy::new(&cluster, Role::Server, &[], Excess::Refuse);
    let decision = policy.decide(&request)?;

    let now = OffsetDateTime::now_utc();
    let validity = |lifetime: &str| -> Result<Validity, Box<dyn Error>> {
        Ok(Validity::starting(
            now,
            lifetime.parse()?,
            Duration::minutes(10),
        ))
    };
    let profile = Profile::authority(Subject::common("example CA"), 0, None);
    let key = PrivateKey::generate(KeyAlgorithm::P384)?;
    let authority = Authority::self_signed(&profile, key, validity("5y")?)?;

    // The subject and the usages are ours; of the request the key and the names are taken.
    let usages = Role::Server.usages(cluster.grpc_gateway);
    let profile = Profile::leaf(Subject::common("web"), usages, decision.names);
    let certificate = authority.issue(&profile, &request.public_key, validity("90d")?)?;
    for ignored in decision.ignored {
        eprintln!("of no effect: {ignored}");
    }
    print!("{}", certificate.to_pem());
    Ok(())
}
