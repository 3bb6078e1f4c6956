//! PBKDF2-HMAC-SHA256 (RFC 8018), several output blocks in lock step.
//!
//! One output block is a chain of 20 000 dependent calls of SHA-256's block function, and
//! hardware that runs it is bound by latency, not by throughput. Chains of different blocks
//! depend on nothing of each other, so calling the block function for each of them in turn lets
//! the processor overlap the calls: three blocks take little longer than one.

use std::thread;

use hmac::{Hmac, KeyInit, Mac};
use sha2::block_api::compress256;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::secret::Secret;

/// Rounds of the method AES256.
pub(crate) const ROUNDS: u32 = 10_000;

/// Bytes of one output block.
pub(crate) const BLOCK: usize = 32;

/// SHA-256's initial hash value, FIPS 180-4 section 5.3.3.
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Computes `rounds` of PBKDF2 for each job; the result is in the order of the jobs.
///
/// A job is a secret and the 1-based number of the output block that is wanted from it.
pub(crate) fn blocks(
    jobs: &[(&Secret, u32)],
    salt: &[u8],
    rounds: u32,
) -> Vec<Zeroizing<[u8; BLOCK]>> {
    let mut lanes: Vec<_> = jobs
        .iter()
        .map(|&(secret, number)| Lane::new(secret.expose(), salt, number))
        .collect();
    advance_all(&mut lanes, rounds);
    lanes.iter().map(Lane::output).collect()
}

/// The same on two threads, for who waits for more than one vault takes: the result comes sooner,
/// and costs as much and a thread.
pub(crate) fn blocks_sooner(
    jobs: &[(&Secret, u32)],
    salt: &[u8],
    rounds: u32,
) -> Vec<Zeroizing<[u8; BLOCK]>> {
    let (ours, theirs) = jobs.split_at(jobs.len().div_ceil(2));
    if theirs.is_empty() {
        return blocks(ours, salt, rounds);
    }
    thread::scope(|scope| {
        let derive = || blocks(theirs, salt, rounds);
        // A system that has no thread left gets them from this one.
        let helper = thread::Builder::new().spawn_scoped(scope, derive);
        let mut derived = blocks(ours, salt, rounds);
        derived.extend(match helper {
            Ok(helper) => helper
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => derive(),
        });
        derived
    })
}

fn advance_all(lanes: &mut [Lane], rounds: u32) {
    // Three chains saturate the block function of today's processors; more only spill.
    for group in lanes.chunks_mut(3) {
        match group {
            [a] => advance([a], rounds),
            [a, b] => advance([a, b], rounds),
            [a, b, c] => advance_three([a, b, c], rounds),
            _ => unreachable!("chunks have one to three lanes"),
        }
    }
}

/// Runs rounds 2 to `rounds` of one or two lanes.
fn advance<const N: usize>(lanes: [&mut Lane; N], rounds: u32) {
    let mut chains = Chains {
        inner: lanes.each_ref().map(|lane| lane.inner),
        outer: lanes.each_ref().map(|lane| lane.outer),
        states: [[0; 8]; N],
        blocks: lanes.each_ref().map(|lane| first_block(&lane.sum)),
        sums: lanes.each_ref().map(|lane| lane.sum),
    };
    for _ in 1..rounds {
        chains.states = chains.inner;
        chains.hash();
        chains.states = chains.outer;
        chains.hash();
        chains.add();
    }
    for (lane, sum) in lanes.into_iter().zip(chains.sums) {
        lane.sum = sum;
    }
}

