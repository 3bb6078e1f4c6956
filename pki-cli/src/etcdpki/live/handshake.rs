//! A handshake with a member, and one request.
//!
//! What the member presents is taken down and judged afterwards: the question is what it has, not
//! whether it is to be trusted, and nothing secret is sent to it.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pki_core::certificate::Certificate;
use pki_core::key::PrivateKey;
use pki_core::live::{Refusal, Unseen};
use pki_core::rotation::Probe;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// How long a member may take for each answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most that is read of an answer.
const MOST: u64 = 64 * 1024;

/// What is asked of a member.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question {
    /// Whether it is healthy.
    Health,
    /// Which version of etcd it runs.
    Version,
    /// The cluster's identity and its members, of the gRPC gateway.
    Members,
}

impl Question {
    /// The first line of the request, and its body.
    fn request(self) -> (&'static str, &'static str) {
        match self {
            Self::Health => ("GET /health", ""),
            Self::Version => ("GET /version", ""),
            Self::Members => ("POST /v3/cluster/member/list", "{}"),
        }
    }
}

/// What a member did.
#[derive(Debug)]
pub(super) struct Answer {
    /// The certificate that it presented, and what it sent along.
    pub(super) presented: Vec<Certificate>,
    /// What it said, or how it refused.
    pub(super) reply: Result<Reply, Refusal>,
}

/// What a member said.
#[derive(Debug)]
pub(super) struct Reply {
    /// The JSON that it sent, or the text.
    pub(super) body: String,
    /// How far its clock is ahead of ours.
    pub(super) clock_ahead: Option<time::Duration>,
}

/// A certificate that is shown, and its key.
#[derive(Clone, Copy, Debug)]
pub(in crate::etcdpki) struct Shown<'a> {
    pub(in crate::etcdpki) chain: &'a [Certificate],
    pub(in crate::etcdpki) key: &'a PrivateKey,
}

impl<'a> From<&'a Probe> for Shown<'a> {
    fn from(probe: &'a Probe) -> Self {
        Self {
            chain: &probe.chain,
            key: &probe.key,
        }
    }
}

/// Asks the member at `address`, as a client that shows a certificate if there is one.
///
/// # Errors
///
/// Why it presented nothing.
pub(super) fn ask(
    address: SocketAddr,
    shown: Option<Shown<'_>>,
    question: Question,
) -> Result<Answer, Unseen> {
    let tcp = TcpStream::connect_timeout(&address, PATIENCE)
        .map_err(|error| Unseen::Unreached(error.to_string()))?;
    let recorder = Arc::new(Recorder::new());
    let connection = config(&recorder, shown)
        .and_then(|config| ClientConnection::new(Arc::new(config), ServerName::from(address.ip())));
    let connection = connection.map_err(|error| Unseen::NoHandshake(error.to_string()))?;
    let reply = request(connection, tcp, address, question);
    let presented = recorder.presented();
    match (presented.is_empty(), reply) {
        (true, Err(failure)) => Err(Unseen::NoHandshake(failure.obstacle())),
        (_, reply) => Ok(Answer {
            presented,
            reply: reply.map_err(|failure| failure.refusal()),
        }),
    }
}

/// Why a member gave no answer.
#[derive(Debug)]
enum Failure {
    /// It announced the end of the connection before it answered.
    HungUp,
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Failure {
    /// Where a handshake did not come so far that anything was presented.
    fn obstacle(&self) -> String {
        match self {
            Self::Io(error) => match of_tls(error) {
                Some(rustls::Error::InvalidMessage(_)) => {
                    "what answers there speaks no TLS".to_owned()
                }
                _ => cause(error),
            },
            Self::HungUp => CLOSED.to_owned(),
        }
    }

    /// Where the member had presented its certificate. One that does not take the client's sends
    /// an alert, and closes the connection; which of them is seen is a matter of time.
    fn refusal(&self) -> Refusal {
        match self {
            Self::HungUp => Refusal::HungUp,
            Self::Io(error) if is_closed(error) => Refusal::Certificate(cause(error)),
            Self::Io(error) => match of_tls(error) {
                Some(rustls::Error::AlertReceived(_)) => Refusal::Certificate(cause(error)),
                _ => Refusal::NoAnswer(cause(error)),
            },
        }
    }
}

const CLOSED: &str = "it closes the connection";

/// What went wrong with TLS, if that did.
fn of_tls(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::BrokenPipe
            | Kind::ConnectionAborted
            | Kind::ConnectionReset
            | Kind::NotConnected
            | Kind::UnexpectedEof
    )
}

