//! How hard a password is to guess.

/// Below this many bits the password of a vault falls to somebody who means it: ansible-vault's key
/// derivation lets one graphics card try about a million a second, and 2^70 guesses keep a thousand
/// of them busy for more than ten thousand years.
pub(crate) const VAULT: f64 = 70.0;

/// The same of a passphrase that argon2id stretches: with 64 MiB and three passes it is a few thousand
/// a second.
pub(crate) const PASSPHRASE: f64 = 60.0;

/// What a word is worth: one of 7776, as from a diceware list, which is kind to most words.
const WORD: f64 = 12.9;

/// What is wrong with a secret that can be guessed: one that is worth less than `enough` bits.
pub(crate) fn doubt(what: &str, secret: &[u8], enough: f64) -> Option<String> {
    let bits = bits(secret);
    (bits < enough).then(|| {
        format!(
            "the {what} can be guessed: it is worth about {bits:.0} bits, and {enough:.0} are needed; \
             make one by: vault genpass"
        )
    })
}

/// The number of bits that a guesser who knows about words, sequences and repetitions has to
/// find: a rough estimate, and rather too high than too low.
fn bits(password: &[u8]) -> f64 {
    runs(password).into_iter().map(Run::bits).sum()
}

/// Neighbours of one kind.
struct Run<'a> {
    bytes: &'a [u8],
    kind: Kind,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Digit,
    Letter,
    Other,
}

impl Kind {
    fn of(byte: u8) -> Self {
        match byte {
            b'0'..=b'9' => Self::Digit,
            b'A'..=b'Z' | b'a'..=b'z' => Self::Letter,
            _ => Self::Other,
        }
    }
}

impl Run<'_> {
    fn bits(self) -> f64 {
        let fresh = self.fresh();
        match self.kind {
            Kind::Digit => fresh * 10_f64.log2(),
            Kind::Other if self.bytes.is_ascii() => fresh * 33_f64.log2(),
            // Beyond ASCII a character has two bytes or more, and most come from one alphabet.
            Kind::Other => fresh * 4.0,
            Kind::Letter if self.is_one_case() => {
                let random = fresh * 26_f64.log2();
                match self.is_pronounceable() {
                    true => random.min(WORD * self.words()),
                    false => random,
                }
            }
            Kind::Letter => fresh * 52_f64.log2(),
        }
    }

    /// How many bytes neither repeat the one before them nor continue a sequence like `abc`.
    fn fresh(&self) -> f64 {
        let steps = self.bytes.windows(2);
        let is_fresh = |pair: &&[u8]| !matches!(i16::from(pair[1]) - i16::from(pair[0]), -1..=1);
        count(1 + steps.filter(is_fresh).count())
    }

    /// Lower case, upper case, or capitalised.
    fn is_one_case(&self) -> bool {
        let rest = &self.bytes[1..];
        rest.iter().all(u8::is_ascii_lowercase) || self.bytes.iter().all(u8::is_ascii_uppercase)
    }

    /// Letters that alternate as they do in languages.
    fn is_pronounceable(&self) -> bool {
        let vowel = |byte: &u8| b"aeiouy".contains(&byte.to_ascii_lowercase());
        let longest = |run: Vec<&[u8]>| run.into_iter().map(<[u8]>::len).max().unwrap_or(0);
        let consonants = longest(self.bytes.split(vowel).collect());
        let vowels = longest(self.bytes.split(|byte| !vowel(byte)).collect());
        consonants <= 4 && vowels <= 3
    }

    /// How many words it could be.
    fn words(&self) -> f64 {
        count(self.bytes.len().div_ceil(LONG_WORD))
    }
}

/// Letters in a long word.
const LONG_WORD: usize = 9;

fn runs(password: &[u8]) -> Vec<Run<'_>> {
    let same = |a: &u8, b: &u8| Kind::of(*a) == Kind::of(*b);
    let chunks = password.chunk_by(same);
    chunks
        .map(|bytes| Run {
            bytes,
            kind: Kind::of(bytes[0]),
        })
        .collect()
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_choose_is_weak() {
        for password in [
            "x",
            "password",
            "Password123!",
            "ansible",
            "hunter2hunter2",
            "correct horse",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abcdefghijklmnopqrstuvwxyz0123456789",
            "2026-11-25",
            "qwertyuiop",
            "Sommer2026!!",
            "größe",
        ] {
            let bits = bits(password.as_bytes());
            assert!(bits < PASSPHRASE, "{password}: {bits}");
        }
    }

    #[test]
    fn what_a_generator_makes_is_strong() {
        for password in [
            // vault genpass
            "rPc8kQ2ZtC_6iXoVn0bB5H-uKx7dMwJ3yLqEgTf1sAh",
            // openssl rand -hex 16, pwgen 20, openssl rand -base64 24
            "9f86d081884c7d659a2feaa0c55ad015",
            "aeShuaw7Aegh4ku5Ohng",
            "Jv3m0pHkz1rQ8yXb/2WcNf5s+T9uLdEa",
            // six diceware words
            "cleft cam synod lacy yr wok",
            "plunging-ravioli-kindle-okay-gem-unlit",
            // 25 random lower-case letters
            "kqzjxwvbnmhtgrfdplkqzswxt",
        ] {
            let bits = bits(password.as_bytes());
            assert!(bits >= VAULT, "{password}: {bits}");
        }
    }

    #[test]
    fn any_bytes_have_an_bits() {
        assert!(bits(&[0, 255, 128, b'\n']) > 0.0);
        assert_eq!(bits(b""), 0.0);
    }
}
