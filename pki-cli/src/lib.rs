//! The library behind the binaries `etcdpki` and `vault`: arguments in, calls to the crates
//! `pki-core` and `vault-format`, reports out.

#![forbid(unsafe_code)]

mod envelope;
pub mod etcdpki;
pub mod password;
pub mod process;
mod progress;
mod refusal;
pub mod vault;
mod wording;

/// The guide for who embeds the libraries: its code is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guides/embedding.md")]
struct EmbeddingGuide;
