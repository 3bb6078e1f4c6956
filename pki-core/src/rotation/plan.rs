//! The plan of a rotation and its proof, which are one thing.

use time::OffsetDateTime;

use super::back;
use super::landscape::Landscape;
use super::model::Model;
use super::procedure::Place;
use super::proof::{self, Moment, prove_by};
use super::standing::underway;
use super::told_apart::told_apart;
use super::turn::step_from;
use super::{
    Broken, Dropped, LeftBehind, OpensslNeed, Procedure, Proof, RotationError, Step, Verifier,
    left_behind, openssl,
};
use crate::certificate::Certificate;
use crate::converge::{ConvergeError, check_cluster};
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::lint::BundleUse;
use crate::role::Role;
use crate::signer::Custody;
use crate::store::{Pki, Store};
use crate::trust;
use crate::verify::PathValidator;

/// The steps that are left of a rotation, each of them proved.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The authority that is replaced.
    pub authority: AuthorityName,
    /// How.
    pub procedure: Procedure,
    /// Whether it has begun.
    pub underway: bool,
    /// The rotation that it puts an end to.
    pub drops: Option<Dropped>,
    /// What is left to do.
    pub steps: Vec<PlannedStep>,
    /// How often each member is restarted, in what is left.
    pub restarts: usize,
    /// How many pairs of a certificate and a CA file were validated.
    pub pairs: usize,
    /// Whether members refuse, at its end, what the old authority has signed.
    pub old_is_refused: bool,
    /// What does not hold, which a procedure without overlap takes into account.
    pub broken: Vec<Broken>,
    /// What was issued by hand under an authority that is replaced, or below it: it is to be issued
    /// anew by hand.
    pub left_behind: Vec<LeftBehind>,
    /// Procedures with fewer restarts, and why each of them was not taken.
    pub ruled_out: Vec<(Procedure, String)>,
}

/// A step of a plan.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PlannedStep {
    /// What it changes.
    pub step: Step,
    /// The keys that it needs of authorities that are there before the rotation.
    pub keys: Vec<KeyNeed>,
    /// What was issued by hand and does not hold any more from then on.
    pub breaks: Vec<LeftBehind>,
    /// The authorities that it makes, and their generations.
    pub makes: Vec<(AuthorityName, u32)>,
    /// How many leaves are issued anew, with the keys that they have.
    pub leaves: usize,
    /// What members trust from then on, if that changes.
    pub members: Option<Vec<String>>,
    /// What the CA file of clients holds from then on, if that changes.
    pub clients: Option<Vec<String>>,
    /// Which members are restarted.
    pub restarts: Restarts,
    /// What clients must have loaded before it: nobody can ask them.
    pub clients_need: ClientsNeed,
    /// What clients on OpenSSL need besides.
    pub openssl: Vec<OpensslNeed>,
    /// How many pairs were validated for it.
    pub pairs: usize,
}

/// The key of an authority that a step needs.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct KeyNeed {
    /// Whose it is.
    pub authority: AuthorityName,
    /// Of which generation.
    pub generation: u32,
    /// Where it is.
    pub custody: Custody,
}

/// Which members a step restarts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Restarts {
    /// All at once: those that have not loaded what is new are shut out.
    AllAtOnce,
    /// None.
    None,
    /// Each, one at a time.
    Rolling,
}

impl Restarts {
    /// Those for which members load another CA file: at once if some refuse each other meanwhile.
    pub fn of(before: &Moment, after: &Moment, proof: &Proof) -> Self {
        let shuts_out = |one: &Broken| one.verifier == Verifier::Members;
        match before.bundles.members == after.bundles.members {
            true => Self::None,
            false if proof.broken.iter().any(shuts_out) => Self::AllAtOnce,
            false => Self::Rolling,
        }
    }
}

/// What clients must have loaded before a step begins.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ClientsNeed {
    /// The certificates that the steps before have issued for them.
    pub certificates: bool,
    /// The CA file that the steps before have written for them.
    pub ca_file: bool,
}

impl ClientsNeed {
    /// Whether there is anything.
    pub fn any(self) -> bool {
        self.certificates || self.ca_file
    }
}