/// Runs rounds 2 to `rounds` of three lanes, which is what one file takes.
///
/// The order of the statements is what makes it fast: while a lane is hashed, the hash of the
/// lane before it is written, and it is read again only after one more. No call waits for a write.
fn advance_three(lanes: [&mut Lane; 3], rounds: u32) {
    let mut trio = Trio {
        inner: lanes.each_ref().map(|lane| lane.inner),
        outer: lanes.each_ref().map(|lane| lane.outer),
        states: [[0; 8]; 3],
        blocks: lanes.each_ref().map(|lane| first_block(&lane.sum)),
        sums: lanes.each_ref().map(|lane| words(&lane.sum)),
    };
    // As if the last lane's hash of the round before were still to be added.
    trio.states[2] = std::mem::take(&mut trio.sums[2]);
    for _ in 1..rounds {
        trio.hash_inner::<0>();
        trio.write::<2>();
        trio.add::<2>();
        trio.hash_inner::<1>();
        trio.write::<0>();
        trio.hash_inner::<2>();
        trio.write::<1>();
        trio.hash_outer::<0>();
        trio.write::<2>();
        trio.hash_outer::<1>();
        trio.write::<0>();
        trio.add::<0>();
        trio.hash_outer::<2>();
        trio.write::<1>();
        trio.add::<1>();
    }
    trio.add::<2>();
    for (lane, sum) in lanes.into_iter().zip(&trio.sums) {
        lane.sum
            .copy_from_slice(sum.map(u32::to_be_bytes).as_flattened());
    }
}

/// What three lanes work on.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Trio {
    inner: [[u32; 8]; 3],
    outer: [[u32; 8]; 3],
    states: [[u32; 8]; 3],
    blocks: [[u8; 64]; 3],
    sums: [[u32; 8]; 3],
}

impl Trio {
    #[inline(always)]
    fn hash_inner<const LANE: usize>(&mut self) {
        self.states[LANE] = self.inner[LANE];
        self.compress::<LANE>();
    }

    #[inline(always)]
    fn hash_outer<const LANE: usize>(&mut self) {
        self.states[LANE] = self.outer[LANE];
        self.compress::<LANE>();
    }

    #[inline(always)]
    fn compress<const LANE: usize>(&mut self) {
        let block = std::slice::from_ref(&self.blocks[LANE]);
        compress256(&mut self.states[LANE], block);
    }

    #[inline(always)]
    fn write<const LANE: usize>(&mut self) {
        store(&self.states[LANE], &mut self.blocks[LANE]);
    }

    #[inline(always)]
    fn add<const LANE: usize>(&mut self) {
        for (sum, word) in self.sums[LANE].iter_mut().zip(&self.states[LANE]) {
            *sum ^= word;
        }
    }
}

/// What one or two lanes work on.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Chains<const N: usize> {
    inner: [[u32; 8]; N],
    outer: [[u32; 8]; N],
    states: [[u32; 8]; N],
    /// What is hashed next.
    blocks: [[u8; 64]; N],
    sums: [[u8; BLOCK]; N],
}

impl<const N: usize> Chains<N> {
    /// Hashes every block and writes the hash into it.
    ///
    /// The order of the statements matters: a hash is written while the next lane is at work, so
    /// that no call waits for a write.
    #[inline(always)]
    fn hash(&mut self) {
        for lane in 0..N {
            compress256(
                &mut self.states[lane],
                std::slice::from_ref(&self.blocks[lane]),
            );
            if let Some(last) = lane.checked_sub(1) {
                store(&self.states[last], &mut self.blocks[last]);
            }
        }
        store(&self.states[N - 1], &mut self.blocks[N - 1]);
    }

    /// Adds the hashes to the sums.
    ///
    /// Byte by byte: of words the compiler would share the loads with [`store`] and make it write
    /// single words, for which reading whole vectors has to wait.
    #[inline(always)]
    fn add(&mut self) {
        for (sum, block) in self.sums.iter_mut().zip(&self.blocks) {
            sum.iter_mut()
                .zip(block)
                .for_each(|(sum, byte)| *sum ^= byte);
        }
    }
}

/// The block that a lane hashes next: HMAC hashes the key's block and then 32 bytes, which makes
/// 96 bytes, padded to two blocks.
fn first_block(hash: &[u8; BLOCK]) -> [u8; 64] {
    let mut block = [0; 64];
    block[..BLOCK].copy_from_slice(hash);
    block[BLOCK] = 0x80;
    block[56..].copy_from_slice(&(96_u64 * 8).to_be_bytes());
    block
}

