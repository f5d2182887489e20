//! Access and refresh tokens.
//!
//! Access tokens are JWTs (RFC 9068 `at+jwt`) signed with Ed25519; the key id is the RFC 7638 thumbprint, so a
//! key and its name cannot drift apart. During a key change the previous key still verifies.
//! Refresh tokens are opaque to clients: session, generation and a MAC under a key derived from the signing key.
//! The MAC keeps guessers away from the database; whether a generation is still good is decided there, by its hash.

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use aws_lc_rs::{digest, hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What an account may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    Admin,
    Seller,
    Buyer,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::Seller => "SELLER",
            Self::Buyer => "BUYER",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        match text {
            "ADMIN" => Ok(Self::Admin),
            "SELLER" => Ok(Self::Seller),
            "BUYER" => Ok(Self::Buyer),
            other => bail!("unknown role {other}"),
        }
    }
}

/// The claims of an access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    pub aud: String,
    /// The user.
    pub sub: Uuid,
    /// The session the token belongs to.
    pub sid: Uuid,
    pub role: Role,
    /// Seconds since 1970.
    pub iat: u64,
    pub exp: u64,
    pub jti: Uuid,
}

/// An access token with the time it ends.
#[derive(Debug, Clone)]
pub struct Access {
    pub token: String,
    pub expires_at: Timestamp,
}

/// Why a token was refused. Clients learn one bit of it: expired or invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("The access token has expired.")]
    Expired,
    #[error("The access token is not valid.")]
    Invalid,
}

/// Who issues, for whom, for how long.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    pub issuer: String,
    pub audience: String,
    pub access_ttl: Duration,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            issuer: "tradepost".into(),
            audience: "tradepost-api".into(),
            access_ttl: Duration::from_mins(15),
        }
    }
}

/// How far clocks may disagree.
const LEEWAY_S: u64 = 5;
/// Longer than any token we issue.
const MAX_TOKEN_BYTES: usize = 2048;
/// Tokens whose claims are remembered: a few megabytes.
const VERIFIED_MAX: usize = 8_192;
const TYP: &str = "at+jwt";
/// `SubjectPublicKeyInfo` of an Ed25519 key, up to the 32 bytes of the key itself (RFC 8410).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

struct VerifyKey {
    kid: String,
    public: [u8; 32],
    decoding: DecodingKey,
}

impl VerifyKey {
    fn new(public: [u8; 32]) -> Self {
        Self { kid: thumbprint(&public), decoding: DecodingKey::from_ed_der(&public), public }
    }
}

/// Signs and verifies; one per process, shared.
pub struct Tokens {
    settings: TokenSettings,
    encoding: EncodingKey,
    /// The current key first, then the previous one.
    verify: Vec<VerifyKey>,
    /// Like `verify`, as far as private keys are known.
    refresh: Vec<hmac::Key>,
    validation: Validation,
    /// Tokens that verified: a signature costs as much as the rest of a small request.
    verified: Cache<Box<str>, AccessClaims>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("kid", &self.kid()).finish_non_exhaustive()
    }
}

impl Tokens {
    /// A new private key as PKCS#8 PEM.
    pub fn generate_pem() -> anyhow::Result<String> {
        let pair = Ed25519KeyPair::generate().context("cannot generate an Ed25519 key")?;
        let der = pair.to_pkcs8v1().context("cannot encode the key")?;
        Ok(to_pem("PRIVATE KEY", der.as_ref()))
    }

