//! The page: templates filled in, with a policy that lets nothing in from elsewhere.

use std::fmt::Write as _;

use base64ct::{Base64, Encoding as _};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, HtmlEscape, UndefinedBehavior, Value, context};
use sha2::{Digest as _, Sha256};

use super::view::View;
use crate::etcdpki::error::Error;

/// The page as HTML. The templates' ending has the engine escape whatever it is given.
pub(super) fn render(view: &View) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("code", code);
    environment.add_filter("sentence", sentence);
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    let page = environment.get_template(PAGE)?.render(context! {
        style => STYLE,
        script => SCRIPT,
        policy => policy(),
        ..Value::from(Serde(view))
    })?;
    // The engine drops the last newline.
    Ok(page + "\n")
}

/// A text as HTML, with what stands between backticks as code.
fn code(text: &str) -> Value {
    let mut html = String::with_capacity(text.len());
    let parts: Vec<_> = text.split('`').collect();
    let is_paired = parts.len() % 2 == 1;
    for (at, part) in parts.iter().enumerate() {
        let part = HtmlEscape(part);
        let _ = match (is_paired, at) {
            (true, at) if at % 2 == 1 => write!(html, "<code>{part}</code>"),
            (false, 1..) => write!(html, "`{part}"),
            _ => write!(html, "{part}"),
        };
    }
    Value::from_safe_string(html)
}

/// A message as a sentence begins.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    first.chain(rest.clone()).collect()
}

/// The Content-Security-Policy (CSP level 3): our own style and script by their digests, and
/// nothing else, wherever it comes from.
fn policy() -> String {
    let digest = |text: &str| Base64::encode_string(&Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}

const PAGE: &str = "page.html";
const STYLE: &str = include_str!("../../../templates/report/style.css");
const SCRIPT: &str = include_str!("../../../templates/report/script.js");
const TEMPLATES: [(&str, &str); 7] = [
    (
        "certificates.html",
        include_str!("../../../templates/report/certificates.html"),
    ),
    (
        "chain.html",
        include_str!("../../../templates/report/chain.html"),
    ),
    (
        "findings.html",
        include_str!("../../../templates/report/findings.html"),
    ),
    (
        "macros.html",
        include_str!("../../../templates/report/macros.html"),
    ),
    (PAGE, include_str!("../../../templates/report/page.html")),
    (
        "revoked.html",
        include_str!("../../../templates/report/revoked.html"),
    ),
    (
        "timeline.html",
        include_str!("../../../templates/report/timeline.html"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_backticks_is_code_and_nothing_else_is_markup() {
        for (text, html) in [
            (
                "run `etcdpki init` & <wait>",
                "run <code>etcdpki init</code> &amp; &lt;wait&gt;",
            ),
            ("a ` alone", "a ` alone"),
            ("`<b>`", "<code>&lt;b&gt;</code>"),
            ("", ""),
        ] {
            assert_eq!(code(text).to_string(), html);
        }
        assert_eq!(sentence("élan vital"), "Élan vital");
    }
}
