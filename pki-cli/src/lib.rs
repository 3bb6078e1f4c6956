//! The library behind the binaries `etcdpki` and `vault`.
