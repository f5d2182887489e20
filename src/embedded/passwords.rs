//! The passwords of the private cluster and their SCRAM verifiers.
//!
//! Only verifiers are ever sent to the server, so no password can reach its log or its statistics.

use std::{
    collections::BTreeMap,
    fs,
    io::{ErrorKind, Write},
    num::NonZeroU32,
    path::Path,
};

use anyhow::Context;
use aws_lc_rs::{digest, hmac, pbkdf2, rand};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use super::DbRole;
use crate::secret::Secret;

/// Login role → password, from `secrets.json` (mode 0600).
pub type Passwords = BTreeMap<String, Secret>;

const SCRAM_ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).unwrap();

/// Reads the passwords; `None` when there is no file yet.
pub fn read(path: &Path) -> anyhow::Result<Option<Passwords>> {
    match fs::read(path) {
        Ok(text) => {
            let passwords = serde_json::from_slice(&text)
                .with_context(|| format!("{} is not readable JSON", path.display()))?;
            Ok(Some(passwords))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Reads the passwords and makes those that are missing. True when the superuser's is new.
pub fn read_or_make(path: &Path) -> anyhow::Result<(Passwords, bool)> {
    let mut passwords = read(path)?.unwrap_or_default();
    let mut made = Vec::new();
    for role in DbRole::LOGINS {
        if !passwords.contains_key(role.login()) {
            passwords.insert(role.login().to_owned(), random()?);
            made.push(role);
        }
    }
    if !made.is_empty() {
        let plain: BTreeMap<&str, &str> =
            passwords.iter().map(|(role, secret)| (role.as_str(), secret.expose())).collect();
        write_private(path, &serde_json::to_vec_pretty(&plain)?)?;
    }
    Ok((passwords, made.contains(&DbRole::Superuser)))
}

/// 256 random bits in characters that need no escaping in a URL.
pub fn random() -> anyhow::Result<Secret> {
    let mut bytes = [0_u8; 32];
    rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

/// Whole or not at all, on disk when this returns, readable by us only.
pub fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let part = path.with_extension("part");
    let _ = fs::remove_file(&part);
    let mut file =
        super::directory::open_private(&part, fs::OpenOptions::new().write(true).create_new(true))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    super::directory::sync_dir(path.parent().unwrap_or(path))
}

/// What Postgres stores for a password (RFC 5803). Ours are plain ASCII, so `SASLprep` changes nothing.
pub fn verifier(password: &Secret) -> anyhow::Result<String> {
    let mut salt = [0_u8; 16];
    rand::fill(&mut salt).map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
    Ok(verifier_with(password, &salt, SCRAM_ITERATIONS))
}

fn verifier_with(password: &Secret, salt: &[u8], iterations: NonZeroU32) -> String {
    let mut salted = [0_u8; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, password.expose().as_bytes(), &mut salted);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let stored = digest::digest(&digest::SHA256, hmac::sign(&key, b"Client Key").as_ref());
    let server = hmac::sign(&key, b"Server Key");
    format!(
        "SCRAM-SHA-256${iterations}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(stored),
        STANDARD.encode(server)
    )
}

/// Whether a stored verifier belongs to this password.
pub fn matches(password: &Secret, verifier: &str) -> bool {
    let parse = || {
        let (iterations, rest) = verifier.strip_prefix("SCRAM-SHA-256$")?.split_once(':')?;
        let salt = STANDARD.decode(rest.split_once('$')?.0).ok()?;
        Some((salt, iterations.parse::<NonZeroU32>().ok()?))
    };
    parse().is_some_and(|(salt, iterations)| verifier_with(password, &salt, iterations) == verifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by PostgreSQL 15 for the password `pencil`; `psql` accepts it.
    #[test]
    fn verifier_is_what_postgres_writes() {
        let written = concat!(
            "SCRAM-SHA-256$4096:2xWTaUWCkKkPXy3yL5tnrg==",
            "$o8SkteEeEUIP0JZKGh0mDGpy+x+52lAKwL2pmBsqtbE=:5z5I1mKzRtjYbW6foIr0pQFFvAn0NvP6X8lxaK1duSo="
        );
        assert!(matches(&Secret::new("pencil"), written));
        assert!(!matches(&Secret::new("pencils"), written));
        assert!(!matches(&Secret::new("pencil"), "md5aa00"));
    }

    #[test]
    fn a_new_verifier_matches_its_password_only() {
        let (one, two) = (random().unwrap(), random().unwrap());
        let verifier = verifier(&one).unwrap();
        assert!(matches(&one, &verifier));
        assert!(!matches(&two, &verifier));
    }
}