/// Plans what is left of the rotation of `authority`, or a new one, and proves it. Without a
/// procedure the one with the fewest restarts is taken that holds. No key is needed.
///
/// # Errors
///
/// When no procedure, or not the one that is asked for, keeps the cluster together: the pair that
/// breaks is named. When another rotation is under way.
pub fn plan<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    authority: AuthorityName,
    procedure: Option<Procedure>,
    now: OffsetDateTime,
) -> Result<Plan, RotationError> {
    if !AuthorityName::chain(cluster).contains(&authority) {
        return Err(RotationError::NotInChain(authority));
    }
    check_cluster(cluster, pki)?;
    if procedure != Some(Procedure::Compromise) {
        refuse_request(pki, authority)?;
    }
    check_trust(cluster, pki)?;
    let model = Model::of(cluster, pki)?;
    let begun = underway(&model.landscape)?;
    let candidates = match (begun, procedure) {
        (Some(begun), None) if begun.authority == authority => vec![begun.procedure],
        (_, Some(procedure)) => vec![procedure],
        (_, None) => Procedure::candidates(cluster, authority).to_vec(),
    };
    let validator = PathValidator::new();
    let mut failure = None;
    let mut ruled_out = Vec::new();
    for procedure in candidates {
        if !procedure.is_for(cluster, authority) {
            return Err(not_for(cluster, procedure, authority));
        }
        match with(&model, &validator, authority, procedure, now) {
            Ok(plan) => {
                return Ok(Plan {
                    underway: begun.is_some() && plan.drops.is_none(),
                    ruled_out,
                    ..plan
                });
            }
            Err(error) => {
                ruled_out.push((procedure, error.to_string()));
                failure.get_or_insert(error);
            }
        }
    }
    Err(failure.unwrap_or(RotationError::NothingUnderway))
}

/// Where a successor was requested elsewhere, its answer is waited for.
pub(super) fn refuse_request<S: Store>(
    pki: &Pki<S>,
    name: AuthorityName,
) -> Result<(), RotationError> {
    match pki.request(name)? {
        None => Ok(()),
        Some(request) => Err(ConvergeError::Requested {
            name,
            path: pki.locate_request(&request),
        }
        .into()),
    }
}

/// What members trust is what their CA file says, and not what a description says that was changed
/// since: a plan from there would be proved for members that nobody has.
fn check_trust<S: Store>(cluster: &Cluster, pki: &Pki<S>) -> Result<(), RotationError> {
    let bundles = trust::standing(cluster, pki)?;
    let path = pki.locate_trust(BundleUse::Members);
    let mut stale = pki.stale_bundles(&bundles)?.into_iter();
    match stale.any(|(stale, _)| stale == path) {
        true => Err(RotationError::OtherTrust { path }),
        false => Ok(()),
    }
}

fn with(
    model: &Model<'_>,
    validator: &PathValidator,
    authority: AuthorityName,
    procedure: Procedure,
    now: OffsetDateTime,
) -> Result<Plan, RotationError> {
    let mut plan = Plan {
        authority,
        procedure,
        underway: false,
        drops: None,
        steps: Vec::new(),
        restarts: 0,
        pairs: 0,
        old_is_refused: false,
        broken: Vec::new(),
        left_behind: Vec::new(),
        ruled_out: Vec::new(),
    };
    let by_hand = &model.by_hand;
    let mut moments = past(model, now)?;
    // What was opened to look back is of no interest.
    model.used_keys();
    moments.push(model.moment.clone());
    // What was asked of clients then has been done.
    let mut clients = Clients::default();
    for (made, moment) in moments.iter().enumerate().skip(1) {
        clients.need(&moments[..made], moment, now);
    }
    let mut owned: Option<Model<'_>> = None;
    loop {
        let model = owned.as_ref().unwrap_or(model);
        let made = step_from(&model.landscape, authority, procedure, model.signers(), now)?;
        let (step, is_last) = (made.step, made.next.is_none());
        plan.drops = plan.drops.or(made.dropped);
        let revoked = made.change.revocations.clone();
        let new = made.change.new_authorities();
        let makes = new.map(|one| (one.name, one.generation)).collect();
        let (after, leaves) = model.after(made.change, now)?;
        let proof = prove_by(validator, &model.moment, &after.moment, model.watcher, now);
        let refused = proof.refused(procedure);
        if let Some((first, more)) = refused.split_first() {
            return Err(RotationError::Broken {
                procedure,
                authority,
                broken: Box::new(Broken::clone(first)),
                more: more.len(),
            });
        }
        let mut keys = model.used_keys();
        let of_leaves = after.used_keys().into_iter();
        keys.extend(
            of_leaves
                .filter(|key| !keys.contains(key))
                .collect::<Vec<_>>(),
        );
        let breaks = left_behind::broken(by_hand, &model.moment, &after.moment, &revoked, now);
        let planned = PlannedStep {
            step,
            keys,
            breaks,
            makes,
            leaves,
            members: changed(&model.moment.bundles.members, &after.moment.bundles.members),
            clients: changed(&model.moment.bundles.clients, &after.moment.bundles.clients),
            restarts: Restarts::of(&model.moment, &after.moment, &proof),
            clients_need: clients.need(&moments, &after.moment, now),
            openssl: openssl::needs(&model.moment, &after.moment, now),
            pairs: proof.pairs,
        };
        plan.pairs += proof.pairs;
        plan.restarts += usize::from(planned.restarts != Restarts::None);
        plan.steps.push(planned);
        plan.broken.extend(proof.broken);
        moments.push(after.moment.clone());
        owned = Some(after);
        if is_last {
            break;
        }
    }
    let last = owned.as_ref().unwrap_or(model);
    let first = &moments[moments.len() - 1 - plan.steps.len()];
    let in_use = left_behind::in_use(&last.landscape);
    plan.left_behind = left_behind::not_under(by_hand, &in_use, now);
    plan.old_is_refused = old_is_refused(&model.landscape, first, last, authority, now);
    Ok(plan)
}

