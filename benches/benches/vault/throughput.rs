//! The codec of a large file against HMAC-SHA256 over the same bytes, in memory and on one core; and
//! against all primitives that the format asks for, with nothing around them.

use std::io::{self, Cursor, Seek, SeekFrom, Write};

use aes::Aes256;
use benches::{Contestant, Row, Sample, Series, Table, compete, in_process, rounds};
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use vault_format::{Decryptor, Encryptor, Error, Secret};

const SIZE: usize = 64 << 20;
const LIMIT: f64 = 1.5;

/// What goes through the primitives at once: it stays in a core's cache.
const PIECE: usize = 32 * 1024;

/// Reads the first and may write to the second, which has the plaintext's size.
type Codec = fn(&[u8], &mut [u8], &Secret) -> Result<(), Error>;

/// Encryption or decryption.
pub(crate) struct Direction {
    pub(crate) title: &'static str,
    work: Codec,
    primitives: fn(),
    is_vault: bool,
}

pub(crate) fn all() -> [Direction; 2] {
    [
        Direction {
            title: "encrypt, throughput",
            work: |plaintext, _, secret| {
                let mut writer = Encryptor::new(secret).wrap_output(Nowhere::default())?;
                writer.write_all(plaintext)?;
                writer.finish().map(drop)
            },
            primitives: encrypt_bare,
            is_vault: false,
        },
        Direction {
            title: "decrypt, throughput",
            work: |vault, output, secret| {
                let decryptor = Decryptor::new(Cursor::new(vault))?;
                decryptor
                    .decrypt_into(secret, &mut Cursor::new(output))
                    .map(drop)
            },
            primitives: decrypt_bare,
            is_vault: true,
        },
    ]
}

impl Direction {
    /// Measures and prints.
    pub(crate) fn report(&self) {
        let fail = |error| -> ! { panic!("vault-format: {error}") };
        let plaintext = vec![b'x'; SIZE];
        let secret = Secret::new(*b"correct horse").unwrap_or_else(|error| fail(error));
        let vault = vault_format::encrypt(&plaintext, &secret, None);
        let vault = vault.unwrap_or_else(|error| fail(error));
        let input = if self.is_vault { &vault } else { &plaintext };
        // There before, as a file is: the system takes longer to find so much memory than the codec.
        let mut output = vec![0; SIZE];
        let ours = || {
            in_process(|| {
                (self.work)(input, &mut output, &secret).unwrap_or_else(|error| fail(error));
            })
        };
        let mut contestants = [
            Contestant::new("vault-format", ours),
            Contestant::new("HMAC-SHA256 alone", || {
                in_process(|| authenticate(&plaintext))
            }),
            Contestant::new("HMAC, cipher, digits alone", || in_process(self.primitives)),
        ];
        self.print(&compete(rounds(11), &mut contestants));
    }

    fn print(&self, series: &[Series]) {
        let cpu = |sample: &Sample| sample.cpu;
        let title = format!(
            "{}, 64 MiB; medians of {}",
            self.title,
            series[0].samples.len()
        );
        let mut table = Table::new(title, ["wall", "CPU"]);
        for one in series {
            let figures = [one.median(|sample| sample.wall), one.median(cpu)];
            table.push(Row::new(
                &one.name,
                figures.map(|figure| format!("{figure:.1} ms")),
            ));
        }
        let ratio = series[0].ratio_to(&series[1], cpu);
        println!(
            "\n{table}ours / HMAC: {ratio:.2}; limit {LIMIT}: {}",
            super::met(ratio <= LIMIT)
        );
        println!(
            "nothing passes: primitives / HMAC: {:.2}",
            series[2].ratio_to(&series[1], cpu)
        );
    }
}

fn authenticate(data: &[u8]) -> [u8; 32] {
    let mut hmac = Hmac::<Sha256>::new(&[0x5a; 64].into());
    hmac.update(data);
    hmac.finalize().into_bytes().into()
}

/// What is done to every byte, without reading, breaking lines, or writing.
fn encrypt_bare() {
    let mut primitives = Primitives::new();
    for _ in 0..SIZE / PIECE {
        primitives.cipher.apply_keystream(&mut primitives.bytes);
        primitives.hmac.update(&primitives.bytes);
        encode(&primitives.bytes, &mut primitives.inner);
        encode(&primitives.inner, &mut primitives.outer);
    }
    std::hint::black_box(primitives.hmac.finalize());
}

/// The same the other way round.
fn decrypt_bare() {
    let mut primitives = Primitives::new();
    encode(&primitives.bytes, &mut primitives.inner);
    encode(&primitives.inner, &mut primitives.outer);
    for _ in 0..SIZE / PIECE {
        decode(&primitives.outer, &mut primitives.inner);
        decode(&primitives.inner, &mut primitives.bytes);
        primitives.hmac.update(&primitives.bytes);
        primitives.cipher.apply_keystream(&mut primitives.bytes);
    }
    std::hint::black_box(primitives.hmac.finalize());
}

struct Primitives {
    cipher: Ctr128BE<Aes256>,
    hmac: Hmac<Sha256>,
    bytes: Vec<u8>,
    inner: Vec<u8>,
    outer: Vec<u8>,
}

impl Primitives {
    fn new() -> Self {
        Self {
            cipher: Ctr128BE::new(&[1; 32].into(), &[2; 16].into()),
            hmac: Hmac::new(&[0x5a; 64].into()),
            bytes: vec![b'x'; PIECE],
            inner: vec![0; 2 * PIECE],
            outer: vec![0; 4 * PIECE],
        }
    }
}

fn encode(bytes: &[u8], digits: &mut [u8]) {
    const_hex::encode_to_slice(bytes, digits).unwrap_or_else(|error| panic!("{error}"));
}

fn decode(digits: &[u8], bytes: &mut [u8]) {
    const_hex::decode_to_slice(digits, bytes).unwrap_or_else(|error| panic!("{error}"));
}

/// Takes everything and keeps nothing: memory is slower than the codec.
#[derive(Default)]
struct Nowhere {
    position: u64,
    end: u64,
}

impl Write for Nowhere {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.position += u64::try_from(buf.len()).map_err(io::Error::other)?;
        self.end = self.end.max(self.position);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Nowhere {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        self.position = match pos {
            SeekFrom::Start(position) => position,
            SeekFrom::Current(offset) => self.position.saturating_add_signed(offset),
            SeekFrom::End(offset) => self.end.saturating_add_signed(offset),
        };
        Ok(self.position)
    }
}
