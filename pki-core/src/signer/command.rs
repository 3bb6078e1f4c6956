//! A key that a command signs with.

use std::fmt;
use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::{InvalidCustody, SignError, SignatureAlgorithm, Signer};
use crate::key::PublicKey;
use crate::lifetime::Lifetime;

/// A command that signs, and how long it may take.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignerConfig {
    command: Vec<String>,
    timeout: Lifetime,
}

impl SignerConfig {
    /// A program with its arguments, which no shell reads, and its time limit: 60 seconds where
    /// none is given.
    ///
    /// # Errors
    ///
    /// When the program is empty or the limit is longer than an hour.
    pub fn new(command: Vec<String>, timeout: Option<Lifetime>) -> Result<Self, InvalidCustody> {
        if command.first().is_none_or(String::is_empty) {
            return Err(InvalidCustody(
                "command: it is empty: write the program and its arguments as a list".to_owned(),
            ));
        }
        let timeout = timeout.unwrap_or(Lifetime::minutes(1));
        if timeout > MAX_TIMEOUT {
            return Err(InvalidCustody(
                "timeout: more than 1h: shorten it".to_owned(),
            ));
        }
        Ok(Self { command, timeout })
    }

    /// The program and its arguments.
    pub fn command(&self) -> &[String] {
        &self.command
    }

    /// The time limit.
    pub fn timeout(&self) -> Lifetime {
        self.timeout
    }
}

/// A key that a command signs with.
///
/// The command is run for each signature. It gets the octets to be signed (the DER of
/// TBSCertificate, TBSCertList or CertificationRequestInfo, not hashed) on its standard input,
/// and prints the signature, as [`Signer::sign`] says, and nothing else on its standard output.
/// Its environment has `ETCDPKI_SIGNATURE_ALGORITHM`, such as `ecdsa-with-SHA384`, and
/// `ETCDPKI_PUBLIC_KEY`, the SHA-256 of the key's SubjectPublicKeyInfo in hexadecimal, so that
/// one program can serve several keys.
///
/// It must end with status 0 within its time limit, and print at most 8 KiB. What it writes to
/// standard error becomes part of the message when it fails. The signature is verified with the
/// authority's public key before it is used.
pub struct ExternalCommand {
    key: PublicKey,
    config: SignerConfig,
}

impl ExternalCommand {
    /// The key whose public half is `key`, behind a command.
    pub fn new(key: PublicKey, config: SignerConfig) -> Self {
        Self { key, config }
    }

    fn run(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, String> {
        let deadline = Instant::now() + self.config.timeout.as_duration().unsigned_abs();
        let mut child = self.spawn(algorithm).map_err(|error| {
            format!("could not be started: {error}; is it a program that you may execute?")
        })?;
        let input = message.to_vec();
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not read to the end may still have what it needs.
            thread::spawn(move || {
                let _ = stdin.write_all(&input);
            });
        }
        let output = collect(child.stdout.take(), MAX_OUTPUT);
        let talk = collect(child.stderr.take(), MAX_TALK);
        let Some(status) = wait(&mut child, deadline) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!(
                "did not end within {}; see what it waits for, or give it a longer timeout in ca.signer.yml",
                self.config.timeout
            ));
        };
        // A background process of the command may hold its output open.
        let left = deadline.saturating_duration_since(Instant::now());
        let output = output.recv_timeout(left).map_err(|_| {
            "ended, but something it started keeps its output open: have it closed there".to_owned()
        })?;
        if !status.success() {
            let talk = talk.recv_timeout(GRACE).unwrap_or_default();
            return Err(failure(status, &talk));
        }
        match output.len() > MAX_OUTPUT {
            true => Err(format!(
                "printed more than {MAX_OUTPUT} octets: no signature is so long"
            )),
            false => Ok(output),
        }
    }

    fn spawn(&self, algorithm: SignatureAlgorithm) -> io::Result<Child> {
        let (program, arguments) = self
            .config
            .command
            .split_first()
            .ok_or(io::ErrorKind::InvalidInput)?;
        Command::new(program)
            .args(arguments)
            .env("ETCDPKI_SIGNATURE_ALGORITHM", algorithm.as_str())
            .env("ETCDPKI_PUBLIC_KEY", self.key.fingerprint().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    }
}

impl Signer for ExternalCommand {
    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.run(algorithm, message)
            .map_err(|reason| SignError::Command {
                command: self.config.command.first().cloned().unwrap_or_default(),
                reason,
            })
    }
}

impl fmt::Debug for ExternalCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalCommand")
            .field("key", &self.key.fingerprint())
            .field("config", &self.config)
            .finish()
    }
}

/// Reads at most one octet more than `limit`, on a thread of its own.
fn collect(stream: Option<impl Read + Send + 'static>, limit: usize) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut octets = Vec::new();
        if let Some(stream) = stream {
            let limit = u64::try_from(limit).unwrap_or(u64::MAX);
            let _ = stream.take(limit + 1).read_to_end(&mut octets);
        }
        let _ = sender.send(octets);
    });
    receiver
}

fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(POLL),
            Ok(None) | Err(_) => return None,
        }
    }
}

fn failure(status: ExitStatus, talk: &[u8]) -> String {
    let text = String::from_utf8_lossy(talk);
    let text: String = text
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    match text.is_empty() {
        true => format!("failed: {status}"),
        false => format!("failed: {status}: {text}"),
    }
}

const MAX_OUTPUT: usize = 8 * 1024;
const MAX_TALK: usize = 2 * 1024;
const MAX_TIMEOUT: Lifetime = Lifetime::minutes(60);
const POLL: Duration = Duration::from_millis(2);
const GRACE: Duration = Duration::from_millis(500);
#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{KeyAlgorithm, PrivateKey};

    fn run(script: &str, timeout: &str) -> Result<Vec<u8>, String> {
        let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let command = ["sh", "-c", script].map(str::to_owned).to_vec();
        let config = SignerConfig::new(command, Some(timeout.parse().unwrap())).unwrap();
        let command = ExternalCommand::new(key.public().clone(), config);
        command.run(SignatureAlgorithm::EcdsaSha256, &[7; 200_000])
    }

    #[test]
    fn a_command_gets_the_message_and_the_algorithm() {
        let counted = run("wc -c; printf %s $ETCDPKI_SIGNATURE_ALGORITHM", "10s").unwrap();
        let text = String::from_utf8(counted).unwrap();
        assert_eq!(
            text.split_whitespace().collect::<Vec<_>>(),
            ["200000", "ecdsa-with-SHA256"]
        );
    }

    #[test]
    fn every_way_to_fail_is_named() {
        let failed = run("echo no card >&2; exit 3", "10s").unwrap_err();
        assert!(
            failed.contains("3") && failed.contains("no card"),
            "{failed}"
        );
        let late = run("sleep 60", "1s").unwrap_err();
        assert!(late.contains("within 1s"), "{late}");
        let much = run("head -c 9000 /dev/zero", "10s").unwrap_err();
        assert!(much.contains("more than 8192"), "{much}");
        let held = run("sleep 60 & echo x", "1s").unwrap_err();
        assert!(held.contains("keeps its output open"), "{held}");
    }
}
