//! etcd itself: its versions, its flags, and the settings with which a member is started.

pub mod flags;
pub mod settings;
mod version;

pub use version::{EtcdSeries, EtcdVersion, InvalidEtcdVersion};
