//! The page in a browser, as it is read on a phone and at a desk.

use std::path::Path;

use fixtures::{chromium, run};
use serde_json::Value;

use crate::workspace::Workspace;

/// A page around the one that is looked at, which stays as it is: it measures that and tells in its
/// own title. `PAGE` is shown on a phone, at a desk, and where scripts do not run.
const AROUND: &str = include_str!("around.html");

/// What a browser says of the page of a workspace.
fn look(workspace: &Workspace, scheme: &str) -> Value {
    let profile = tempfile::tempdir().unwrap();
    workspace.write("around.html", AROUND.replace("PAGE", "etcdpki-report.html"));
    let outcome = run(chromium(profile.path())
        .arg("--allow-file-access-from-files")
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg(url(&workspace.path("around.html"))))
    .expect_success();
    let complaints = outcome
        .stderr
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        // That is what the frame without scripts is for.
        .filter(|line| !line.contains("frame is sandboxed"));
    assert_eq!(complaints.collect::<Vec<_>>(), [""; 0]);
    let title = super::between(&outcome.stdout, "<title>", "</title>");
    serde_json::from_str(title).unwrap_or_else(|error| panic!("{title}: {error}"))
}

fn url(page: &Path) -> String {
    format!("file://{}", page.display())
}

#[test]
fn the_page_is_readable_on_a_phone_at_a_desk_and_in_the_dark() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["rotate", "ca", "etcd", "--unchecked", "--clients-ready"]);
    workspace.succeeds(&["revoke", "etcdctl", "--reason", "keyCompromise"]);
    workspace.succeeds(&["report"]);

    let light = look(&workspace, LIGHT);
    let (phone, desk, still) = (&light["phone"], &light["desk"], &light["still"]);
    for (one, width) in [(phone, 360), (desk, 1280), (still, 1280)] {
        assert_eq!(one["width"], width, "{one}");
        assert_eq!(one["scrolled"], width, "{one}");
        assert_eq!(one["wider"], Value::Array(Vec::new()), "{one}");
        assert_eq!(one["rows"], 8, "{one}");
        assert_eq!(one["resources"], 0, "{one}");
        // Four authorities, the old etcd CA among them, and eight leaves.
        assert_eq!(one["bars"], 12, "{one}");
        assert!(one["bar"].as_f64().unwrap() > 100.0, "{one}");
        assert_eq!(one["landmarks"], 4, "{one}");
        let headings = one["headings"].as_str().unwrap();
        assert!(
            headings.starts_with("12") && !headings[1..].contains('1'),
            "{one}"
        );
    }
    for scripted in [phone, desk] {
        assert_eq!(scripted["filter"], true, "{scripted}");
        assert_eq!(scripted["filtered"], 1, "{scripted}");
        assert_eq!(scripted["output"], "1 of 8", "{scripted}");
    }
    assert_eq!(still["filter"], false, "{still}");

    let dark = look(&workspace, DARK);
    let brightness = |ground: &Value| -> u32 {
        let digits = |c: char| !c.is_ascii_digit();
        let parts = ground.as_str().unwrap().split(digits);
        parts.filter_map(|part| part.parse::<u32>().ok()).sum()
    };
    assert!(brightness(&desk["ground"]) > 700, "{desk}");
    assert!(brightness(&dark["desk"]["ground"]) < 100, "{dark}");
}

/// What Blink's setting calls them.
const DARK: &str = "0";
const LIGHT: &str = "1";
