//! Payments as a saga, against the sandbox as a process of its own: what a provider may do to us, and what a crash may, at
//! every step. At the end of each test the provider holds just the money that the ledger says it does.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, io::BufRead as _, io::BufReader};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::mpsc;
use tradepost::embedded::DbRole;
use tradepost::payments::sandbox::server::{Fault, Kind, Sandbox, State, Step, When};
use tradepost::payments::workers;
use tradepost::secret::Secret;

use crate::payments::shop::{available, confirm, order, start, status};
use crate::support::{Person, Reply, Test, Uuid, json, run_with};

const SECRET: &str = "what the sandbox signs with";
/// Longer than any lease of the workers and any pause between two questions of these tests.
const LEASE: Duration = Duration::from_secs(3600);

/// The provider, and the trap in it: the process that it kills at one side of one step.
struct Provider {
    sandbox: Arc<Sandbox>,
    url: String,
    trap: Arc<Trap>,
    /// The sides of steps that were come to.
    passed: tokio::sync::Mutex<mpsc::UnboundedReceiver<(Step, When)>>,
}

#[derive(Default)]
struct Trap {
    victim: AtomicI32,
    at: Mutex<Option<(Step, When)>>,
}

impl Provider {
    fn fault(&self, step: Step, when: When, kind: Kind) {
        let mut passed = self.passed.try_lock().expect("nobody waits for an earlier one");
        while passed.try_recv().is_ok() {} // visits from before
        self.sandbox.set_faults(vec![Fault { step, when, kind, times: 1 }]);
    }

    /// Waits until the program has come this far.
    async fn comes_to(&self, step: Step, when: When) {
        let mut passed = self.passed.lock().await;
        while passed.recv().await.expect("the sandbox") != (step, when) {}
    }

    /// Sends callbacks about a payment, by the sandbox's own control; what each was answered.
    async fn call_back(&self, payment_id: &str, outcome: State, copies: usize) -> Vec<u16> {
        let url = format!("{}/control/charges/{payment_id}/callbacks", self.url);
        let reply = reqwest::Client::builder().no_proxy().build().expect("a client").post(url);
        let reply =
            reply.json(&json!({ "outcome": outcome, "copies": copies })).send().await.expect("an answer");
        let body: serde_json::Value = reply.json().await.expect("JSON");
        serde_json::from_value(body["answers"].clone()).expect("statuses")
    }
}

/// A test with the sandbox at the other end of a connection.
fn run(test: impl AsyncFnOnce(&Test, &Provider)) {
    run_waiting(20_000, test);
}

/// The same, with a program that waits only so long for the provider.
fn run_waiting(provider_timeout_ms: u64, test: impl AsyncFnOnce(&Test, &Provider)) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let parsed = url.parse().expect("a URL");
    let adjust = |config: &mut tradepost::config::Config| {
        config.provider_url = Some(parsed);
        config.provider_secret = Some(Secret::new(SECRET));
        config.provider_timeout_ms = provider_timeout_ms;
    };
    run_with(adjust, async |t| {
        let callbacks = format!("{}/api/v1/payments/callbacks/sandbox", t.base());
        let (trap, (sender, passed)) = (Arc::new(Trap::default()), mpsc::unbounded_channel());
        let armed = Arc::clone(&trap);
        let hook = move |step, when| {
            let _ = sender.send((step, when));
            let is_trapped = {
                let mut at = armed.at.lock().unwrap_or_else(PoisonError::into_inner);
                let is_trapped = *at == Some((step, when));
                at.take_if(|_| is_trapped);
                is_trapped
            };
            if is_trapped {
                kill(Pid::from_raw(armed.victim.load(Ordering::SeqCst)), Signal::SIGKILL).expect("kill -9");
            }
            is_trapped
        };
        let sandbox = Sandbox::new(SECRET, Some(callbacks.parse().expect("a URL")), Some(Box::new(hook)));
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        let router = sandbox.router();
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let provider = Provider { sandbox, url, trap, passed: tokio::sync::Mutex::new(passed) };
        test(&t, &provider).await;
        let ours = "select coalesce(sum(amount_minor), 0)::bigint from payments.ledger_entries where account = 'PROVIDER_CLEARING'";
        assert_eq!(
            provider.sandbox.balance_minor(),
            t.int(ours, &[]).await,
            "the provider's money and the ledger's"
        );
        server.abort();
    });
}

