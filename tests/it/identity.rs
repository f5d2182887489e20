//! Registering, logging in and out, and refreshing, over HTTP.

use std::io::Write as _;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tradepost::embedded::DbRole;

use crate::support::{PASSWORD, Person, Reply, Test, Value, json, run};

fn registration(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "displayName": "Ana", "role": "BUYER" })
}

async fn refresh(t: &Test, token: &str) -> Reply {
    t.anybody().post("/auth/refresh", json!({ "refreshToken": token })).await
}

fn refresh_token(person: &Person) -> &str {
    person.refresh_token.as_deref().expect("logged in")
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

#[test]
fn a_seller_registers_with_a_store() {
    run(async |t| {
        let mut body = registration("bob@example.test");
        body["role"] = json!("SELLER");
        t.anybody().post("/auth/register", body.clone()).await.problem_at(
            422,
            "identity.store_name_required",
            "/storeName",
        );
        body["storeName"] = json!("Bob's Mugs");
        let reply = t.anybody().post("/auth/register", body).await.expect(201);
        assert_eq!(reply["user"]["seller"]["slug"], "bob-s-mugs");
        assert_eq!(reply["user"]["seller"]["memberRole"], "OWNER");
        assert_eq!(reply["user"]["seller"]["sellerId"], reply["user"]["sellerId"]);
        let created = t.payloads("identity.seller_created").await;
        assert_eq!(
            created,
            [json!({ "sellerId": reply["user"]["sellerId"], "ownerId": reply["user"]["userId"] })]
        );
    });
}

#[test]
fn registration_refuses_what_is_not_allowed() {
    run(async |t| {
        let with = |field: &str, value: Value| {
            let mut body = registration("ana@example.test");
            body[field] = value;
            t.anybody().post("/auth/register", body)
        };
        with("email", json!("ana")).await.problem_at(422, "identity.email_invalid", "/email");
        with("email", json!(12)).await.problem_at(400, "core.body_invalid", "/email");
        with("displayName", json!(" ")).await.problem_at(
            422,
            "identity.display_name_invalid",
            "/displayName",
        );
        with("storeName", json!("A store")).await.problem_at(
            422,
            "identity.store_name_unexpected",
            "/storeName",
        );
        with("role", json!("ADMIN")).await.problem(400, "core.body_invalid");
        with("status", json!("ACTIVE")).await.problem(400, "core.body_invalid");
        with("password", json!("kurz")).await.problem_at(422, "identity.password_length", "/password");
        with("password", json!("x".repeat(129))).await.problem_at(
            422,
            "identity.password_length",
            "/password",
        );
        with("password", json!("Password123")).await.problem_at(422, "identity.password_common", "/password");
        assert_eq!(t.int("select count(*) from identity.users", &[]).await, 0);

        with("password", json!("ü".repeat(128))).await.expect(201);
        let taken = with("email", json!("ANA@example.test")).await;
        taken.problem_at(409, "identity.email_taken", "/email");
        assert_eq!(t.int("select count(*) from identity.users", &[]).await, 1);
    });
}

#[test]
fn a_login_tells_nothing_about_accounts() {
    run(async |t| {
        let ana = t.buyer("ana").await;
        let login = |email: &str, password: &str| {
            t.anybody().post("/auth/login", json!({ "email": email, "password": password }))
        };
        let reply = login(" ANA@example.test", PASSWORD).await.expect(200);
        assert_eq!(reply["user"]["userId"], ana.user_id.to_string());

        let without_instance = |mut reply: Reply| {
            reply.body.as_object_mut().expect("an object").remove("instance");
            reply.body
        };
        let wrong = login("ana@example.test", "not her password").await;
        let wrong = without_instance(wrong.problem(401, "identity.credentials_invalid"));
        let unknown = without_instance(login("nobody@example.test", PASSWORD).await);
        let nonsense = without_instance(login("", "x").await);
        let long = without_instance(login("ana@example.test", &"x".repeat(2000)).await);
        t.execute("update identity.users set status = 'SUSPENDED'", &[]).await;
        t.execute("delete from identity.sessions", &[]).await;
        let suspended = without_instance(login("ana@example.test", PASSWORD).await);
        for other in [unknown, nonsense, long, suspended] {
            assert_eq!(other, wrong);
        }
    });
}

#[test]
fn a_logout_ends_the_session_at_once() {
    run(async |t| {
        let ana = t.buyer("ana").await;
        let mut elsewhere = ana.clone();
        elsewhere.take_tokens(&t.log_in(&ana).await);
        ana.post("/auth/logout", json!({})).await.expect(204);
        ana.get("/auth/profile").await.problem(401, "identity.unauthenticated");
        refresh(&t, refresh_token(&ana)).await.problem(401, "identity.refresh_refused");
        ana.post("/auth/logout", json!({})).await.expect(204);
        elsewhere.get("/auth/profile").await.expect(200);
        t.anybody().post("/auth/logout", json!({})).await.problem(401, "identity.unauthenticated");
        assert_eq!(t.payloads("identity.session_revoked").await.len(), 1);
    });
}

#[test]
fn a_suspension_ends_all_sessions() {
    run(async |t| {
        let (ana, admin) = (t.buyer("ana").await, t.admin().await);
        t.execute(
            "select identity.suspend_user(row($1, null, 'psql', null, null)::core.call_context, $2)",
            &[&admin.user_id, &ana.user_id],
        )
        .await;
        ana.get("/auth/profile").await.problem(401, "identity.unauthenticated");
        refresh(&t, refresh_token(&ana)).await.problem(401, "identity.refresh_refused");
        admin.get("/auth/profile").await.expect(200);
    });
}

#[test]
fn refreshing_goes_on_and_reuse_ends_the_session() {
    run(async |t| {
        let ana = t.buyer("ana").await;
        let first = refresh_token(&ana).to_owned();
        let second = refresh(&t, &first).await.expect(200);
        let again = refresh(&t, &first).await.expect(200);
        assert_eq!(second["refreshToken"], again["refreshToken"], "a retry gets the same successor");
        assert_ne!(second["refreshToken"], first.as_str());

        let mut later = ana.clone();
        later.access_token = Some(second.str("accessToken").to_owned());
        later.get("/auth/profile").await.expect(200);
        let third = refresh(&t, second.str("refreshToken")).await.expect(200);

        refresh(&t, &first).await.problem(401, "identity.refresh_refused");
        refresh(&t, third.str("refreshToken")).await.problem(401, "identity.refresh_refused");
        later.get("/auth/profile").await.problem(401, "identity.unauthenticated");
        assert_eq!(t.payloads("identity.session_revoked").await[0]["reason"], "TOKEN_REUSE");
    });
}

#[test]
fn a_retry_after_the_grace_time_is_reuse() {
    run(async |t| {
        let ana = t.buyer("ana").await;
        refresh(&t, refresh_token(&ana)).await.expect(200);
        t.advance(Duration::from_secs(11)).await;
        refresh(&t, refresh_token(&ana)).await.problem(401, "identity.refresh_refused");
        ana.get("/auth/profile").await.problem(401, "identity.unauthenticated");
    });
}

#[test]
fn refreshing_never_extends_a_session() {
    run(async |t| {
        let ana = t.buyer("ana").await;
        let second = refresh(&t, refresh_token(&ana)).await.expect(200);
        t.advance(Duration::from_hours(24 * 29)).await;
        let third = refresh(&t, second.str("refreshToken")).await.expect(200);
        t.advance(Duration::from_hours(24)).await;
        refresh(&t, third.str("refreshToken")).await.problem(401, "identity.refresh_refused");
        assert_eq!(t.payloads("identity.session_revoked").await, Vec::<Value>::new(), "an end is no reuse");
    });
}

#[test]
fn tokens_that_we_did_not_make_are_refused() {
    run(async |t| {
        let ana = t.buyer("ana").await;
        let access = ana.access_token.clone().expect("logged in");
        let good = refresh_token(&ana);
        let mut altered = good.to_owned();
        let last = altered.pop().expect("not empty");
        altered.push(if last == 'A' { 'E' } else { 'A' });
        for token in ["", "x", access.as_str(), &good[1..], &altered, &"A".repeat(128)] {
            refresh(&t, token).await.problem(401, "identity.refresh_refused");
        }
        refresh(&t, good).await.expect(200);
        let mut thief = t.anybody();
        thief.access_token = Some(good.to_owned());
        thief.get("/auth/profile").await.problem(401, "identity.unauthenticated");
    });
}

/// Fifty clients refresh with one token at once: all of them hold the same successor, and nobody is logged out.
#[test]
fn refreshes_at_once_get_the_same_successor() {
    run(async |t| {
        let ana = t.buyer("ana").await;
        let barrier = Arc::new(Barrier::new(50));
        let race = (0..50).map(|_| {
            let (t, ana, barrier) = (t.clone(), ana.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                refresh(&t, refresh_token(&ana)).await.expect(200)
            })
        });
        let replies = futures::future::join_all(race).await;
        let mut successors: Vec<_> =
            replies.iter().map(|r| r.as_ref().expect("a reply").str("refreshToken")).collect();
        successors.sort_unstable();
        successors.dedup();
        assert_eq!(successors.len(), 1);
        assert_eq!(t.int("select generation::bigint from identity.sessions", &[]).await, 1);
        refresh(&t, successors[0]).await.expect(200);
        refresh(&t, refresh_token(&ana)).await.problem(401, "identity.refresh_refused");
        refresh(&t, successors[0]).await.problem(401, "identity.refresh_refused");
    });
}

