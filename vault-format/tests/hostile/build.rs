//! Vaults from their definition, so that every part can be made wrong.

use std::sync::OnceLock;

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub(crate) const PASSWORD: &[u8] = b"correct horse";
pub(crate) const PLAINTEXT: &[u8] = b"key: value # and 33 bytes of text";
pub(crate) const SALT: &[u8] = b"0123456789abcdef0123456789abcdef";

/// The three keys of a salt.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) cipher: [u8; 32],
    pub(crate) mac: [u8; 32],
    pub(crate) counter: [u8; 16],
}

pub(crate) fn keys(salt: &[u8]) -> Keys {
    static OF_SALT: OnceLock<Keys> = OnceLock::new();
    if salt == SALT {
        OF_SALT.get_or_init(|| derive(salt)).clone()
    } else {
        derive(salt)
    }
}

fn derive(salt: &[u8]) -> Keys {
    Keys {
        cipher: block(salt, 1),
        mac: block(salt, 2),
        counter: block(salt, 3)[..16].try_into().unwrap(),
    }
}

/// PBKDF2 as RFC 8018 defines it.
fn block(salt: &[u8], number: u32) -> [u8; 32] {
    let mut last = hmac(PASSWORD, &[salt, &number.to_be_bytes()].concat());
    let mut sum = last;
    for _ in 1..10_000 {
        last = hmac(PASSWORD, &last);
        sum.iter_mut()
            .zip(last)
            .for_each(|(sum, byte)| *sum ^= byte);
    }
    sum
}

pub(crate) fn hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    hmac.update(data);
    hmac.finalize().into_bytes().into()
}

pub(crate) fn ciphertext(keys: &Keys, padded: &[u8]) -> Vec<u8> {
    let mut data = padded.to_vec();
    Ctr128BE::<Aes256>::new(&keys.cipher.into(), &keys.counter.into()).apply_keystream(&mut data);
    data
}

/// The fields of a good vault: salt, authentication code, ciphertext.
pub(crate) fn fields() -> [Vec<u8>; 3] {
    let padding = 16 - PLAINTEXT.len() % 16;
    let padded = [PLAINTEXT, &vec![u8::try_from(padding).unwrap(); padding]].concat();
    authentic(SALT, &padded)
}

/// A vault whose code is right, whatever was padded how.
pub(crate) fn authentic(salt: &[u8], padded: &[u8]) -> [Vec<u8>; 3] {
    let keys = keys(salt);
    let data = ciphertext(&keys, padded);
    [salt.to_vec(), hmac(&keys.mac, &data).to_vec(), data]
}

pub(crate) fn inner(fields: &[Vec<u8>; 3]) -> Vec<u8> {
    fields
        .each_ref()
        .map(const_hex::encode)
        .join("\n")
        .into_bytes()
}

pub(crate) fn wrap(header: &str, inner: &[u8]) -> Vec<u8> {
    let mut vault = format!("{header}\n").into_bytes();
    for line in const_hex::encode(inner).as_bytes().chunks(80) {
        vault.extend_from_slice(line);
        vault.push(b'\n');
    }
    vault
}

pub(crate) fn good() -> Vec<u8> {
    wrap("$ANSIBLE_VAULT;1.1;AES256", &inner(&fields()))
}

/// A salt, found by trying, whose counter's low 32 bits wrap after 10 405 blocks.
pub(crate) const WRAPPING_SALT: &str = "wrap 76837";

/// A small generator: these tests have to fail the same way twice.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// Changes, removes, doubles or inserts something at random.
pub(crate) fn damage(vault: &[u8], random: &mut Random) -> Vec<u8> {
    const BYTES: &[u8] = b"0aF \n\r\t;$gx\x00\x0b\x7f\xff";
    let mut damaged = vault.to_vec();
    for _ in 0..=random.below(2) {
        let at = random.below(damaged.len());
        let byte = BYTES[random.below(BYTES.len())];
        match random.below(5) {
            0 => damaged[at] = byte,
            1 => damaged.insert(at, byte),
            2 => drop(damaged.remove(at)),
            3 => damaged.truncate(at.max(1)),
            _ => {
                let end = (at + 1 + random.below(100)).min(damaged.len());
                damaged.extend_from_within(at..end);
            }
        }
    }
    damaged
}