/// Lets the workers do what there is to do now.
async fn work(t: &Test) {
    loop {
        t.sequence().await;
        let reacted = workers::react(t.app()).await.expect("a step");
        let refunded = workers::refund(t.app()).await.expect("a step");
        let asked = workers::reconcile(t.app()).await.expect("a step");
        if reacted + refunded + asked == 0 {
            return;
        }
    }
}

async fn payment_status(t: &Test, payment_id: &str) -> String {
    t.one("select status from payments.payments where payment_id = $1::text::uuid", &[&payment_id]).await
}

async fn cancel(buyer: &Person, order: Uuid) {
    buyer.post(&format!("/orders/{order}/cancel"), json!({})).once().await.expect(200);
}

async fn scene(t: &Test) -> (Person, Uuid) {
    let variant = t.offer(&t.seller("sam").await, 1999, 50).await;
    (t.buyer("ana").await, variant)
}

#[test]
fn no_transaction_is_open_while_the_provider_thinks() {
    run(async |t, provider| {
        let (ana, variant) = scene(t).await;
        // an order in each state from which a step asks the provider
        let (created, captured, looked_up, voided, refunded) = (
            order(&ana, variant).await,
            order(&ana, variant).await,
            order(&ana, variant).await,
            order(&ana, variant).await,
            order(&ana, variant).await,
        );
        let of_captured = start(&ana, captured, "tok_success").await.expect(201);
        let of_refunded = start(&ana, refunded, "tok_success").await.expect(201);
        confirm(&ana, refunded, &of_refunded).await.expect(200);
        let (witness, app) = (t.connect().await, t.app().clone());
        for (step, id) in [
            (Step::Create, created),
            (Step::Capture, captured),
            (Step::Lookup, looked_up),
            (Step::Void, voided),
            (Step::Refund, refunded),
        ] {
            match step {
                Step::Lookup => {
                    start(&ana, looked_up, "tok_slow").await.expect(202);
                    t.advance(Duration::from_secs(61)).await;
                }
                Step::Void | Step::Refund => {
                    if step == Step::Void {
                        start(&ana, voided, "tok_success").await.expect(201);
                    }
                    cancel(&ana, id).await;
                    t.sequence().await;
                    workers::react(&app).await.expect("a step");
                }
                Step::Create | Step::Capture => {}
            }
            provider.fault(step, When::Before, Kind::Hold);
            let (ana, app, of_captured) = (ana.clone(), app.clone(), of_captured.text.clone());
            let asking = tokio::spawn(async move {
                match step {
                    Step::Create => start(&ana, id, "tok_success").await.status,
                    Step::Capture => {
                        let started: serde_json::Value = serde_json::from_str(&of_captured).expect("JSON");
                        let body = json!({ "paymentId": started["paymentId"], "providerReference": started["providerReference"] });
                        ana.post(&format!("/orders/{id}/confirm-payment"), body).once().await.status
                    }
                    Step::Lookup | Step::Void => {
                        u16::from(workers::reconcile(&app).await.expect("a step") > 0)
                    }
                    Step::Refund => u16::from(workers::refund(&app).await.expect("a step") > 0),
                }
            });
            provider.comes_to(step, When::Before).await;
            // One that is open for the call stays open; others (what polls the log) come and go. The program's own are one statement each:
            // one that stands idle is a call's, and the server would end it before we tire of waiting.
            let open = "select format('%s: %s', state, query) from pg_stat_activity
                        where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null";
            let limit = Instant::now() + Duration::from_secs(10);
            loop {
                let open = witness.query(open, &[]).await.expect("pg_stat_activity");
                if open.is_empty() {
                    break;
                }
                let open: Vec<String> = open.iter().map(|row| row.get(0)).collect();
                let is_idle = open.iter().any(|one| one.starts_with("idle in transaction"));
                assert!(!is_idle && Instant::now() < limit, "{step:?}: a transaction is open: {open:?}");
                tokio::task::yield_now().await;
            }
            let free = "select (select count(*) from (select from orders.orders where order_id = $1 for update nowait) as o)
                             + (select count(*) from (select from payments.payments where order_id = $1 for update nowait) as p)";
            witness
                .query_one(free, &[&id])
                .await
                .unwrap_or_else(|e| panic!("{step:?}: a row is locked: {e:?}"));
            assert!(!asking.is_finished(), "{step:?}: it is held");
            provider.sandbox.set_faults(Vec::new());
            let answer = asking.await.expect("a task");
            assert!(matches!(answer, 1 | 200 | 201), "{step:?}: {answer}");
        }
        work(t).await;
        assert_eq!(status(t, captured).await, "PAID");
        assert_eq!(status(t, looked_up).await, "PAID");
        assert_eq!(status(t, refunded).await, "REFUNDED");
    });
}