/// One output block in the making.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Lane {
    /// The hash state after the key block of HMAC's inner hash.
    inner: [u32; 8],
    /// The hash state after the key block of HMAC's outer hash.
    outer: [u32; 8],
    /// The exclusive or of all rounds so far.
    sum: [u8; BLOCK],
}

impl Lane {
    fn new(password: &[u8], salt: &[u8], number: u32) -> Self {
        let mut key = Zeroizing::new([0; 64]);
        if password.len() > key.len() {
            key[..32].copy_from_slice(&Sha256::digest(password));
        } else {
            key[..password.len()].copy_from_slice(password);
        }
        let mut first = Hmac::<Sha256>::new((&*key).into());
        first.update(salt);
        first.update(&number.to_be_bytes());
        Self {
            inner: key_state(&key, 0x36),
            outer: key_state(&key, 0x5c),
            sum: first.finalize().into_bytes().into(),
        }
    }

    fn output(&self) -> Zeroizing<[u8; BLOCK]> {
        Zeroizing::new(self.sum)
    }
}

/// The hash state after HMAC's key block, padded with `pad`.
fn key_state(key: &[u8; 64], pad: u8) -> [u32; 8] {
    let mut block = Zeroizing::new(*key);
    block.iter_mut().for_each(|byte| *byte ^= pad);
    let mut state = INITIAL;
    compress256(&mut state, std::slice::from_ref(&*block));
    state
}

fn words(hash: &[u8; BLOCK]) -> [u32; 8] {
    let mut words = [0; 8];
    for (word, chunk) in words.iter_mut().zip(hash.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*chunk);
    }
    words
}

/// Writes a hash to the start of a block.
fn store(state: &[u32; 8], block: &mut [u8; 64]) {
    for (chunk, word) in block.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *chunk = word.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(bytes: &[u8]) -> Secret {
        Secret::new(bytes).unwrap()
    }

    /// RFC 7914 section 11 has vectors of PBKDF2-HMAC-SHA256.
    #[test]
    fn published_vectors() {
        let passwd = secret(b"passwd");
        let [first, second] = &blocks(&[(&passwd, 1), (&passwd, 2)], b"salt", 1)[..] else {
            panic!("two jobs have two results");
        };
        assert_eq!(
            const_hex::encode([**first, **second].concat()),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc\
             49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
        );
        let password = secret(b"Password");
        let [first, second] = &blocks(&[(&password, 1), (&password, 2)], b"NaCl", 80_000)[..]
        else {
            panic!("two jobs have two results");
        };
        assert_eq!(
            const_hex::encode([**first, **second].concat()),
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56\
             a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"
        );
    }

    /// The definition, one block after another.
    fn reference(password: &[u8], salt: &[u8], number: u32, rounds: u32) -> [u8; BLOCK] {
        let hmac = |data: &[u8]| {
            let mut hmac = <Hmac<Sha256> as KeyInit>::new_from_slice(password).unwrap();
            hmac.update(data);
            <[u8; BLOCK]>::from(hmac.finalize().into_bytes())
        };
        let mut last = hmac(&[salt, &number.to_be_bytes()].concat());
        let mut sum = last;
        for _ in 1..rounds {
            last = hmac(&last);
            sum.iter_mut()
                .zip(last)
                .for_each(|(sum, byte)| *sum ^= byte);
        }
        sum
    }

    #[test]
    fn any_number_of_lanes_agrees_with_the_definition() {
        let secrets: Vec<_> = [1, 8, 63, 64, 65, 200, 3]
            .map(|n| secret(&vec![n; usize::from(n)]))
            .into();
        for salt in [&b""[..], b"s", &[7; 55], &[7; 300]] {
            for count in 0..=secrets.len() {
                let jobs: Vec<_> = secrets[..count].iter().zip(1..).collect();
                for derive in [blocks, blocks_sooner] {
                    let derived = derive(&jobs, salt, 5);
                    assert_eq!(derived.len(), count);
                    for (found, (secret, number)) in derived.iter().zip(&jobs) {
                        assert_eq!(**found, reference(secret.expose(), salt, *number, 5));
                    }
                }
            }
        }
    }
}
