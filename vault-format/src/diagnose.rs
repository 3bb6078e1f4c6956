//! Finding the first thing that is wrong with a damaged vault, digit by digit.
//!
//! The fast readers only say that something is wrong. This slow one says what and where, and it
//! reads to the end, for a byte that is not ASCII anywhere means that this is no vault.

use std::io::{self, BufRead, BufReader, Read};

use crate::dearmor::{is_break, read_full};
use crate::encryptor::MAX_SALT;
use crate::error::FormatProblem as Problem;
use crate::{Error, form};

/// How much of an input that is no vault is looked at.
const HINTED: usize = 64 * 1024;

/// Reads a whole vault from its start and tells what is wrong with it.
///
/// `known` is a fault of the header that was found already: it stands unless this is no vault at
/// all.
pub(crate) fn diagnose(mut input: impl Read, known: Option<Error>) -> Result<Error, io::Error> {
    if matches!(known, Some(Error::NotVault { .. })) {
        let mut content = vec![0; HINTED];
        let length = read_full(&mut input, &mut content)?;
        return Ok(Error::NotVault {
            hint: form::not_vault(&content[..length]),
        });
    }
    let mut scanner = Scanner::new(known.is_some());
    let mut input = BufReader::new(input);
    loop {
        let text = input.fill_buf()?;
        if text.is_empty() {
            break;
        }
        for &byte in text {
            if !byte.is_ascii() {
                return Ok(Error::NotVault {
                    hint: Some("it has characters that are not ASCII"),
                });
            }
            scanner.push(byte);
        }
        let length = text.len();
        input.consume(length);
    }
    Ok(known.unwrap_or_else(|| scanner.finish()))
}

struct Scanner {
    line: u64,
    column: u64,
    after_carriage_return: bool,
    in_header: bool,
    high: Option<u8>,
    inner: Inner,
    found: Option<Error>,
}

impl Scanner {
    fn new(only_ascii: bool) -> Self {
        let found = only_ascii.then_some(Error::DecryptFailed);
        Self {
            line: 1,
            column: 1,
            after_carriage_return: false,
            in_header: true,
            high: None,
            inner: Inner::default(),
            found,
        }
    }

    fn push(&mut self, byte: u8) {
        if self.found.is_some() {
            return;
        }
        if is_break(byte) {
            if !(byte == b'\n' && self.after_carriage_return) {
                self.line += 1;
                self.column = 1;
                self.in_header = false;
            }
            self.after_carriage_return = byte == b'\r';
            return;
        }
        self.after_carriage_return = false;
        if !self.in_header {
            self.digit(byte);
        }
        self.column += 1;
    }

    fn digit(&mut self, byte: u8) {
        let Some(value) = value(byte) else {
            self.fault(match (byte, self.column) {
                (b' ' | b'\t', 1) => Problem::Indented,
                (b' ' | b'\t', _) => Problem::Blank,
                (b'<' | b'=' | b'>' | b'|', 1) => Problem::MergeConflict,
                (b'$', 1) => Problem::SecondVault,
                _ => Problem::BadDigit,
            });
            return;
        };
        match self.high.take() {
            None => self.high = Some(value),
            Some(high) => {
                if let Err(problem) = self.inner.push(high << 4 | value) {
                    self.fault(problem);
                }
            }
        }
    }

    fn fault(&mut self, problem: Problem) {
        self.found = Some(Error::Format {
            problem,
            line: self.line,
            column: self.column,
        });
    }

    fn finish(mut self) -> Error {
        if self.found.is_none() {
            self.fault(match (self.high, self.inner.end()) {
                (Some(_), _) => Problem::OddLength,
                (None, Err(problem)) => problem,
                (None, Ok(())) => Problem::Changed,
            });
        }
        self.found.unwrap_or(Error::DecryptFailed)
    }
}

/// The bytes below the outer layer.
#[derive(Default)]
struct Inner {
    field: u8,
    length: usize,
}

impl Inner {
    fn push(&mut self, byte: u8) -> Result<(), Problem> {
        if byte == b'\n' && self.field < 2 {
            if self.length % 2 == 1 {
                return Err(Problem::OddInnerLength);
            }
            self.field += 1;
            self.length = 0;
        } else if value(byte).is_none() {
            return Err(Problem::BadInnerDigit);
        } else if self.field < 2 && self.length >= 2 * MAX_SALT {
            return Err(Problem::TooLong);
        } else {
            self.length = self.length.wrapping_add(1);
        }
        Ok(())
    }

    fn end(&self) -> Result<(), Problem> {
        match (self.field, self.length % 2) {
            (0 | 1, _) => Err(Problem::MissingField),
            (_, 0) => Ok(()),
            _ => Err(Problem::OddInnerLength),
        }
    }
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
