//! The ansible-vault file format.
