//! The network between one client and the members of a store, which can be cut.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Goes on for ever: connections that a test leaves open end with the process.
///
/// Cut, it carries nothing in either direction and closes nothing: whoever speaks through it hears
/// nothing any more. Mended, what was sent meanwhile arrives, as what TCP sends again does.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    gate: Arc<Gate>,
    members: Vec<SocketAddr>,
}

impl Link {
    /// Lays one to each of these members, `HOST:PORT[,HOST:PORT…]`, on the same hosts, whose
    /// certificates are bound to them.
    pub(crate) fn lay(members: &str) -> Self {
        let gate = Arc::new(Gate::default());
        let members = members.split(',').map(|member| {
            let member: SocketAddr = member.parse().unwrap();
            let listener = TcpListener::bind((member.ip(), 0)).unwrap();
            let near = listener.local_addr().unwrap();
            let gate = Arc::clone(&gate);
            thread::spawn(move || accept(&listener, member, &gate));
            near
        });
        Self {
            members: members.collect(),
            gate,
        }
    }

    /// The members as whoever speaks through it names them.
    pub(crate) fn members(&self) -> String {
        let members = self.members.iter().map(ToString::to_string);
        members.collect::<Vec<_>>().join(",")
    }

    pub(crate) fn cut(&self) {
        *self.gate.is_cut.lock().unwrap() = true;
    }

    pub(crate) fn mend(&self) {
        *self.gate.is_cut.lock().unwrap() = false;
        self.gate.changed.notify_all();
    }
}

#[derive(Debug, Default)]
struct Gate {
    is_cut: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    fn pass(&self) {
        let is_cut = self.is_cut.lock().unwrap();
        drop(self.changed.wait_while(is_cut, |is_cut| *is_cut).unwrap());
    }
}

fn accept(listener: &TcpListener, member: SocketAddr, gate: &Arc<Gate>) {
    for near in listener.incoming().map_while(Result::ok) {
        gate.pass();
        // A member that was killed refuses, and so does this.
        if let Ok(far) = TcpStream::connect(member) {
            carry(&near, &far, gate);
            carry(&far, &near, gate);
        }
    }
}

/// Carries what one says to the other, until either ends.
fn carry(from: &TcpStream, to: &TcpStream, gate: &Arc<Gate>) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    let gate = Arc::clone(gate);
    thread::spawn(move || {
        let mut said = vec![0; 64 << 10];
        while let Ok(length @ 1..) = from.read(&mut said) {
            gate.pass();
            if to.write_all(&said[..length]).is_err() {
                break;
            }
        }
        gate.pass();
        for side in [&from, &to] {
            let _ = side.shutdown(Shutdown::Both);
        }
    });
}
