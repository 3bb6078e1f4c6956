//! An example or two of each verb.

pub(super) const CHECK: &str = "\
Examples:
  vault check
  vault check --label prod group_vars/prod
  vault check --json .";

pub(super) const CREATE: &str = "\
Examples:
  vault create --vault-id prod@prompt group_vars/prod/vault.yml";

pub(super) const DECRYPT: &str = "\
Examples:
  vault decrypt -J group_vars/prod/vault.yml
  vault decrypt --vault-password-file ~/.vault-password --output - secrets.yml | less";

pub(super) const EDIT: &str = "\
Examples:
  vault edit -J group_vars/prod/vault.yml
  vault edit --vault-id prod@~/.vault-password group_vars/prod/vault.yml";

pub(super) const ENCRYPT: &str = "\
Examples:
  vault encrypt --vault-id prod@~/.vault-password group_vars/prod/vault.yml
  vault encrypt -J --output secrets.vault <secrets.txt";

pub(super) const ENCRYPT_STRING: &str = "\
Examples:
  vault encrypt_string --vault-id prod@~/.vault-password --prompt --name db_password
  vault encrypt_string -J --stdin-name api_token <token.txt >>group_vars/prod/vault.yml";

pub(super) const GENPASS: &str = "\
Examples:
  vault genpass --output ~/.vault-password";

pub(super) const GIT: &str = "\
Examples:
  vault git setup
  vault git setup --vault-id prod@~/.vault-password";

pub(super) const GIT_CLEAN: &str = "\
Examples:
  vault git clean secrets.yml <secrets.yml";

pub(super) const GIT_DIFF: &str = "\
Examples:
  vault git diff group_vars/prod/vault.yml";

pub(super) const GIT_MERGE: &str = "\
Examples:
  vault git merge base.yml ours.yml theirs.yml group_vars/prod/vault.yml";

pub(super) const GIT_SMUDGE: &str = "\
Examples:
  git show HEAD:secrets.yml | vault git smudge";

pub(super) const INLINE: &str = "\
Examples:
  vault inline view group_vars/all.yml
  vault inline encrypt group_vars/all.yml db.password";

pub(super) const INLINE_DECRYPT: &str = "\
Examples:
  vault inline decrypt group_vars/all.yml db.password";

pub(super) const INLINE_EDIT: &str = "\
Examples:
  vault inline edit group_vars/all.yml 'users.[0].password'";

pub(super) const INLINE_ENCRYPT: &str = "\
Examples:
  vault inline encrypt --vault-id prod@prompt group_vars/all.yml db.password db.token";

pub(super) const INLINE_VIEW: &str = "\
Examples:
  vault inline view group_vars/all.yml
  vault inline view group_vars/all.yml db.password";

pub(super) const REKEY: &str = "\
Examples:
  vault rekey --vault-id prod@old.txt --new-vault-id prod@new.txt group_vars/prod/vault.yml
  vault rekey -r --dry-run --vault-id prod@old.txt --new-vault-id prod@new.txt .";

pub(super) const STATUS: &str = "\
Examples:
  vault status
  vault status --json group_vars";

pub(super) const VERIFY: &str = "\
Examples:
  vault verify --vault-id prod@~/.vault-password --vault-id dev@dev.txt .";

pub(super) const VIEW: &str = "\
Examples:
  vault view -J group_vars/prod/vault.yml
  vault view --vault-id prod@env:VAULT_PASSWORD group_vars/prod/vault.yml";
