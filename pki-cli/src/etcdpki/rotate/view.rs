//! The plan of a rotation, as text and as JSON.

use std::fmt::Write as _;

use pki_core::rotation::{
    Dropped, Kept, KeyNeed, LeftBehind, OpensslNeed, Plan, PlannedStep, Procedure, Restarts, Side,
    Step,
};
use pki_core::seal::Tier;
use pki_core::signer::Custody;
use serde::Serialize;

use crate::etcdpki::output::{BAD, DIM, GOOD, HEADING, WARN, count};

/// A plan and its proof.
#[derive(Debug, Serialize)]
pub(super) struct View {
    authority: String,
    procedure: &'static str,
    underway: bool,
    /// The rotation that it puts an end to.
    #[serde(skip_serializing_if = "Option::is_none")]
    drops: Option<Drops>,
    /// How often each member is restarted.
    restarts: usize,
    steps: Vec<StepView>,
    /// How many pairs of a certificate and a CA file were validated.
    pairs: usize,
    /// What does not hold while it is carried out: an outage.
    broken: Vec<String>,
    /// Procedures with fewer restarts, and why each of them was not taken.
    ruled_out: Vec<RuledOut>,
    /// Whether members refuse what the old authority signed, at its end.
    old_is_refused: bool,
    /// What was issued by hand under what is replaced, and is to be issued anew by hand.
    left_behind: Vec<ByHand>,
}

/// The key of an authority.
#[derive(Debug, Serialize)]
struct KeyView {
    authority: String,
    generation: u32,
    place: &'static str,
}

impl KeyView {
    fn of(need: &KeyNeed) -> Self {
        Self {
            authority: need.authority.to_string(),
            generation: need.generation,
            place: match (&need.custody, need.authority.tier()) {
                (Custody::Command(_), _) => "command",
                (Custody::Offline, _) => OFFLINE,
                (Custody::Sealed, Tier::Issuing) => "sealed",
                (Custody::Sealed, Tier::Root) => "sealed, root tier",
            },
        }
    }

    fn is_offline(&self) -> bool {
        self.place == OFFLINE
    }

    fn to_text(&self) -> String {
        let Self {
            authority,
            generation,
            place,
        } = self;
        match *place {
            "sealed" => format!("{authority} CA G{generation}"),
            place => format!("{authority} CA G{generation} ({place})"),
        }
    }
}

/// Where a key is that is not here.
const OFFLINE: &str = "offline";

/// A certificate that was issued by hand, and how it is issued anew.
#[derive(Clone, Debug, Serialize)]
pub(in crate::etcdpki) struct ByHand {
    certificate: String,
    command: String,
}

impl ByHand {
    pub(super) fn of(left: &LeftBehind) -> Self {
        let (owner, role) = (&left.id.owner, left.id.role);
        let how = match left.has_key {
            true => "--renew",
            false => "--csr REQUEST",
        };
        Self {
            certificate: left.id.to_string(),
            command: format!("etcdpki issue {owner} --role {role} {how}"),
        }
    }

    pub(super) fn all(left: &[LeftBehind]) -> Vec<Self> {
        left.iter().map(Self::of).collect()
    }

    pub(super) fn write_all(all: &[Self], text: &mut String) {
        for Self {
            certificate,
            command,
        } in all
        {
            let _ = writeln!(text, "  {command}  {DIM}{certificate}{DIM:#}");
        }
    }
}

/// A rotation that was under way and that does not go on.
#[derive(Debug, Serialize)]
pub(super) struct Drops {
    authority: String,
    procedure: &'static str,
    /// Which of its two generations stays.
    keeps: &'static str,
}

impl Drops {
    pub(super) fn of(dropped: Dropped) -> Self {
        Self {
            authority: dropped.authority.to_string(),
            procedure: dropped.procedure.as_str(),
            keeps: match dropped.kept {
                Kept::Neither => "neither",
                Kept::New => "new",
                Kept::Old => "old",
            },
        }
    }

    pub(super) fn to_text(&self) -> String {
        let Self {
            authority,
            procedure,
            keeps,
        } = self;
        let outcome = match *keeps {
            "new" => format!("its new {authority} CA stays, and the old one is out: it is done"),
            "old" => format!("the old {authority} CA stays: begin it anew afterwards"),
            _ => "both of its generations go".to_owned(),
        };
        format!("the rotation of the {authority} CA by {procedure}; {outcome}")
    }
}

