//! The codec of a large file against HMAC-SHA256 over the same bytes, in memory and on one core.

use std::io::{self, Cursor, Seek, SeekFrom, Write};

use benches::{Contestant, Row, Sample, Series, Table, compete, in_process, rounds};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use vault_format::{Decryptor, Encryptor, Error, Secret};

const SIZE: usize = 64 << 20;
const LIMIT: f64 = 1.5;

/// Encryption or decryption.
pub(crate) struct Direction {
    pub(crate) title: &'static str,
    work: fn(&[u8], &Secret) -> Result<(), Error>,
    is_vault: bool,
}

pub(crate) fn all() -> [Direction; 2] {
    [
        Direction {
            title: "encrypt, throughput",
            work: |plaintext, secret| {
                let mut writer = Encryptor::new(secret).wrap_output(Nowhere::default())?;
                writer.write_all(plaintext)?;
                writer.finish().map(drop)
            },
            is_vault: false,
        },
        Direction {
            title: "decrypt, throughput",
            work: |vault, secret| {
                let mut output = Cursor::new(Vec::with_capacity(SIZE));
                let decryptor = Decryptor::new(Cursor::new(vault))?;
                decryptor.decrypt_into(secret, &mut output).map(drop)
            },
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
        let ours =
            || in_process(|| (self.work)(input, &secret).unwrap_or_else(|error| fail(error)));
        let hmac = || in_process(|| authenticate(&plaintext));
        let mut contestants = [
            Contestant::new("vault-format", ours),
            Contestant::new("HMAC-SHA256 alone", hmac),
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
    }
}

fn authenticate(data: &[u8]) -> [u8; 32] {
    let mut hmac = Hmac::<Sha256>::new(&[0x5a; 64].into());
    hmac.update(data);
    hmac.finalize().into_bytes().into()
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
