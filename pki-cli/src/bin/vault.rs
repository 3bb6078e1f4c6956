//! The binary `vault`.

fn main() {}
