//! The library behind the binaries `etcdpki` and `vault`.

#![forbid(unsafe_code)]

pub mod password;
pub mod vault;