/// The moments before the steps that were made already, the first one first.
fn past(model: &Model<'_>, now: OffsetDateTime) -> Result<Vec<Moment>, RotationError> {
    let mut moments = Vec::new();
    let mut owned: Option<Model<'_>> = None;
    loop {
        let model = owned.as_ref().unwrap_or(model);
        let Some(underway) = underway(&model.landscape)? else {
            break;
        };
        let Ok(change) = back::before(&model.landscape, underway) else {
            break;
        };
        let before = model.before(change, now)?;
        moments.insert(0, before.moment.clone());
        owned = Some(before);
    }
    Ok(moments)
}

/// Whether members refuse, at the end, what the old authority signed for a client, as far as there
/// is something to compare.
fn old_is_refused(
    before: &Landscape<'_>,
    first: &Moment,
    last: &Model<'_>,
    authority: AuthorityName,
    now: OffsetDateTime,
) -> bool {
    let replaced = match (before.in_use(authority), last.landscape.in_use(authority)) {
        (Ok(old), Ok(new)) => !old.certificate.is_twin_of(&new.certificate),
        _ => false,
    };
    let anchor = Place::of(before.cluster, authority) == Place::Anchor;
    let mut old = first.presented.iter();
    replaced && anchor && old.all(|leaf| proof::is_refused(&leaf.chain, &last.moment.bundles, now))
}

/// What clients are known to have loaded: nobody can ask them, so a step waits until somebody says
/// so.
#[derive(Default)]
struct Clients {
    /// From which moment on their certificates may be.
    certificates: usize,
    /// From which moment on their CA files may be.
    ca_file: usize,
}

impl Clients {
    /// What they must have loaded of the last of `moments` before the step to `after`: whatever
    /// they may still present of an earlier one is refused after it, or what they may still trust
    /// refuses what is presented then.
    fn need(&mut self, moments: &[Moment], after: &Moment, now: OffsetDateTime) -> ClientsNeed {
        let last = moments.len() - 1;
        let of = |moment: &Moment, role| {
            let mut presented = moment.presented.iter();
            let one = presented.find(|leaf| leaf.id.role == role);
            one.map(|leaf| leaf.chain.clone())
        };
        let refused = |moment: &Moment| {
            let chain = of(moment, Role::Client);
            chain.is_some_and(|chain| proof::is_refused(&chain, &after.bundles, now))
        };
        let refuses = |moment: &Moment| {
            let chain = of(after, Role::Server);
            chain.is_some_and(|chain| proof::is_refused_by_clients(&chain, &moment.bundles, now))
        };
        let need = ClientsNeed {
            certificates: moments[self.certificates..last].iter().any(refused),
            ca_file: moments[self.ca_file..last].iter().any(refuses),
        };
        if need.certificates {
            self.certificates = last;
        }
        if need.ca_file {
            self.ca_file = last;
        }
        need
    }
}

fn changed(before: &[Certificate], after: &[Certificate]) -> Option<Vec<String>> {
    (before != after).then(|| told_apart(after))
}

fn not_for(cluster: &Cluster, procedure: Procedure, authority: AuthorityName) -> RotationError {
    let fitting = Procedure::ALL.into_iter();
    let fitting: Vec<_> = fitting
        .filter(|one| one.is_for(cluster, authority))
        .map(Procedure::as_str)
        .collect();
    RotationError::NotFor {
        procedure,
        authority,
        anchor: cluster.trust_anchor.into(),
        fitting: fitting.join(", "),
    }
}
