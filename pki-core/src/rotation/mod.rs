//! Rotation of authorities on a live cluster.
//!
//! etcd reads certificates and keys at each handshake, and CA files at its start alone. So an
//! authority is replaced in steps, each of which changes what leaves carry or what somebody trusts,
//! and of which the next one may begin only when every member has loaded what this one brought.
//! Until then, some have the files of before and some those of after: [`prove`] validates every
//! certificate that may be presented against every CA file that may be in force meanwhile.
//!
//! | [`Procedure`] | of | restarts of a member |
//! |---|---|---|
//! | `reissue` | an authority that members do not trust themselves | 0 |
//! | `cross-sign` | what members trust: the old one signs the new one, or the new one what the old one signed | 1 |
//! | `bundle` | what members trust, where nothing can be cross-signed: they trust both for a while | 2 |
//! | `same-key` | any: the key stays, the certificate is a newer one | 1 if members trust it, else 0 |
//! | `compromise` | any: without overlap, all at once | all at once |
//!
//! Where a rotation stands is read from the certificates ([`Standing`]); nothing is counted. There
//! is one at a time, but that a stolen key puts an end to whichever is under way ([`Dropped`]).
//!
//! Clients on OpenSSL build paths in another way than Go: where they need another CA file, the plan
//! says it ([`OpensslNeed`]).
//!
//! # Examples
//!
//! ```
//! # use pki_core::seal::{KdfParameters, Keyring, Passphrase, Unlocked};
//! # use pki_core::store::{Memory, Pki};
//! use pki_core::hierarchy::AuthorityName;
//! use pki_core::{Cluster, converge, rotation};
//! use time::OffsetDateTime;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let cluster = Cluster::from_yaml(
//!     "{ domain: a.example, nodes: [{ name: etcd-0, addresses: [10.0.0.10] }] }",
//! )?;
//! # let keys = Unlocked::generate()?;
//! # let cheap = KdfParameters { memory_kib: 64, passes: 1, lanes: 1 };
//! # let keyring = Keyring::new("etcd", &keys, &Passphrase::new("passphrase")?, cheap)?;
//! let mut pki = Pki::new(Memory::default());
//! # pki.put_keyring(&keyring)?;
//! let now = OffsetDateTime::now_utc();
//! converge::plan(&cluster, &pki, now)?.apply(&cluster, &mut pki, &keys, now)?;
//!
//! // Without a key, and without a change.
//! let plan = rotation::plan(&cluster, &pki, AuthorityName::Etcd, None, now)?;
//! assert_eq!((plan.steps.len(), plan.restarts), (3, 1));
//!
//! // The first step; the next one when every member has loaded it.
//! let (name, how) = (plan.authority, plan.procedure);
//! let made = rotation::next_step(&cluster, &pki, name, how, &keys, now)?;
//! converge::plan_step(&cluster, &pki, made.change, now)?.apply(&cluster, &mut pki, &keys, now)?;
//! let underway = rotation::standing(&cluster, &pki)?.underway.ok_or("it has begun")?;
//! assert_eq!(underway.next, rotation::Step::Trust);
//! # Ok(())
//! # }
//! ```

mod back;
mod change;
mod error;
mod landscape;
mod left_behind;
mod make;
mod model;
mod openssl;
mod plan;
mod probe;
mod procedure;
mod proof;
mod standing;
mod step;
mod told_apart;
mod turn;

pub use change::{Change, NewAuthority};
pub use error::RotationError;
pub use left_behind::LeftBehind;
pub use openssl::OpensslNeed;
pub use plan::{ClientsNeed, KeyNeed, Plan, PlannedStep, Restarts, plan};
pub use probe::{Probe, Replaced};
pub use procedure::{Procedure, UnknownProcedure};
pub use proof::{Broken, Moment, Presented, Proof, Side, Verifier, prove};
pub use standing::{Standing, Underway, standing};
pub use step::Step;
pub use turn::{Dropped, Kept, Made, TakenBack, abort, next_step, stay};

#[cfg(test)]
mod tests;