/// The real program on the test's database.
struct Program {
    process: Child,
    base: String,
}

impl Program {
    async fn start(t: &Test, provider: &Provider, mode: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tradepost-saga-{}", Uuid::now_v7()));
        fs::create_dir_all(&folder).expect("a folder");
        let key = folder.join("key.pem");
        fs::write(&key, t.signing_key()).expect("a key");
        let mut process = Command::new(env!("CARGO_BIN_EXE_tradepost"))
            .args(["serve", mode, "--listen", "127.0.0.1:0"])
            .env("DATABASE_URL", t.database().url(DbRole::Superuser))
            .env("TRADEPOST_JWT_KEY_FILE", &key)
            .env("TRADEPOST_PROVIDER_URL", &provider.url)
            .env("TRADEPOST_PROVIDER_SECRET", SECRET)
            .env("TRADEPOST_POOL_WAIT_MS", "10000")
            .env("TRADEPOST_LOG", "error")
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program");
        provider.trap.victim.store(i32::try_from(process.id()).expect("a pid"), Ordering::SeqCst);
        let stdout = process.stdout.take().expect("piped");
        let base = tokio::task::spawn_blocking(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).find_map(|line| {
                Some(line.trim().strip_prefix("API")?.trim().strip_suffix("/api/v1")?.to_owned())
            })
        });
        let base = base.await.expect("a reader").unwrap_or_default();
        fs::remove_dir_all(&folder).expect("its folder");
        Self { process, base }
    }

    /// Waits for its end, which somebody else brings about.
    async fn ended(mut self) {
        let status = tokio::task::spawn_blocking(move || self.process.wait()).await.expect("a waiter");
        assert!(!status.expect("its end").success());
    }
}

/// Kills the program at one side of one step, and lets another copy go on from what is left.
async fn crash(t: &Test, provider: &Provider, ana: &Person, variant: Uuid, at: (Step, When), returns: bool) {
    let case = format!("{at:?}, the client {}", if returns { "tries again" } else { "is gone" });
    let (step, when) = at;
    let before = available(t, variant).await;
    let id = order(ana, variant).await;
    let arm = || *provider.trap.at.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    let path = format!("/orders/{id}/payment");
    let method =
        json!({ "method": { "token": if step == Step::Lookup { "tok_slow" } else { "tok_success" } } });
    let confirmation = |started: &Reply| json!({ "paymentId": started["paymentId"], "providerReference": started["providerReference"] });
    let begin = || ana.post(&path, method.clone()).key(&id.to_string());
    let confirm_path = format!("/orders/{id}/confirm-payment");

    let expected = match step {
        Step::Create => {
            let program = Program::start(t, provider, "--no-workers").await;
            arm();
            let sent =
                ana.at(&program.base).post(&path, method.clone()).key(&id.to_string()).try_send().await;
            assert!(sent.is_none(), "{case}: no answer");
            program.ended().await;
            if returns {
                let started = begin().await.expect(201);
                ana.post(&confirm_path, confirmation(&started)).once().await.expect(200);
                "PAID"
            } else {
                // asked about while it may be paid, let go of when it may not
                t.advance(Duration::from_secs(61)).await;
                work(t).await;
                if when == When::Before { "PAYMENT_FAILED" } else { "PENDING_PAYMENT" }
            }
        }
        Step::Capture => {
            let started = begin().await.expect(201);
            let program = Program::start(t, provider, "--no-workers").await;
            arm();
            let key = format!("confirm-{id}");
            let at_program = ana.at(&program.base);
            let sent = at_program.post(&confirm_path, confirmation(&started)).key(&key).try_send().await;
            assert!(sent.is_none(), "{case}: no answer");
            program.ended().await;
            assert_eq!(status(t, id).await, "PENDING_PAYMENT", "{case}: nobody knows yet");
            if returns {
                ana.post(&confirm_path, confirmation(&started)).key(&key).await.expect(200);
            } else {
                t.advance(Duration::from_secs(61)).await;
                work(t).await;
            }
            if returns || when == When::After { "PAID" } else { "PENDING_PAYMENT" }
        }
        Step::Lookup => {
            begin().await.expect(202);
            t.advance(Duration::from_secs(61)).await;
            arm();
            Program::start(t, provider, "--workers-only").await.ended().await;
            assert_eq!(status(t, id).await, "PENDING_PAYMENT", "{case}: nobody knows yet");
            t.advance(Duration::from_secs(150)).await;
            work(t).await;
            "PAID"
        }
        Step::Void | Step::Refund => {
            let started = begin().await.expect(201);
            if step == Step::Refund {
                ana.post(&confirm_path, confirmation(&started)).once().await.expect(200);
            }
            cancel(ana, id).await;
            t.sequence().await;
            workers::react(t.app()).await.expect("a step");
            arm();
            Program::start(t, provider, "--workers-only").await.ended().await;
            t.advance(LEASE).await;
            work(t).await;
            let payment = payment_status(t, started.str("paymentId")).await;
            assert_eq!(payment, if step == Step::Void { "FAILED" } else { "SUCCEEDED" }, "{case}");
            if step == Step::Void { "CANCELLED" } else { "REFUNDED" }
        }
    };
    assert_eq!(status(t, id).await, expected, "{case}");
    assert_eq!(t.broken_invariants().await, Vec::<String>::new(), "{case}");
    // What nobody pays any more ends, and its stock is free.
    t.advance(LEASE).await;
    while tradepost::deadlines::sweep(&t.app().worker_pool).await.expect("a sweep") > 0 {}
    work(t).await;
    let open = "select count(*) from payments.payments where status in ('PENDING', 'ABANDONED')";
    assert_eq!(t.int(open, &[]).await, 0, "{case}: every payment has an end");
    let sold = i64::from(status(t, id).await == "PAID");
    assert_eq!(available(t, variant).await, before - sold, "{case}");
}

