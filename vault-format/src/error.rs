use std::io;

use crate::header::MAX_LABEL;

/// Why a vault could not be written or read.
///
/// Everything that can be wrong with a vault is one of five variants: [`CorruptPayload`],
/// [`DecryptFailed`], [`Format`], [`NotVault`] and [`UnsupportedMethod`]. The others are about
/// what the caller passed in and about reading and writing.
///
/// [`CorruptPayload`]: Error::CorruptPayload
/// [`DecryptFailed`]: Error::DecryptFailed
/// [`Format`]: Error::Format
/// [`NotVault`]: Error::NotVault
/// [`UnsupportedMethod`]: Error::UnsupportedMethod
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The secret is right and the data authentic, but it is not what the method demands: a
    /// broken program wrote it.
    #[error(
        "corrupt payload under a valid authentication code: {problem}; whatever wrote this vault is broken"
    )]
    CorruptPayload {
        /// What is wrong with it.
        problem: &'static str,
    },

    /// No secret fits, or the vault was changed: the two can not be told apart.
    #[error("decryption failed (no vault secrets were found that could decrypt)")]
    DecryptFailed,

    /// A secret of no bytes.
    #[error("a vault secret must have at least one byte")]
    EmptySecret,

    /// The envelope is damaged.
    #[error("{problem} in line {line}, column {column}")]
    Format {
        /// What is wrong.
        problem: FormatProblem,
        /// The line, counted from 1.
        line: u64,
        /// The column in bytes, counted from 1.
        column: u64,
    },

    /// A label that must not be written.
    #[error(
        "{problem}; a label has 1 to {MAX_LABEL} printable ASCII characters, none of them a semicolon, and no space at either end"
    )]
    InvalidLabel {
        /// What is wrong with it.
        problem: &'static str,
    },

    /// A salt that can not be used.
    #[error("a salt must have between 1 and 65536 bytes, this one has {length}")]
    InvalidSalt {
        /// How many bytes were given.
        length: usize,
    },

    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),

    /// This is not a vault at all.
    #[error("input is not vault encrypted data{}", .hint.map(|hint| format!(": {hint}")).unwrap_or_default())]
    NotVault {
        /// What it looks like instead.
        hint: Option<&'static str>,
    },

    /// The header names a method that this version does not know.
    #[error("cipher '{name}' could not be found; this version knows AES256")]
    UnsupportedMethod {
        /// The name in the header.
        name: String,
    },
}

/// How an envelope is damaged.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatProblem {
    /// A character that is no hexadecimal digit.
    #[error("a character that is no hexadecimal digit")]
    BadDigit,
    /// Below the first layer of digits, a character that is no hexadecimal digit.
    #[error("a character that is no hexadecimal digit, below the first layer of digits,")]
    BadInnerDigit,
    /// A blank behind the first digit of a line: one at its end, most likely.
    #[error("a blank among the digits (is one at the end of a line? then remove it)")]
    Blank,
    /// The file changed while it was read.
    #[error("a change while the vault was read")]
    Changed,
    /// The header line is longer than any label needs.
    #[error("a header that does not end")]
    HeaderTooLong,
    /// The line starts with a blank: a value that was cut out of a YAML file.
    #[error(
        "a blank before the digits (was it cut out of a YAML file? then remove the indentation)"
    )]
    Indented,
    /// A conflict marker of a version control system.
    #[error("a merge conflict marker")]
    MergeConflict,
    /// Fewer than salt, authentication code and ciphertext.
    #[error("fewer than three fields (salt, authentication code, ciphertext)")]
    MissingField,
    /// Fewer than version and method in the header.
    #[error("a header without version or method")]
    MissingHeaderField,
    /// A digit is missing.
    #[error("an odd number of hexadecimal digits")]
    OddLength,
    /// Below the first layer of digits, a digit is missing.
    #[error("an odd number of hexadecimal digits, below the first layer of digits,")]
    OddInnerLength,
    /// A second vault follows.
    #[error("a second vault in the same file")]
    SecondVault,
    /// A salt or an authentication code of a size that no writer makes.
    #[error("a salt or an authentication code of more than 65536 bytes")]
    TooLong,
}
