//! What YAML takes a plain scalar for, by the rules of YAML 1.1 that PyYAML has.

use std::fmt;

/// What a plain scalar is that is no text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// `yes`, `no`, `true`, `false`, `on` or `off`.
    Boolean,
    /// A date, with or without a time.
    Date,
    /// A number with a point, infinity, or no number at all (`.nan`).
    Float,
    /// A number, of any base.
    Integer,
    /// `~` or `null`.
    Null,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "a boolean",
            Self::Date => "a date",
            Self::Float | Self::Integer => "a number",
            Self::Null => "null",
        })
    }
}

/// [`None`] for a text.
pub(super) fn of_plain(text: &str) -> Option<Kind> {
    let cases = |words: &[&str]| {
        words.iter().any(|word| {
            let (first, rest) = word.split_at(1);
            let title = first.to_uppercase() + rest;
            text == *word || text == title || text == word.to_uppercase()
        })
    };
    if cases(&["yes", "no", "true", "false", "on", "off"]) {
        Some(Kind::Boolean)
    } else if matches!(text, "~" | "") || cases(&["null"]) {
        Some(Kind::Null)
    } else if is_integer(text) {
        Some(Kind::Integer)
    } else if is_float(text) {
        Some(Kind::Float)
    } else {
        is_date(text).then_some(Kind::Date)
    }
}

fn without_sign(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn all(text: &str, fits: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'_' || fits(byte))
}

fn is_integer(text: &str) -> bool {
    let digits = without_sign(text);
    if let Some(binary) = digits.strip_prefix("0b") {
        return all(binary, |byte| matches!(byte, b'0' | b'1'));
    }
    if let Some(hexadecimal) = digits.strip_prefix("0x") {
        return all(hexadecimal, |byte| byte.is_ascii_hexdigit());
    }
    let octal = digits.strip_prefix('0');
    digits == "0"
        || octal.is_some_and(|octal| all(octal, |byte| matches!(byte, b'0'..=b'7')))
        || digits.starts_with(|c: char| matches!(c, '1'..='9'))
            && (all(digits, |byte| byte.is_ascii_digit()) || is_sexagesimal(digits))
}

/// Such as `12:30:45`, behind a first digit that has been seen to be none or to be right.
fn is_sexagesimal(digits: &str) -> bool {
    let Some((first, rest)) = digits.split_once(':') else {
        return false;
    };
    all(first, |byte| byte.is_ascii_digit()) && rest.split(':').all(is_sixtieth)
}

fn is_sixtieth(digits: &str) -> bool {
    match digits.as_bytes() {
        [one] => one.is_ascii_digit(),
        [ten, one] => matches!(ten, b'0'..=b'5') && one.is_ascii_digit(),
        _ => false,
    }
}

fn is_float(text: &str) -> bool {
    let number = without_sign(text);
    if matches!(number, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (number, exponent) = match number.find(['e', 'E']) {
        Some(at) => (&number[..at], Some(&number[at + 1..])),
        None => (number, None),
    };
    // The sign of the exponent has to be there.
    let fits = |exponent: &str| {
        let digits = exponent.strip_prefix(['+', '-']);
        digits.is_some_and(|digits| {
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    if !exponent.is_none_or(fits) {
        return false;
    }
    let Some((whole, fraction)) = number.split_once('.') else {
        return false;
    };
    let digits = |text: &str| text.is_empty() || all(text, |byte| byte.is_ascii_digit());
    if whole.contains(':') {
        return exponent.is_none()
            && whole.starts_with(|c: char| c.is_ascii_digit())
            && is_sexagesimal(whole)
            && digits(fraction);
    }
    let starts = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && (starts(whole) || text.starts_with('.') && starts(fraction))
}

/// A date, and behind it a time and a time zone.
fn is_date(text: &str) -> bool {
    let mut rest = text;
    let mut take = |least: usize, most: usize| {
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let fits = (least..=most).contains(&length);
        rest = &rest[length..];
        fits.then_some((length, rest.chars().next()))
            .inspect(|(_, next)| {
                rest = &rest[next.map_or(0, char::len_utf8)..];
            })
    };
    let (Some((4, Some('-'))), Some((month, Some('-'))), Some((day, next))) =
        (take(4, 4), take(1, 2), take(1, 2))
    else {
        return false;
    };
    let Some(mark) = next else {
        return month == 2 && day == 2;
    };
    if !matches!(mark, 'T' | 't' | ' ' | '\t') {
        return false;
    }
    let time = rest.trim_start_matches([' ', '\t']);
    let (time, zone) = match time.find(['Z', '+', '-', ' ', '\t']) {
        Some(at) => time.split_at(at),
        None => (time, ""),
    };
    is_time(time) && is_zone(zone.trim_start_matches([' ', '\t']))
}

fn is_time(time: &str) -> bool {
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let parts: Vec<_> = time.split(':').collect();
    let digits = |text: &str, least: usize| {
        (least..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let [hour, minute, second] = parts[..] else {
        return false;
    };
    digits(hour, 1)
        && digits(minute, 2)
        && digits(second, 2)
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_zone(zone: &str) -> bool {
    let Some(zone) = zone.strip_prefix(['+', '-']) else {
        return matches!(zone, "" | "Z");
    };
    let (hours, minutes) = zone.split_once(':').unwrap_or((zone, "00"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    matches!(hours.len(), 1 | 2) && minutes.len() == 2 && digits(hours) && digits(minutes)
}