    /// `private_pem`: PKCS#8 Ed25519 key. `previous_pem`: the key before it, public (SPKI) or private; with only
    /// the public half its access tokens verify, with the private half its refresh tokens do too.
    pub fn from_pem(
        private_pem: &str,
        previous_pem: Option<&str>,
        settings: TokenSettings,
    ) -> anyhow::Result<Self> {
        let pair = private_key(private_pem).context("the JWT key is not a PKCS#8 PEM with an Ed25519 key")?;
        let der = pair.to_pkcs8().context("cannot encode the key")?;
        let mut verify = vec![VerifyKey::new(public_of(&pair)?)];
        let mut refresh = vec![refresh_key(&pair)?];
        if let Some(pem) = previous_pem {
            if let Ok(previous) = private_key(pem) {
                verify.push(VerifyKey::new(public_of(&previous)?));
                refresh.push(refresh_key(&previous)?);
            } else {
                let public = public_key(pem).context("the previous JWT key is not an Ed25519 PEM")?;
                verify.push(VerifyKey::new(public));
            }
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.leeway = LEEWAY_S;
        validation.validate_nbf = true;
        validation.set_issuer(&[&settings.issuer]);
        validation.set_audience(&[&settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let encoding = EncodingKey::from_ed_der(der.as_ref());
        let verified = Cache::new(VERIFIED_MAX);
        Ok(Self { settings, encoding, verify, refresh, validation, verified })
    }

    /// A key that lives as long as the process; for tests.
    pub fn ephemeral(settings: TokenSettings) -> anyhow::Result<Self> {
        Self::from_pem(&Self::generate_pem()?, None, settings)
    }

    /// Reads the key file; with `create`, makes it first (mode 0600) when it is not there. Safe when several
    /// processes start at once: the first one to put the complete file in place wins.
    pub fn load(
        path: &Path,
        create: bool,
        previous: Option<&Path>,
        settings: TokenSettings,
    ) -> anyhow::Result<Self> {
        if create && !path.exists() {
            create_key_file(path).with_context(|| format!("cannot create {}", path.display()))?;
        }
        let read = |path: &Path| {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        };
        let previous = previous.map(read).transpose()?;
        Self::from_pem(&read(path)?, previous.as_deref(), settings)
            .with_context(|| format!("cannot use {}", path.display()))
    }

    /// The id of the key that signs.
    pub fn kid(&self) -> &str {
        &self.verify[0].kid
    }

    pub fn settings(&self) -> &TokenSettings {
        &self.settings
    }

    /// An access token for one session of one user.
    pub fn sign_access(&self, user_id: Uuid, session_id: Uuid, role: Role) -> anyhow::Result<Access> {
        let iat = jsonwebtoken::get_current_timestamp();
        let exp = iat + self.settings.access_ttl.as_secs();
        let claims = AccessClaims {
            iss: self.settings.issuer.clone(),
            aud: self.settings.audience.clone(),
            sub: user_id,
            sid: session_id,
            role,
            iat,
            exp,
            jti: Uuid::now_v7(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYP.into());
        header.kid = Some(self.kid().to_owned());
        let token = jsonwebtoken::encode(&header, &claims, &self.encoding)?;
        Ok(Access { token, expires_at: Timestamp::from_second(i64::try_from(exp)?)? })
    }

    /// The claims of a good access token. What was found good stays so until it expires, so it is checked once.
    pub fn verify(&self, token: &str) -> Result<AccessClaims, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid);
        }
        if let Some(claims) = self.verified.get(token) {
            return alive(claims, jsonwebtoken::get_current_timestamp());
        }
        let claims = self.check(token)?;
        self.verified.insert(token.into(), claims.clone());
        Ok(claims)
    }

    fn check(&self, token: &str) -> Result<AccessClaims, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        // The key decides the algorithm, not the token; extensions we do not know are refused, not ignored.
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYP) || header.crit.is_some() {
            return Err(TokenError::Invalid);
        }
        let kid = header.kid.as_deref().ok_or(TokenError::Invalid)?;
        let key = self.verify.iter().find(|key| key.kid == kid).ok_or(TokenError::Invalid)?;
        let claims = jsonwebtoken::decode::<AccessClaims>(token, &key.decoding, &self.validation)
            .map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::ExpiredSignature => TokenError::Expired,
                _ => TokenError::Invalid,
            })?
            .claims;
        if claims.iat > jsonwebtoken::get_current_timestamp() + LEEWAY_S {
            return Err(TokenError::Invalid);
        }
        Ok(claims)
    }

    /// The JSON Web Key Set for `/.well-known/jwks.json`.
    pub fn jwks(&self) -> serde_json::Value {
        let keys: Vec<_> = self
            .verify
            .iter()
            .map(|key| {
                serde_json::json!({
                    "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                    "kid": key.kid, "x": URL_SAFE_NO_PAD.encode(key.public),
                })
            })
            .collect();
        serde_json::json!({ "keys": keys })
    }

    /// The refresh token of one generation of a session. The same arguments always give the same token, so
    /// that an answer lost on the way can be given again without storing the token.
    pub fn refresh_token(&self, session_id: Uuid, generation: u32) -> String {
        let mut bytes = refresh_body(session_id, generation).to_vec();
        let tag = hmac::sign(&self.refresh[0], &bytes);
        bytes.extend_from_slice(tag.as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Session and generation of a token that we made; `None` for anything else.
    pub fn parse_refresh(&self, token: &str) -> Option<(Uuid, u32)> {
        if token.len() > 128 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (body, tag) = bytes.split_at_checked(20)?;
        self.refresh.iter().any(|key| hmac::verify(key, body, tag).is_ok()).then_some(())?;
        let session_id = Uuid::from_slice(&body[..16]).ok()?;
        Some((session_id, u32::from_be_bytes(body[16..].try_into().ok()?)))
    }

    /// Keys for another purpose of this program, derived from ours: the current one first, then the previous one.
    pub fn derive_keys(&self, purpose: &str) -> Vec<hmac::Key> {
        let derive = |key| hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(key, purpose.as_bytes()).as_ref());
        self.refresh.iter().map(derive).collect()
    }

    /// What the database stores in place of a refresh token.
    pub fn hash(token: &str) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        out
    }
}