/// What an error says.
fn cause(error: &io::Error) -> String {
    use io::ErrorKind as Kind;
    if let Some(rustls::Error::AlertReceived(alert)) = of_tls(error) {
        return format!("it sends the alert {alert:?}");
    }
    match error.kind() {
        Kind::TimedOut | Kind::WouldBlock => {
            format!("it gives no answer in {} seconds", PATIENCE.as_secs())
        }
        _ if is_closed(error) => CLOSED.to_owned(),
        _ => error.to_string(),
    }
}

fn request(
    connection: ClientConnection,
    tcp: TcpStream,
    address: SocketAddr,
    question: Question,
) -> Result<Reply, Failure> {
    tcp.set_read_timeout(Some(PATIENCE))?;
    tcp.set_write_timeout(Some(PATIENCE))?;
    let mut stream = StreamOwned::new(connection, tcp);
    // In TLS 1.3 a member refuses a client after the handshake: reading tells of it.
    let (line, body) = question.request();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let written = stream.write_all(request.as_bytes());
    if let Err(error) = written.and_then(|()| stream.flush()) {
        return Err(match is_closed(&error) {
            true => parting(&mut stream).unwrap_or(Failure::Io(error)),
            false => Failure::Io(error),
        });
    }
    let mut answer = Vec::new();
    let read = (&mut stream).take(MOST).read_to_end(&mut answer);
    match read {
        Ok(0) => return Err(Failure::HungUp),
        // Without close_notify: etcd hangs up so.
        Err(error) if answer.is_empty() || error.kind() != io::ErrorKind::UnexpectedEof => {
            return Err(Failure::Io(error));
        }
        _ => {}
    }
    let answer = String::from_utf8_lossy(&answer);
    let parts = answer.split_once("\r\n\r\n");
    let (head, body) = parts.ok_or_else(|| io::Error::other("no HTTP answer"))?;
    Ok(Reply {
        body: json(body).unwrap_or(body).to_owned(),
        clock_ahead: date(head).map(|date| date - OffsetDateTime::now_utc()),
    })
}

/// What a member said before it closed the connection that is written to.
fn parting(stream: &mut StreamOwned<ClientConnection, TcpStream>) -> Option<Failure> {
    while stream.conn.read_tls(&mut stream.sock).ok()? > 0 {
        match stream.conn.process_new_packets() {
            Ok(state) if state.peer_has_closed() => return Some(Failure::HungUp),
            Ok(_) => {}
            Err(error) => {
                let error = io::Error::new(io::ErrorKind::InvalidData, error);
                return Some(Failure::Io(error));
            }
        }
    }
    None
}

/// What stands in braces: a body in chunks has their lengths on lines of their own.
fn json(body: &str) -> Option<&str> {
    let (from, to) = body.find('{').zip(body.rfind('}'))?;
    body.get(from..=to)
}

/// The time at which a member answered, in whole seconds (RFC 9110 section 6.6.1).
fn date(head: &str) -> Option<OffsetDateTime> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = fields.find(|(name, _)| name.eq_ignore_ascii_case("date"))?;
    OffsetDateTime::parse(value.trim(), &Rfc2822).ok()
}

fn config(
    recorder: &Arc<Recorder>,
    shown: Option<Shown<'_>>,
) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::clone(&recorder.provider);
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Recorder>::clone(recorder));
    let Some(shown) = shown else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = shown.chain.iter();
    let chain = chain.map(|one| CertificateDer::from(one.der().to_vec()));
    let key = PrivatePkcs8KeyDer::from(shown.key.pkcs8_der().to_vec());
    builder.with_client_auth_cert(chain.collect(), PrivateKeyDer::from(key))
}

