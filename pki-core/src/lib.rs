#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

pub mod adopt;
#[cfg(feature = "age")]
pub mod agent;
pub mod authority;
mod base64;
pub mod certificate;
pub mod converge;
pub mod crl;
pub mod csr;
pub mod description;
pub mod document;
pub mod etcd;
pub mod export;
pub mod hierarchy;
pub mod import;
pub mod inspect;
pub mod journal;
pub mod key;
pub mod leaf;
pub mod lifetime;
pub mod lint;
pub mod live;
pub mod name;
pub mod pem;
pub mod profile;
pub mod progress;
pub mod publication;
pub mod revocation;
pub mod role;
pub mod rotation;
pub mod seal;
pub mod secret_text;
pub mod serial;
pub mod signer;
pub mod status;
pub mod store;
pub mod text;
pub mod trust;
pub mod verify;

pub use description::Cluster;