fn refresh_body(session_id: Uuid, generation: u32) -> [u8; 20] {
    let mut body = [0; 20];
    body[..16].copy_from_slice(session_id.as_bytes());
    body[16..].copy_from_slice(&generation.to_be_bytes());
    body
}

fn refresh_key(pair: &Ed25519KeyPair) -> anyhow::Result<hmac::Key> {
    let seed = pair.seed().context("cannot read the key")?;
    let seed = aws_lc_rs::encoding::AsBigEndian::<aws_lc_rs::encoding::Curve25519SeedBin>::as_be_bytes(&seed)
        .context("cannot read the key")?;
    let mut key = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"tradepost refresh token v1")
        .extract(seed.as_ref())
        .expand(&[b"hmac-sha256"], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut key))
        .context("cannot derive the refresh key")?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &key))
}

/// RFC 7638: SHA-256 over the required members in lexical order.
fn thumbprint(public: &[u8; 32]) -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(public));
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
}

fn public_of(pair: &Ed25519KeyPair) -> anyhow::Result<[u8; 32]> {
    pair.public_key().as_ref().try_into().context("an Ed25519 key has 32 bytes")
}

fn private_key(pem: &str) -> anyhow::Result<Ed25519KeyPair> {
    Ok(Ed25519KeyPair::from_pkcs8_maybe_unchecked(&from_pem("PRIVATE KEY", pem)?)?)
}

fn public_key(pem: &str) -> anyhow::Result<[u8; 32]> {
    let der = from_pem("PUBLIC KEY", pem)?;
    let key = der.strip_prefix(&SPKI_PREFIX).context("not an Ed25519 public key")?;
    key.try_into().context("an Ed25519 key has 32 bytes")
}

fn to_pem(label: &str, der: &[u8]) -> String {
    let mut pem = format!("-----BEGIN {label}-----\n");
    let text = STANDARD.encode(der);
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem + &format!("-----END {label}-----\n")
}

fn from_pem(label: &str, pem: &str) -> anyhow::Result<Vec<u8>> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let body = pem
        .split_once(&begin)
        .and_then(|(_, rest)| rest.split_once(&end))
        .with_context(|| format!("no {label} block"))?
        .0;
    let body: String = body.split_whitespace().collect();
    Ok(STANDARD.decode(body)?)
}