#[derive(Debug, Serialize)]
struct RuledOut {
    procedure: &'static str,
    reason: String,
}

#[derive(Debug, Serialize)]
struct StepView {
    step: &'static str,
    meaning: &'static str,
    /// The keys of authorities that it needs, and where each of them is.
    keys: Vec<KeyView>,
    makes: Vec<String>,
    /// What was issued by hand and does not hold any more from then on.
    breaks: Vec<ByHand>,
    /// How many certificates are issued anew.
    certificates: usize,
    /// What members trust from then on, if that changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    members_trust: Option<Vec<String>>,
    /// What the CA file of clients holds from then on, if that changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    clients_trust: Option<Vec<String>>,
    restarts: &'static str,
    /// What clients must have loaded before it.
    clients_need: Vec<&'static str>,
    /// CA files with which clients on OpenSSL do not get through it, and others do.
    openssl_clients: Vec<OpensslClients>,
    pairs: usize,
}

#[derive(Debug, Serialize)]
struct OpensslClients {
    /// What they trust.
    trusting: Vec<String>,
    /// Whose certificates they refuse: of members that have the `old` or the `new` files.
    refuse: &'static str,
    /// What they must trust to get through.
    #[serde(skip_serializing_if = "Option::is_none")]
    need: Option<Vec<String>>,
}

impl OpensslClients {
    fn of(need: &OpensslNeed) -> Self {
        Self {
            trusting: need.trusting.clone(),
            refuse: match need.refuse {
                Side::After => "new",
                Side::Before => "old",
            },
            need: need.need.clone(),
        }
    }

    fn to_text(&self) -> String {
        let trusting = self.trusting.join(" and ");
        let need = match &self.need {
            Some(need) => format!("they need {}", need.join(" and ")),
            None => "no CA file of this step will do for them".to_owned(),
        };
        match self.refuse {
            "old" => format!(
                "clients on OpenSSL that trust {trusting} alone refuse members with the old files: until none is left {need}"
            ),
            _ => format!(
                "clients on OpenSSL that trust {trusting} alone refuse members with the new files: before it {need}"
            ),
        }
    }
}

impl View {
    pub(super) fn of(plan: &Plan) -> Self {
        Self {
            authority: plan.authority.to_string(),
            procedure: plan.procedure.as_str(),
            underway: plan.underway,
            drops: plan.drops.map(Drops::of),
            restarts: plan.restarts,
            steps: plan.steps.iter().map(StepView::of).collect(),
            pairs: plan.pairs,
            broken: plan.broken.iter().map(ToString::to_string).collect(),
            old_is_refused: plan.old_is_refused,
            left_behind: ByHand::all(&plan.left_behind),
            ruled_out: plan
                .ruled_out
                .iter()
                .map(|(procedure, reason)| RuledOut {
                    procedure: procedure.as_str(),
                    reason: reason.clone(),
                })
                .collect(),
        }
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        let Self {
            authority,
            procedure,
            restarts,
            ..
        } = self;
        let left = if self.underway { " left" } else { "" };
        let _ = writeln!(
            text,
            "{HEADING}Rotation of the {authority} CA{HEADING:#} by {procedure}: {}{left}, {}",
            count(self.steps.len(), "step"),
            match (restarts, self.steps.iter().any(StepView::is_at_once)) {
                (0, _) => "no restart".to_owned(),
                (_, true) => "all members restarted at once".to_owned(),
                (1, _) => "each member restarted once".to_owned(),
                (many, _) => format!("each member restarted {many} times"),
            }
        );
        if let Some(drops) = &self.drops {
            let _ = writeln!(text, "{WARN}drops{WARN:#} {}", drops.to_text());
        }
        for (number, step) in self.steps.iter().enumerate() {
            for key in step.keys.iter().filter(|key| key.is_offline()) {
                let _ = writeln!(
                    text,
                    "{WARN}offline{WARN:#} step {}, {}, needs the key of the {} CA, which is not here",
                    number + 1,
                    step.step,
                    key.authority
                );
            }
        }
        for RuledOut { reason, .. } in &self.ruled_out {
            let _ = writeln!(text, "{WARN}ruled out{WARN:#}: {reason}");
        }
        for (number, step) in self.steps.iter().enumerate() {
            step.write(&mut text, number + 1);
        }
        let _ = match self.broken.as_slice() {
            [] => writeln!(
                text,
                "\n{GOOD}Proved{GOOD:#}: {} pairs of a certificate and a CA file hold, old and new in every mixture.",
                self.pairs
            ),
            [first, more @ ..] => writeln!(
                text,
                "\n{BAD}An outage{BAD:#}: until every host has it, {first}{}",
                match more.len() {
                    0 => String::new(),
                    more => format!(" (and {more} more)"),
                }
            ),
        };
        if *procedure == Procedure::Compromise.as_str() {
            let _ = writeln!(
                text,
                "The old {authority} CA is revoked: a member that has the new crl/etcd.crl refuses every client and peer that still sends it along. Bring everything to all hosts at once."
            );
        }
        if !self.left_behind.is_empty() {
            let _ = writeln!(
                text,
                "\n{WARN}Left behind{WARN:#}: what was issued by hand does not follow. When the new {authority} CA is there:"
            );
            ByHand::write_all(&self.left_behind, &mut text);
        }
        if self.old_is_refused {
            let _ = writeln!(
                text,
                "At its end members refuse what the old {authority} CA signed."
            );
        }
        text
    }
}

