//! The modules of Terraform, and what they take from the description.

use pki_core::Cluster;
use serde_json::json;

use super::{File, templates, verbatim};
use crate::etcdpki::error::Error;

/// What comes after it.
pub(super) const NEXT: &[&str] = &[
    "terraform -chdir=terraform/upcloud init",
    "terraform -chdir=terraform/upcloud apply -var 'ssh_keys=[\"…\"]' -var ssh_private_key=…",
];

/// All files.
pub(super) fn files(cluster: &Cluster) -> Result<Vec<File>, Error> {
    let mut files = verbatim(TEMPLATES, "terraform/");
    let variables = json!({
        "dns_domain": cluster.domain.to_string(),
        "etcd_nodes": cluster.nodes.iter().map(|node| json!({
            "name": node.name.to_string(),
            "address": node.addresses[0].to_string(),
        })).collect::<Vec<_>>(),
        "private_network": cluster.first_network().to_string(),
    });
    let text = serde_json::to_string_pretty(&variables).map_err(|source| Error::Json { source })?;
    files.push(File::new(
        "terraform/upcloud/etcd.auto.tfvars.json",
        text + "\n",
    ));
    Ok(files)
}

/// Every file in `templates/terraform`.
pub(super) const TEMPLATES: &[(&str, &str)] = templates! { "terraform":
    ".gitignore",
    "hosts/main.tf",
    "hosts/outputs.tf",
    "hosts/tests/hosts.tftest.hcl",
    "hosts/variables.tf",
    "hosts/versions.tf",
    "upcloud/main.tf",
    "upcloud/outputs.tf",
    "upcloud/tests/upcloud.tftest.hcl",
    "upcloud/variables.tf",
    "upcloud/versions.tf",
};