#[test]
fn a_crash_at_any_step_is_made_good() {
    run(async |t, provider| {
        let (ana, variant) = scene(t).await;
        for when in [When::Before, When::After] {
            for step in [Step::Create, Step::Capture] {
                for returns in [true, false] {
                    crash(t, provider, &ana, variant, (step, when), returns).await;
                }
            }
            for step in [Step::Lookup, Step::Void, Step::Refund] {
                crash(t, provider, &ana, variant, (step, when), false).await;
            }
        }
        let twice = "select count(*) from (select order_id from payments.payments where status = 'SUCCEEDED' group by 1 having count(*) > 1) as x";
        assert_eq!(t.int(twice, &[]).await, 0);
    });
}

#[test]
fn callbacks_come_twice_late_and_out_of_order() {
    run(async |t, provider| {
        let (ana, variant) = scene(t).await;
        let begun = async |id| {
            let started = start(&ana, id, "tok_callback").await.expect(202);
            assert_eq!(started["nextAction"]["type"], "WAIT");
            started.str("paymentId").to_owned()
        };
        // twice, and then a word that contradicts it
        let paid = order(&ana, variant).await;
        let payment = begun(paid).await;
        assert_eq!(provider.call_back(&payment, State::Succeeded, 3).await, [204, 204, 204]);
        assert_eq!(status(t, paid).await, "PAID");
        assert_eq!(provider.call_back(&payment, State::Failed, 2).await, [204, 204], "late failure");
        assert_eq!(status(t, paid).await, "PAID");
        assert_eq!(t.payloads("payments.payment_succeeded").await.len(), 1);
        // a failure, and then the success that was sent before it
        let other = order(&ana, variant).await;
        let payment = begun(other).await;
        t.advance(Duration::from_secs(61)).await;
        work(t).await;
        assert_eq!(status(t, other).await, "PENDING_PAYMENT", "unknown is neither paid nor failed");
        let url = format!("{}/payments/callbacks/sandbox", "/api/v1");
        let key = tradepost::payments::sandbox::callback::key(SECRET);
        let word = |payment: &str, amount_minor, failure_code: Option<&str>| {
            let settlement = tradepost::payments::provider::Settlement {
                payment_id: payment.parse().expect("an id"),
                amount_minor,
                currency: "USD".into(),
                reference: format!("sbx_{payment}"),
                failure_code: failure_code.map(str::to_owned),
            };
            tradepost::payments::sandbox::callback::write(&key, &settlement)
        };
        let send = async |(headers, body): (Vec<(&'static str, String)>, String), path: &str| {
            let client = reqwest::Client::builder().no_proxy().build().expect("a client");
            let mut request = client.post(format!("{}{path}", t.base())).body(body);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let reply = request.send().await.expect("an answer");
            (reply.status().as_u16(), reply.text().await.expect("text"))
        };
        assert_eq!(send(word(&payment, 1999, Some("expired")), &url).await.0, 204);
        assert_eq!(status(t, other).await, "PAYMENT_FAILED");
        assert_eq!(provider.call_back(&payment, State::Succeeded, 1).await, [204]);
        assert_eq!(status(t, other).await, "PAID", "its money counts all the same");
        // after the window: served if the stock is there, refunded when the order was cancelled
        let (late, undone) = (order(&ana, variant).await, order(&ana, variant).await);
        let (of_late, of_undone) = (begun(late).await, begun(undone).await);
        cancel(&ana, undone).await;
        t.advance(LEASE).await;
        while tradepost::deadlines::sweep(&t.app().worker_pool).await.expect("a sweep") > 0 {}
        work(t).await;
        assert_eq!(payment_status(t, &of_late).await, "ABANDONED");
        for payment in [&of_late, &of_undone] {
            assert_eq!(provider.call_back(payment, State::Succeeded, 2).await, [204, 204]);
        }
        work(t).await;
        assert_eq!((status(t, late).await.as_str(), status(t, undone).await.as_str()), ("PAID", "CANCELLED"));
        let refunds = ana.get(&format!("/orders/{undone}/payments")).await.expect(200);
        assert_eq!(refunds["items"][0]["refunded"]["amountMinor"], 1999);

        // what is refused changes nothing
        let waiting = order(&ana, variant).await;
        let payment = begun(waiting).await;
        let refused = async |message, path: &str, status: u16, code: &str| {
            let (answered, text) = send(message, path).await;
            assert!(answered == status && text.contains(code), "{answered} {text}");
        };
        refused(word(&payment, 1, None), &url, 422, "payments.callback_refused").await;
        refused(word(&Uuid::nil().to_string(), 1999, None), &url, 422, "payments.callback_refused").await;
        refused((Vec::new(), word(&payment, 1999, None).1), &url, 401, "payments.callback_unsigned").await;
        let (headers, body) = word(&payment, 1999, None);
        refused((headers.clone(), body.replace("1999", "1")), &url, 401, "payments.callback_unsigned").await;
        refused((headers, body), "/api/v1/payments/callbacks/other", 404, "core.not_found").await;
        assert_eq!(payment_status(t, &payment).await, "PENDING");
        provider.call_back(&payment, State::Failed, 1).await;
        assert_eq!(status(t, waiting).await, "PAYMENT_FAILED");
    });
}

#[test]
fn what_no_question_settles_waits_for_a_person() {
    run(async |t, provider| {
        let (ana, variant) = scene(t).await;
        let admin = t.admin().await;
        let (lost, refused) = (order(&ana, variant).await, order(&ana, variant).await);
        let of_refused = start(&ana, refused, "tok_refund_fails").await.expect(201);
        confirm(&ana, refused, &of_refused).await.expect(200);
        let of_lost = start(&ana, lost, "tok_callback").await.expect(202).str("paymentId").to_owned();
        for id in [lost, refused] {
            cancel(&ana, id).await;
        }
        work(t).await;
        // the provider never tells; the pauses grow, and end
        let mut questions = 1;
        while payment_status(t, &of_lost).await == "ABANDONED" && questions < 50 {
            t.advance(Duration::from_secs(2 * 3600)).await;
            if workers::reconcile(t.app()).await.expect("a step") == 0 {
                break;
            }
            questions += 1;
        }
        let limit = t.int("select value from core.settings where name = 'payments.checks_max'", &[]).await;
        assert_eq!(questions, limit, "bounded");
        assert_eq!(t.payloads("payments.payment_stuck").await.len(), 1, "told once");
        assert_eq!(t.payloads("payments.refund_failed").await.len(), 1);
        ana.get("/payments/stuck").await.problem(403, "identity.role_required");
        let list = admin.get("/payments/stuck?limit=1").await.expect(200);
        assert_eq!(list.items().len(), 1);
        let rest = admin.get(&format!("/payments/stuck?cursor={}", list.str("nextCursor"))).await.expect(200);
        let mut kinds = [list.items()[0]["kind"].clone(), rest.items()[0]["kind"].clone()];
        kinds.sort_by_key(ToString::to_string);
        assert_eq!(json!(kinds), json!(["PAYMENT", "REFUND"]));
        tradepost::payments::metrics(t.app().clone()).await.expect("the gauges");

        // taken up again: one is known by now, the other is refused once more
        let retry = |id: &str| admin.post(&format!("/payments/{id}/retry"), json!({}));
        ana.post(&format!("/payments/{of_lost}/retry"), json!({}))
            .await
            .problem(403, "identity.role_required");
        retry(&Uuid::nil().to_string()).await.problem(404, "payments.payment_not_found");
        provider.fault(Step::Lookup, When::Before, Kind::Fail);
        retry(&of_lost).await.expect(200);
        work(t).await;
        assert_eq!(provider.call_back(&of_lost, State::Failed, 1).await, [204]);
        assert_eq!(payment_status(t, &of_lost).await, "FAILED");
        let taken = retry(of_refused.str("paymentId")).await.expect(200);
        assert_eq!(taken["refunds"].as_array().map(Vec::len), Some(2), "a new refund beside the refused one");
        retry(of_refused.str("paymentId")).await.problem(409, "payments.nothing_to_retry");
        work(t).await;
        let list = admin.get("/payments/stuck").await.expect(200);
        assert_eq!(list.items().len(), 1, "the refund, once");
        assert_eq!(
            (&list.items()[0]["status"], &list.items()[0]["failureCode"]),
            (&json!("FAILED"), &json!("refund_refused"))
        );
    });
}

#[test]
fn a_silent_provider_is_neither_a_yes_nor_a_no() {
    run_waiting(1_000, async |t, provider| {
        let (ana, variant) = scene(t).await;
        let id = order(&ana, variant).await;
        let hold = |step| provider.fault(step, When::After, Kind::Hold);
        // it has the charge, and does not say so
        hold(Step::Create);
        let path = format!("/orders/{id}/payment");
        let method = json!({ "method": { "token": "tok_success" } });
        let started = ana.post(&path, method.clone()).key("start").await.expect(202);
        assert_eq!(
            (started.str("status"), started["nextAction"]["type"].as_str()),
            ("PENDING", Some("WAIT"))
        );
        start(&ana, id, "tok_success").await.problem(409, "payments.payment_in_progress");
        let started = ana.post(&path, method).key("start").await.expect(201);
        // it has the money, and does not say so
        hold(Step::Capture);
        let path = format!("/orders/{id}/confirm-payment");
        let body =
            json!({ "paymentId": started["paymentId"], "providerReference": started["providerReference"] });
        let answer = ana.post(&path, body.clone()).key("confirm").await;
        assert_eq!(answer.problem(503, "payments.provider_unavailable").header("retry-after"), "1");
        assert_eq!(status(t, id).await, "PENDING_PAYMENT", "not paid");
        assert_eq!(payment_status(t, started.str("paymentId")).await, "PENDING", "and not failed");
        // nor does it when the reconciler asks
        hold(Step::Lookup);
        t.advance(Duration::from_secs(61)).await;
        assert_eq!(workers::reconcile(t.app()).await.expect("a step"), 1);
        assert_eq!(payment_status(t, started.str("paymentId")).await, "PENDING");
        // the late answers reach nobody; the same request finds out
        provider.sandbox.set_faults(Vec::new());
        assert_eq!(ana.post(&path, body).key("confirm").await.expect(200)["orderStatus"], "PAID");
        // a refund that was paid and not answered is paid once
        cancel(&ana, id).await;
        t.sequence().await;
        workers::react(t.app()).await.expect("a step");
        hold(Step::Refund);
        assert_eq!(workers::refund(t.app()).await.expect("a step"), 1);
        assert_eq!(status(t, id).await, "CANCELLED", "nobody knows yet");
        provider.sandbox.set_faults(Vec::new());
        t.advance(LEASE).await;
        work(t).await;
        assert_eq!(status(t, id).await, "REFUNDED");
        let asked: Vec<_> = provider.sandbox.calls().into_iter().filter(|c| c.step == Step::Refund).collect();
        assert_eq!(asked.len(), 2, "twice");
        assert_eq!(asked[0].key, asked[1].key, "with the same key");
    });
}