/// Twenty people register with one e-mail and one store name at once: one account, and no two stores with one slug.
#[test]
fn registrations_at_once_do_not_collide() {
    run(async |t| {
        let barrier = Arc::new(Barrier::new(20));
        let race = (0..20).map(|n| {
            let (t, barrier) = (t.clone(), Arc::clone(&barrier));
            let email = format!("seller{}@example.test", n / 2);
            let body = json!({ "email": email, "password": PASSWORD, "displayName": "S", "role": "SELLER",
                               "storeName": "The Store" });
            tokio::spawn(async move {
                barrier.wait().await;
                t.anybody().post("/auth/register", body).await
            })
        });
        let mut made = 0;
        for reply in futures::future::join_all(race).await {
            let reply = reply.expect("a reply");
            if reply.status == 201 {
                made += 1;
            } else {
                reply.problem(409, "identity.email_taken");
            }
        }
        assert_eq!(made, 10);
        assert_eq!(t.int("select count(distinct slug) from identity.sellers", &[]).await, 10);
    });
}

/// `tradepost admin create`, on the test's own database.
#[test]
fn the_command_line_makes_the_first_administrator() {
    run(async |t| {
        let create = |email: &str, password: &str| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tradepost"))
                .args(["admin", "create", "--password-stdin", "--email", email])
                .env("DATABASE_URL", t.database().url(DbRole::Superuser))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("the program");
            let mut stdin = command.stdin.take().expect("piped");
            writeln!(stdin, "{password}").expect("written");
            drop(stdin);
            command.wait_with_output().expect("it ends")
        };
        let output = create("root@example.test", PASSWORD);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut root = t.anybody();
        root.email = "root@example.test".to_owned();
        root.password = PASSWORD.to_owned();
        root.take_tokens(&t.log_in(&root).await);
        assert!(String::from_utf8_lossy(&output.stdout).contains(&root.user_id.to_string()));
        root.get("/events").await.expect(200);

        let again = create("ROOT@example.test", PASSWORD);
        assert!(!again.status.success());
        assert!(String::from_utf8_lossy(&again.stderr).contains("An account with this e-mail exists."));
        assert!(!create("other@example.test", "kurz").status.success());
    });
}
