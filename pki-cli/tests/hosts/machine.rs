//! The machine that hosts run on.

use std::process::Command;

use fixtures::run;

use crate::lab::workspace;

#[test]
fn what_the_machine_lacks_is_named_in_a_line() {
    for (without, allow) in [
        ("sys_admin", "CAP_SYS_ADMIN"),
        ("net_admin", "CAP_NET_ADMIN"),
    ] {
        let refused = run(Command::new("setpriv")
            .arg(format!("--bounding-set=-{without}"))
            .arg(format!("--inh-caps=-{without}"))
            .arg(workspace().join("fixtures/hosts/hosts"))
            .arg("image"));
        assert_eq!(refused.status.code(), Some(1), "{refused}");
        assert!(refused.stderr.contains(allow), "{refused}");
        assert_eq!(refused.output().lines().count(), 1, "{refused}");
    }
}
