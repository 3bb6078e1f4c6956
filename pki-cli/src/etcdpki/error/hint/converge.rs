//! What to do next where the description cannot be reached, or an authority not be rotated.

use pki_core::converge::ConvergeError;
use pki_core::rotation::RotationError;

pub(super) fn hint(error: &ConvergeError) -> Option<String> {
    use ConvergeError as E;
    Some(match error {
        E::Described(_) => {
            "change the description, or renew it with --renew or --rekey".to_owned()
        }
        E::Incomplete(_) => "run `etcdpki init` to make it".to_owned(),
        E::CompromisedKey(_) => "take another one: --rekey, or a request with a new key".to_owned(),
        E::RevokedKey(_) => "give it a new one: --rekey".to_owned(),
        E::NameOfPeers(_) => "choose another one: --common-name".to_owned(),
        E::NoKeyYet(_) => "leave --renew out".to_owned(),
        E::Offline { wanted, .. } => format!(
            "run `etcdpki ca request {wanted}`, have that signed where the key is, and bring the answer to `etcdpki ca accept`"
        ),
        E::OfflineSigner(name) => format!(
            "give it with `etcdpki ca import {name} --key`, or set `authorities: etcd: issuing` to true and run `etcdpki ca request issuing`"
        ),
        E::OutsideConstraints { position, .. } => {
            let way = "`etcdpki rotate ca etcd` replaces it";
            match position {
                Some(at) => format!("the name is asked for at etcdpki.yml:{at}; {way}"),
                None => way.to_owned(),
            }
        }
        E::Requested { .. } => "bring the answer to `etcdpki ca accept`".to_owned(),
        E::Undescribed(_) => {
            "add it to etcdpki.yml and run `etcdpki init`, or name one that is".to_owned()
        }
        E::UndescribedIssuer { .. } => {
            "name one of these, or add it to `others` of authorities in etcdpki.yml and run `etcdpki init`"
                .to_owned()
        }
        _ => return None,
    })
}

pub(super) fn hint_of_rotation(error: &RotationError) -> Option<String> {
    use RotationError as E;
    Some(match error {
        E::Broken { .. } => {
            "see what is wrong with what is there, `etcdpki verify`, and which ways there are: leave --procedure out, and add --plan".to_owned()
        }
        E::Converge(error) => return hint(error),
        E::OtherTrust { .. } => {
            "run `etcdpki init`, bring it to the hosts and restart the members, or set trust_anchor back; then rotate".to_owned()
        }
        E::Offline(name) => format!(
            "bring it for this step with `etcdpki ca import {name} --key FILE`, or choose another way with --procedure"
        ),
        E::OfflineIssuer { wanted, .. } => format!(
            "run `etcdpki ca request {wanted} --next -o {wanted}.csr`, have that signed where the key is (`etcdpki issue --csr {wanted}.csr --authority {wanted} --out {wanted}.crt`), bring the answer to `etcdpki ca accept {wanted}.crt`, and run this again"
        ),
        E::TooLate(name) => format!("`etcdpki rotate ca {name}` goes on"),
        E::NothingUnderway => "`etcdpki rotate ca AUTHORITY` begins one".to_owned(),
        E::Unaskable(_) => "go on without asking them: --unchecked".to_owned(),
        E::Underway { underway, .. } => format!(
            "`etcdpki rotate ca {underway}` goes on, and takes it back with --abort; a stolen key is replaced at once with --procedure compromise"
        ),
        E::NoCross(_) => "--procedure bundle does without".to_owned(),
        E::NoTwin(name) => format!("`etcdpki rotate ca {name}` replaces it"),
        _ => return None,
    })
}
