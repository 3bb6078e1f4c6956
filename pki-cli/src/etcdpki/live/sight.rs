//! What is to be seen of members.

use std::net::SocketAddr;
use std::thread::{self, ScopedJoinHandle};

use pki_core::live::{Answer, Port, Refusal, Replaced, Sighting, Unseen};
use serde::Deserialize;

use super::Place;
use super::handshake::{Question, Reply, Shown, ask};

/// As which clients members are asked.
#[derive(Debug, Default)]
pub(in crate::etcdpki) struct Probes<'a> {
    /// One of what members must trust.
    pub(in crate::etcdpki) trusted: Option<Shown<'a>>,
    /// One of each authority that they must not trust any more.
    pub(in crate::etcdpki) replaced: Vec<(Replaced, Shown<'a>)>,
}

/// Looks at all members at the same time.
pub(in crate::etcdpki) fn sight(places: &[Place], probes: &Probes<'_>) -> Vec<Sighting> {
    thread::scope(|scope| {
        let threads: Vec<_> = places
            .iter()
            .map(|place| scope.spawn(move || member(place, probes)))
            .collect();
        threads.into_iter().map(joined).collect()
    })
}

/// The result of a thread; its panic is ours.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    let result = thread.join();
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Both ports at the same time: each may take seconds to give nothing.
fn member(place: &Place, probes: &Probes<'_>) -> Sighting {
    thread::scope(|scope| {
        let peer = scope.spawn(|| port(place.peer));
        let (client, answer, still_trusts) = client_port(place.client, probes);
        Sighting {
            name: place.name.clone(),
            client,
            peer: joined(peer),
            answer,
            still_trusts,
        }
    })
}

type Answered = Option<Result<Answer, Refusal>>;

fn client_port(address: SocketAddr, probes: &Probes<'_>) -> (Port, Answered, Vec<Replaced>) {
    let port = port(address);
    // Where nobody answers, nobody is waited for once more.
    let probe = probes.trusted.filter(|_| port.presented.is_ok());
    let answer = probe.map(|probe| answer(address, probe));
    // Who has not loaded what is new is known to trust what is old.
    let replaced = probes.replaced.iter();
    let replaced = replaced.filter(|_| matches!(answer, Some(Ok(_))));
    let still_trusts = replaced
        .filter(|(_, probe)| reply(address, *probe, Question::Health).is_ok())
        .map(|(replaced, _)| *replaced)
        .collect();
    (port, answer, still_trusts)
}

fn port(address: SocketAddr) -> Port {
    let answer = ask(address, None, Question::Health);
    Port {
        address,
        takes_strangers: answer.as_ref().is_ok_and(|answer| answer.reply.is_ok()),
        presented: answer.map(|answer| answer.presented),
    }
}

fn reply(address: SocketAddr, probe: Shown<'_>, question: Question) -> Result<Reply, Refusal> {
    match ask(address, Some(probe), question) {
        Ok(answer) => answer.reply,
        Err(Unseen::Unreached(why) | Unseen::NoHandshake(why)) => Err(Refusal::NoAnswer(why)),
    }
}

fn answer(address: SocketAddr, probe: Shown<'_>) -> Result<Answer, Refusal> {
    let reply = |question| reply(address, probe, question);
    let health = reply(Question::Health)?;
    // The rest is known where the member tells it.
    let version = reply(Question::Version).ok();
    let version = version.and_then(|reply| serde_json::from_str::<Version>(&reply.body).ok());
    let list = reply(Question::Members).ok();
    let list = list.and_then(|reply| serde_json::from_str::<MemberList>(&reply.body).ok());
    let (cluster_id, members) = list.map(MemberList::into_parts).unzip();
    Ok(Answer {
        ailment: ailment(&health.body),
        version: version.map(|version| version.etcdserver),
        clock_ahead: health.clock_ahead,
        cluster_id,
        members,
    })
}

/// What ails whoever answers so; nothing who is well. etcd answers `{"health":"true"}`, newer ones with
/// a reason besides.
fn ailment(answer: &str) -> Option<String> {
    let answer = answer.trim();
    let told: Option<serde_json::Value> = serde_json::from_str(answer).ok();
    match told.as_ref().and_then(|told| told.get("health")) {
        Some(health) if health == "true" => None,
        Some(_) => Some(answer.to_owned()),
        None => Some(format!(
            "what answers there is no etcd, or does not serve its clients: its answer to /health is {}",
            match answer.lines().next() {
                Some(line) => format!("`{}`", line.chars().take(MOST_SHOWN).collect::<String>()),
                None => "empty".to_owned(),
            }
        )),
    }
}

/// How many characters are shown of what somebody else answers.
const MOST_SHOWN: usize = 80;

/// What `/version` says.
#[derive(Deserialize)]
struct Version {
    etcdserver: String,
}

/// What the gRPC gateway says, which writes numbers of 64 bits as text.
#[derive(Deserialize)]
struct MemberList {
    header: Header,
    members: Vec<Member>,
}

#[derive(Deserialize)]
struct Header {
    cluster_id: String,
}

#[derive(Deserialize)]
struct Member {
    /// Left out while it has not started.
    #[serde(default)]
    name: String,
}

impl MemberList {
    fn into_parts(self) -> (String, Vec<String>) {
        let names = self.members.into_iter().map(|member| member.name);
        (self.header.cluster_id, names.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_members_is_read() {
        let body = r#"{"header":{"cluster_id":"17237436991929493444","member_id":"9","raft_term":"2"},"members":[{"ID":"1","name":"etcd-0","peerURLs":["https://a:2380"],"clientURLs":[]},{"ID":"2","peerURLs":["https://b:2380"]}]}"#;
        let list: MemberList = serde_json::from_str(body).unwrap();
        let (id, names) = list.into_parts();
        assert_eq!(id, "17237436991929493444");
        assert_eq!(names, ["etcd-0", ""]);
        let refused = r#"{"error":"etcdserver: permission denied","code":7}"#;
        assert!(serde_json::from_str::<MemberList>(refused).is_err());
    }

    #[test]
    fn health_is_what_etcd_says() {
        assert_eq!(ailment("{\"health\":\"true\"}"), None);
        assert_eq!(ailment("{\"health\":\"true\",\"reason\":\"\"}\n"), None);
        let leaderless = "{\"health\":\"false\",\"reason\":\"NO LEADER\"}";
        assert_eq!(ailment(leaderless).as_deref(), Some(leaderless));
    }

    #[test]
    fn who_is_no_etcd_is_told_by_its_answer() {
        for (answer, told) in [
            ("", "empty"),
            (" \r\n", "empty"),
            ("404 page not found\nmore", "`404 page not found`"),
            ("{}", "`{}`"),
            (&"é".repeat(200), &format!("`{}`", "é".repeat(80))),
        ] {
            let ailment = ailment(answer).unwrap();
            assert!(ailment.ends_with(told), "{ailment}");
            assert!(ailment.contains("no etcd"), "{ailment}");
        }
    }
}
