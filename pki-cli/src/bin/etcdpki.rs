//! The binary `etcdpki`.

fn main() {}
