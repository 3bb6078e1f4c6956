//! The options of `etcdpki ca`.

use clap::{Args, Subcommand};

use super::{CaAccept, CaAdopt, CaImport, CaList, CaRequest};

/// Manage authorities, and who can open their keys
#[derive(Debug, Subcommand)]
pub(in crate::etcdpki) enum Ca {
    Accept(CaAccept),
    Adopt(CaAdopt),
    Import(CaImport),
    List(CaList),
    Request(CaRequest),
    #[command(subcommand)]
    Slot(Slot),
}

/// List and change the key slots: who can open the sealed keys
#[derive(Debug, Subcommand)]
pub(in crate::etcdpki) enum Slot {
    List(SlotList),
}

/// List the slots of the keyring; nothing is opened
#[derive(Args, Debug)]
pub(in crate::etcdpki) struct SlotList {
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}