impl StepView {
    fn of(planned: &PlannedStep) -> Self {
        let need = planned.clients_need;
        Self {
            step: planned.step.as_str(),
            meaning: meaning(planned.step),
            keys: planned.keys.iter().map(KeyView::of).collect(),
            breaks: ByHand::all(&planned.breaks),
            makes: planned
                .makes
                .iter()
                .map(|(name, generation)| format!("{name} CA, generation {generation}"))
                .collect(),
            certificates: planned.leaves,
            members_trust: planned.members.clone(),
            clients_trust: planned.clients.clone(),
            restarts: match planned.restarts {
                Restarts::AllAtOnce => AT_ONCE,
                Restarts::None => "none",
                Restarts::Rolling => "one at a time",
            },
            clients_need: super::needs(need),
            openssl_clients: planned.openssl.iter().map(OpensslClients::of).collect(),
            pairs: planned.pairs,
        }
    }

    fn is_at_once(&self) -> bool {
        self.restarts == AT_ONCE
    }

    fn write(&self, text: &mut String, number: usize) {
        let Self { step, meaning, .. } = self;
        let _ = writeln!(text, "\n{HEADING}{number} {step}{HEADING:#}  {meaning}");
        if !self.clients_need.is_empty() {
            let _ = writeln!(
                text,
                "  {WARN}before{WARN:#}    clients must have {}: --clients-ready",
                self.clients_need.join(" and ")
            );
        }
        if !self.keys.is_empty() {
            let keys: Vec<_> = self.keys.iter().map(KeyView::to_text).collect();
            let _ = writeln!(text, "  keys      {}", keys.join(", "));
        }
        for ByHand { certificate, .. } in &self.breaks {
            let _ = writeln!(
                text,
                "  {WARN}breaks{WARN:#}    {certificate}, which was issued by hand: see below"
            );
        }
        if !self.makes.is_empty() {
            let _ = writeln!(text, "  makes     {}", self.makes.join("; "));
        }
        if self.certificates > 0 {
            let _ = writeln!(
                text,
                "  issues    {}, with the keys they have",
                count(self.certificates, "certificate")
            );
        }
        for (who, trust) in [
            ("members", &self.members_trust),
            ("clients", &self.clients_trust),
        ] {
            for (at, subject) in trust.iter().flatten().enumerate() {
                let who = if at == 0 { who } else { "" };
                let verb = if at == 0 { "trust" } else { "" };
                let _ = writeln!(text, "  {who:7} {verb:5} {subject}");
            }
        }
        for clients in &self.openssl_clients {
            let _ = writeln!(text, "  {WARN}OpenSSL{WARN:#}   {}", clients.to_text());
        }
        let _ = writeln!(text, "  {DIM}restarts  {}{DIM:#}", self.restarts);
    }
}

/// How members are restarted that shut each other out meanwhile.
const AT_ONCE: &str = "all at once";

/// What a step changes, for a person.
pub(in crate::etcdpki) fn meaning(step: Step) -> &'static str {
    match step {
        Step::Introduce => "the new authority signs, and both old and new trust leads to it",
        Step::Renew => "a newer certificate of the same key takes the place of the old one",
        Step::Replace => "everything is replaced at once, and the old authority revoked",
        Step::Sign => "the new authority signs: members trust it already",
        Step::Strip => "certificates carry no more what led to the old authority",
        Step::Trust => "members trust the new authority alone",
        Step::TrustBoth => "members trust the new authority beside the old one",
    }
}
