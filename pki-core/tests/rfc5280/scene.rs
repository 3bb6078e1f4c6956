//! What the cases are made of.

use fixtures::forge::{Forged, Key, KeyKind, Recipe};

use super::judges::Verdicts;

/// One row of the table.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) expected: Verdicts,
    /// Why judges differ.
    pub(crate) why: &'static str,
    pub(crate) make: fn(&Scene<'_>) -> Material,
}

/// What the judges are shown.
pub(crate) struct Material {
    pub(crate) anchors: Vec<Forged>,
    /// The leaf, and the intermediates in the order in which they are sent.
    pub(crate) chain: Vec<Forged>,
    /// The leaf's key.
    pub(crate) key: std::path::PathBuf,
}

/// Keys that all cases share: certificates are told apart by their names.
pub(crate) struct Keys {
    pub(crate) root: Key,
    pub(crate) other: Key,
    pub(crate) intermediate: Key,
    pub(crate) issuing: Key,
    pub(crate) leaf: Key,
    pub(crate) rsa: Key,
    pub(crate) small: Key,
    pub(crate) ed25519: Key,
}

impl Keys {
    pub(crate) fn new() -> Self {
        let p256 = || Key::new(KeyKind::P256);
        Self {
            root: p256(),
            other: p256(),
            intermediate: p256(),
            issuing: p256(),
            leaf: p256(),
            rsa: Key::new(KeyKind::Rsa2048),
            small: Key::new(KeyKind::Rsa1024),
            ed25519: Key::new(KeyKind::Ed25519),
        }
    }
}

/// What a case is made from: root (path length 3), intermediate (1), issuing authority (0), leaf.
pub(crate) struct Scene<'a> {
    pub(crate) keys: &'a Keys,
    case: &'a str,
}

type Change = fn(Recipe) -> Recipe;

impl<'a> Scene<'a> {
    pub(crate) fn new(keys: &'a Keys, case: &'a str) -> Self {
        Self { keys, case }
    }

    /// The recipe of an authority whose name no other case has.
    pub(crate) fn authority(&self, name: &str, path_len: Option<u8>) -> Recipe {
        Recipe::authority(&format!("{name} {}", self.case), path_len)
    }

    /// The recipe of the leaf.
    pub(crate) fn leaf(&self) -> Recipe {
        Recipe::leaf(&format!("leaf {}", self.case))
    }

    /// All of it right.
    pub(crate) fn good(&self) -> Material {
        self.with(|it| it, |it| it, |it| it, |it| it)
    }

    /// The leaf changed.
    pub(crate) fn leaf_but(&self, change: Change) -> Material {
        self.with(|it| it, |it| it, |it| it, change)
    }

    /// The issuing authority changed.
    pub(crate) fn issuing_but(&self, change: Change) -> Material {
        self.with(|it| it, |it| it, change, |it| it)
    }

    /// The intermediate changed.
    pub(crate) fn intermediate_but(&self, change: Change) -> Material {
        self.with(|it| it, change, |it| it, |it| it)
    }

    /// The anchor changed.
    pub(crate) fn root_but(&self, change: Change) -> Material {
        self.with(change, |it| it, |it| it, |it| it)
    }

    /// Each changed.
    pub(crate) fn with(
        &self,
        root: Change,
        intermediate: Change,
        issuing: Change,
        leaf: Change,
    ) -> Material {
        let keys = self.keys;
        let root = root(self.authority("root", Some(3))).self_sign(&keys.root);
        let intermediate = intermediate(self.authority("intermediate", Some(1))).sign(
            &keys.intermediate,
            &root,
            &keys.root,
        );
        let issuing = issuing(self.authority("issuing", Some(0))).sign(
            &keys.issuing,
            &intermediate,
            &keys.intermediate,
        );
        let leaf = leaf(self.leaf()).sign(&keys.leaf, &issuing, &keys.issuing);
        self.material([root], [leaf, issuing, intermediate])
    }

    /// A leaf under one authority alone, both with keys of their own kind.
    pub(crate) fn short(&self, root: (&Key, Recipe), leaf: (&Key, Recipe)) -> Material {
        let anchor = root.1.self_sign(root.0);
        let made = leaf.1.sign(leaf.0, &anchor, root.0);
        Material {
            key: leaf.0.file(),
            ..self.material([anchor], [made])
        }
    }

    pub(crate) fn material(
        &self,
        anchors: impl Into<Vec<Forged>>,
        chain: impl Into<Vec<Forged>>,
    ) -> Material {
        Material {
            anchors: anchors.into(),
            chain: chain.into(),
            key: self.keys.leaf.file(),
        }
    }
}
