//! Registering, logging in and out, and refreshing, over HTTP.

use crate::support::{PASSWORD, json, run};

fn registration(email: &str) -> serde_json::Value {
    json!({ "email": email, "password": PASSWORD, "displayName": "Ana", "role": "BUYER" })
}

#[test]
fn a_buyer_registers_and_is_logged_in() {
    run(async |t| {
        let reply = t.anybody().post("/auth/register", registration("  Ana@Example.Test ")).await.expect(201);
        assert_eq!(reply["user"]["email"], "ana@example.test");
        assert_eq!(reply["user"]["role"], "BUYER");
        assert!(reply["user"]["seller"].is_null() && reply["user"]["sellerId"].is_null());
        assert_eq!(reply["tokenType"], "Bearer");
        assert_eq!(reply.header("location"), "/api/v1/auth/profile");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert!(!reply.text.contains("argon2") && !reply.text.contains(PASSWORD));

        let mut ana = t.anybody();
        ana.take_tokens(&reply);
        let profile = ana.get("/auth/profile").await.expect(200);
        assert_eq!(profile.body, reply["user"]);
        assert_eq!(profile.header("etag"), "\"1\"");
        assert_eq!(t.events().await, ["identity.user_registered", "identity.session_opened"]);
    });
}
