//! Who is asking. The token is checked here; whether that account may still do it is decided in SQL.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use uuid::Uuid;

use crate::app::App;
pub use crate::identity::token::Role;
use crate::problem::Problem;

/// Somebody with a valid access token: 401 `identity.unauthenticated` otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    pub user_id: Uuid,
    pub session_id: Uuid,
    pub role: Role,
}

/// Somebody, or nobody when no token was sent. A bad token is refused all the same.
#[derive(Debug, Clone, Copy)]
pub struct MaybeActor(pub Option<Actor>);

impl FromRequestParts<App> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        MaybeActor::from_request_parts(parts, app)
            .await?
            .0
            .ok_or_else(|| Problem::unauthenticated("This needs an access token."))
    }
}

impl FromRequestParts<App> for MaybeActor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        if values.next().is_some() {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "core.header_invalid",
                "There is more than one Authorization header.",
            ));
        }
        let token = value
            .to_str()
            .ok()
            .and_then(bearer)
            .ok_or_else(|| Problem::unauthenticated("The Authorization header is not a bearer token."))?;
        let claims = app.tokens.verify(token).map_err(|error| Problem::unauthenticated(error.to_string()))?;
        tracing::Span::current().record("actor.id", tracing::field::display(claims.sub));
        Ok(Self(Some(Actor { user_id: claims.sub, session_id: claims.sid, role: claims.role })))
    }
}

/// The token after `Bearer `, whose scheme is case-insensitive (RFC 9110).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

macro_rules! actor_of_role {
    ($name:ident, $role:ident, $who:literal) => {
        #[doc = concat!("An [`Actor`] who is ", $who, ": 403 `identity.role_required` otherwise.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub Actor);

        impl Deref for $name {
            type Target = Actor;

            fn deref(&self) -> &Actor {
                &self.0
            }
        }

        impl FromRequestParts<App> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
                let actor = Actor::from_request_parts(parts, app).await?;
                if actor.role == Role::$role {
                    Ok(Self(actor))
                } else {
                    Err(Problem::new(
                        StatusCode::FORBIDDEN,
                        "identity.role_required",
                        concat!("Only ", $who, " may do this."),
                    )
                    .hint("Log in with an account of that role."))
                }
            }
        }
    };
}

actor_of_role!(AdminActor, Admin, "an administrator");
actor_of_role!(SellerActor, Seller, "a seller");
actor_of_role!(BuyerActor, Buyer, "a buyer");

#[cfg(test)]
mod tests {
    use super::bearer;

    #[test]
    fn only_a_bearer_scheme_with_a_token_counts() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for bad in ["Bearer", "Bearer ", "Basic abc", "abc", ""] {
            assert_eq!(bearer(bad), None, "{bad}");
        }
    }
}