fn create_key_file(path: &Path) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension(format!("{}.new", Uuid::now_v7()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(Tokens::generate_pem()?.as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

/// The claims of a token that verified before, unless it has expired since.
fn alive(claims: AccessClaims, now: u64) -> Result<AccessClaims, TokenError> {
    if claims.exp.saturating_add(LEEWAY_S) < now { Err(TokenError::Expired) } else { Ok(claims) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn tokens() -> Tokens {
        Tokens::ephemeral(TokenSettings::default()).unwrap()
    }

    fn ids() -> (Uuid, Uuid) {
        (Uuid::now_v7(), Uuid::now_v7())
    }

    /// Signs whatever header and claims with the key of `tokens`, as a forger who can choose both could not.
    fn forge(tokens: &Tokens, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &tokens.encoding, Algorithm::EdDSA).unwrap();
        format!("{message}.{signature}")
    }

    fn good(tokens: &Tokens) -> (Value, Value) {
        let now = jsonwebtoken::get_current_timestamp();
        let (sub, sid) = ids();
        (
            json!({"alg": "EdDSA", "typ": "at+jwt", "kid": tokens.kid()}),
            json!({"iss": "tradepost", "aud": "tradepost-api", "sub": sub, "sid": sid, "role": "BUYER",
                   "iat": now, "exp": now + 60, "jti": Uuid::now_v7()}),
        )
    }

    #[test]
    fn a_signed_token_verifies() {
        let tokens = tokens();
        let (user, session) = ids();
        let access = tokens.sign_access(user, session, Role::Seller).unwrap();
        let claims = tokens.verify(&access.token).unwrap();
        assert_eq!((claims.sub, claims.sid, claims.role), (user, session, Role::Seller));
        assert_eq!(i64::try_from(claims.exp).unwrap(), access.expires_at.as_second());
        let (header, claims) = good(&tokens);
        assert!(tokens.verify(&forge(&tokens, &header, &claims)).is_ok(), "the forger's base case is good");
    }

    #[test]
    fn a_token_that_verified_still_expires() {
        let tokens = tokens();
        let (user, session) = ids();
        let token = tokens.sign_access(user, session, Role::Buyer).unwrap().token;
        let first = tokens.verify(&token).unwrap();
        assert_eq!(tokens.verify(&token), Ok(first.clone()), "remembered");
        let end = first.exp + LEEWAY_S;
        assert_eq!(alive(first.clone(), end), Ok(first.clone()));
        assert_eq!(alive(first, end + 1), Err(TokenError::Expired));
        let other = Tokens::ephemeral(TokenSettings::default()).unwrap();
        assert_eq!(other.verify(&token), Err(TokenError::Invalid), "by whom it verified, and nobody else");
        let mut bent = token;
        bent.pop();
        assert_eq!(tokens.verify(&bent), Err(TokenError::Invalid), "what is remembered is the whole token");
    }

    #[test]
    fn forgeries_are_refused() {
        let tokens = tokens();
        let (header, claims) = good(&tokens);
        let with = |value: &Value, key: &str, new: Value| {
            let mut changed = value.clone();
            changed[key] = new;
            changed
        };
        let without = |value: &Value, key: &str| {
            let mut changed = value.clone();
            changed.as_object_mut().unwrap().remove(key);
            changed
        };
        let headers = [
            with(&header, "alg", json!("none")),
            with(&header, "alg", json!("HS256")),
            with(&header, "alg", json!("RS256")),
            with(&header, "typ", json!("JWT")),
            without(&header, "typ"),
            with(&header, "kid", json!("other")),
            without(&header, "kid"),
            with(&header, "crit", json!(["exp"])),
        ];
        for header in headers {
            let forged = forge(&tokens, &header, &claims);
            assert_eq!(tokens.verify(&forged), Err(TokenError::Invalid), "{header}");
        }
        let now = jsonwebtoken::get_current_timestamp();
        let bad_claims = [
            with(&claims, "iss", json!("somebody")),
            with(&claims, "aud", json!("another-api")),
            with(&claims, "role", json!("ROOT")),
            with(&claims, "sub", json!("not-a-uuid")),
            with(&claims, "iat", json!(now + 600)),
            with(&claims, "nbf", json!(now + 600)),
            without(&claims, "exp"),
            without(&claims, "iss"),
            without(&claims, "aud"),
            without(&claims, "sub"),
            without(&claims, "sid"),
        ];
        for claims in bad_claims {
            let forged = forge(&tokens, &header, &claims);
            assert_eq!(tokens.verify(&forged), Err(TokenError::Invalid), "{claims}");
        }
        let expired = forge(&tokens, &header, &with(&claims, "exp", json!(now - 60)));
        assert_eq!(tokens.verify(&expired), Err(TokenError::Expired));
    }

    #[test]
    fn a_public_key_used_as_hmac_secret_signs_nothing() {
        let tokens = tokens();
        let (mut header, claims) = good(&tokens);
        header["alg"] = json!("HS256");
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&claims));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &tokens.verify[0].public);
        let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
        assert_eq!(tokens.verify(&format!("{message}.{tag}")), Err(TokenError::Invalid));
        let (mut header, _) = good(&tokens);
        header["alg"] = json!("none");
        assert_eq!(tokens.verify(&format!("{}.{}.", part(&header), part(&claims))), Err(TokenError::Invalid));
    }

    #[test]
    fn another_key_and_a_changed_byte_are_refused() {
        let (ours, theirs) = (tokens(), tokens());
        let (user, session) = ids();
        let token = theirs.sign_access(user, session, Role::Admin).unwrap().token;
        assert_eq!(ours.verify(&token), Err(TokenError::Invalid));
        let mut token = ours.sign_access(user, session, Role::Buyer).unwrap().token;
        let middle = token.len() / 2;
        let changed = if token.as_bytes()[middle] == b'A' { "B" } else { "A" };
        token.replace_range(middle..=middle, changed);
        assert_eq!(ours.verify(&token), Err(TokenError::Invalid));
        assert_eq!(ours.verify(""), Err(TokenError::Invalid));
        assert_eq!(ours.verify(&"a".repeat(5000)), Err(TokenError::Invalid));
    }

    #[test]
    fn the_previous_key_still_verifies() {
        let old_pem = Tokens::generate_pem().unwrap();
        let old = Tokens::from_pem(&old_pem, None, TokenSettings::default()).unwrap();
        let mut spki = SPKI_PREFIX.to_vec();
        spki.extend_from_slice(&old.verify[0].public);
        let new_pem = Tokens::generate_pem().unwrap();
        let (user, session) = ids();
        let token = old.sign_access(user, session, Role::Buyer).unwrap().token;
        let refresh = old.refresh_token(session, 3);
        for (previous, knows_refresh) in [(to_pem("PUBLIC KEY", &spki), false), (old_pem, true)] {
            let new = Tokens::from_pem(&new_pem, Some(&previous), TokenSettings::default()).unwrap();
            assert_eq!(new.verify(&token).unwrap().sub, user);
            assert_eq!(new.parse_refresh(&refresh).is_some(), knows_refresh);
            assert_eq!(new.jwks()["keys"].as_array().unwrap().len(), 2);
        }
    }

    #[test]
    fn refresh_tokens_carry_session_and_generation_and_cannot_be_made_up() {
        let (tokens, others) = (tokens(), tokens());
        let session = Uuid::now_v7();
        let token = tokens.refresh_token(session, 7);
        assert_eq!(token, tokens.refresh_token(session, 7));
        assert_eq!(tokens.parse_refresh(&token), Some((session, 7)));
        assert_eq!(others.parse_refresh(&token), None);
        let mut bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        bytes[19] ^= 1;
        assert_eq!(tokens.parse_refresh(&URL_SAFE_NO_PAD.encode(&bytes)), None, "a later generation");
        for bad in ["", "x", "%%%%", &token[..token.len() - 4], &"A".repeat(300)] {
            assert_eq!(tokens.parse_refresh(bad), None, "{bad}");
        }
        assert_ne!(Tokens::hash(&token), Tokens::hash(&tokens.refresh_token(session, 8)));
    }

    #[test]
    fn the_key_id_is_the_thumbprint_of_rfc_8037() {
        let x = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(thumbprint(&x.try_into().unwrap()), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn the_key_file_is_private_and_made_once() {
        let folder = std::env::temp_dir().join(format!("tradepost-{}", Uuid::now_v7()));
        let path = folder.join("jwt_ed25519.pem");
        assert!(Tokens::load(&path, false, None, TokenSettings::default()).is_err());
        let first = Tokens::load(&path, true, None, TokenSettings::default()).unwrap();
        let second = Tokens::load(&path, true, None, TokenSettings::default()).unwrap();
        assert_eq!(first.kid(), second.kid());
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