/// Takes down what is presented.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    presented: Mutex<Vec<Certificate>>,
}

impl Recorder {
    fn new() -> Self {
        Self {
            provider: Arc::new(aws_lc_rs::default_provider()),
            presented: Mutex::default(),
        }
    }

    fn presented(&self) -> Vec<Certificate> {
        let presented = self.presented.lock();
        presented.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let all = std::iter::once(end_entity).chain(intermediates);
        let read = all.filter_map(|der| Certificate::from_der(der).ok());
        let mut presented = self
            .presented
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *presented = read.collect();
        Ok(ServerCertVerified::assertion())
    }

    // That it has the key of what it presents is part of what is asked.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rustls::AlertDescription;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_date_of_an_answer_is_read() {
        let head = "HTTP/1.1 200 OK\r\ndate: Sat, 28 Nov 2026 21:40:50 GMT\r\nX: y";
        assert_eq!(date(head), Some(datetime!(2026-11-28 21:40:50 UTC)));
        assert_eq!(date("HTTP/1.1 200 OK\r\nDate: today"), None);
        assert_eq!(date("HTTP/1.1 200 OK"), None);
    }

    #[test]
    fn a_refusal_is_told_apart_from_the_end_of_a_connection_and_from_silence() {
        let refusal = |error: io::Error| Failure::Io(error).refusal();
        let alert = rustls::Error::AlertReceived(AlertDescription::BadCertificate);
        let alert = io::Error::new(io::ErrorKind::InvalidData, alert);
        assert_eq!(
            refusal(alert),
            Refusal::Certificate("it sends the alert BadCertificate".to_owned())
        );
        let kinds = [
            io::ErrorKind::BrokenPipe,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::UnexpectedEof,
        ];
        for kind in kinds {
            assert_eq!(
                refusal(kind.into()),
                Refusal::Certificate(CLOSED.to_owned())
            );
        }
        assert_eq!(Failure::HungUp.refusal(), Refusal::HungUp);
        for (error, says) in [
            (io::ErrorKind::WouldBlock.into(), "5 seconds"),
            (io::Error::other("no HTTP answer"), "no HTTP answer"),
        ] {
            let refusal = refusal(error);
            assert!(
                matches!(&refusal, Refusal::NoAnswer(why) if why.contains(says)),
                "{refusal:?}"
            );
        }
    }

    /// What is asked of a port at which `serve` answers each connection.
    fn ask_of(serve: impl Fn(TcpStream) + Send + 'static) -> Unseen {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || serve(listener.accept().unwrap().0));
        ask(address, None, Question::Health).unwrap_err()
    }

    #[test]
    fn whatever_a_body_holds_its_json_is_found_or_not() {
        for (body, found) in [
            (
                "11\r\n{\"health\":\"true\"}\r\n0\r\n",
                Some("{\"health\":\"true\"}"),
            ),
            ("{}", Some("{}")),
            ("", None),
            ("{", None),
            ("} {", None),
        ] {
            assert_eq!(json(body), found, "{body}");
        }
    }

    #[test]
    fn what_speaks_no_tls_is_told_apart_from_who_is_not_there() {
        let clear = ask_of(|mut tcp| {
            let _ = tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            let _ = tcp.read(&mut [0; 1024]);
        });
        assert_eq!(
            clear,
            Unseen::NoHandshake("what answers there speaks no TLS".to_owned())
        );
        assert_eq!(ask_of(drop), Unseen::NoHandshake(CLOSED.to_owned()));
        // fatal, internal_error
        let alert = ask_of(|mut tcp| {
            let _ = tcp.read(&mut [0; 1024]);
            let _ = tcp.write_all(&[0x15, 3, 3, 0, 2, 2, 80]);
        });
        assert_eq!(
            alert,
            Unseen::NoHandshake("it sends the alert InternalError".to_owned())
        );
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = nobody.local_addr().unwrap();
        drop(nobody);
        let unseen = ask(address, None, Question::Health).unwrap_err();
        assert!(matches!(unseen, Unseen::Unreached(_)), "{unseen:?}");
    }
}
