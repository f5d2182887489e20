//! The event log under concurrent writers, the sequencer, and the stream.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tradepost::events::sequencer::{self, Sequencer};

use crate::support::{Person, Test, Uuid, Value, json, root, run};

/// Appends an event of an aggregate as a writer does, inside whatever transaction the connection is in.
async fn append(client: &Client, aggregate_id: Uuid, version: i64) {
    client
        .execute(
            "select events._append('user', $1, $2, 'identity.user_suspended', null, 'test', '{}',
                                   jsonb_build_object('userId', $1::uuid))",
            &[&aggregate_id, &version],
        )
        .await
        .expect("events._append");
}

/// Versioned things that transactions lock and change.
async fn make_counters(t: &Test, count: i32) {
    t.sql()
        .batch_execute(
            "create table public.counters (id uuid primary key, n integer, version bigint not null)",
        )
        .await
        .expect("a table");
    t.execute(
        "insert into public.counters select gen_random_uuid(), g, 0 from generate_series(1, $1) as g",
        &[&count],
    )
    .await;
}

/// Locks a thing and raises its version, then appends its event: what every writer of ours does.
async fn change(client: &Client, n: i32) {
    let row = client
        .query_one(
            "update public.counters set version = version + 1 where n = $1 returning id, version",
            &[&n],
        )
        .await
        .expect("an update");
    append(client, row.get(0), row.get(1)).await;
}

/// Versions of a thing in the order of the log.
async fn versions(t: &Test, n: i32) -> Vec<i64> {
    let rows = t
        .sql()
        .query(
            "select l.aggregate_version from events.log as l join public.counters as c on c.id = l.aggregate_id
              where c.n = $1 order by l.seq",
            &[&n],
        )
        .await
        .expect("the log");
    rows.iter().map(|row| row.get(0)).collect()
}

/// T1 takes a transaction id and waits; T2, whose id is later, changes a thing and commits; T1 then changes the same thing
/// and commits; T3, whose id is between the two, stays open. Readers that go by transaction id and the oldest open
/// transaction would give out T1's change, the second, and hold back T2's, the first.
#[test]
fn an_open_transaction_neither_reorders_nor_delays() {
    run(async |t| {
        make_counters(&t, 2).await;
        let (t1, t2, t3) = (t.connect().await, t.connect().await, t.connect().await);
        t1.batch_execute("begin; select pg_current_xact_id()").await.expect("T1 begins");
        t3.batch_execute("begin; select pg_current_xact_id()").await.expect("T3 begins");
        t2.batch_execute("begin").await.expect("T2 begins");
        change(&t2, 1).await;
        t2.batch_execute("commit").await.expect("T2 commits");
        change(&t1, 1).await;
        t1.batch_execute("commit").await.expect("T1 commits");
        change(&t3, 2).await;

        assert_eq!(t.int("select events.sequence()::bigint", &[]).await, 2, "T3 delays nobody");
        assert_eq!(versions(&t, 1).await, [1, 2]);
        t3.batch_execute("commit").await.expect("T3 commits");
        assert_eq!(t.sequence().await, 3);
    });
}

/// A transaction that began to write early, and ends late on a thing that others changed meanwhile.
#[test]
fn a_transaction_follows_those_it_waited_for() {
    run(async |t| {
        make_counters(&t, 3).await;
        let (early, late) = (t.connect().await, t.connect().await);
        early.batch_execute("begin").await.expect("begins");
        change(&early, 1).await;
        late.batch_execute("begin").await.expect("begins");
        change(&late, 2).await;
        change(&late, 3).await;
        let waiting = async {
            change(&early, 3).await;
            early.batch_execute("commit").await.expect("commits");
        };
        let releasing = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            late.batch_execute("commit").await.expect("commits");
        };
        tokio::join!(waiting, releasing);
        assert_eq!(t.sequence().await, 4);
        assert_eq!(versions(&t, 3).await, [1, 2]);
        let first: i64 = t.int("select n::bigint from public.counters as c join events.log as l on l.aggregate_id = c.id where l.seq = 1", &[]).await;
        assert_eq!(first, 2, "the transaction that others waited for comes first, as a whole");
    });
}

/// Sixteen writers with rollbacks and held locks, and two sequencers that compete: the log is dense, each thing's versions
/// are in order, and each transaction is in one piece. The invariants say so at the end of the test as well.
#[test]
fn the_log_is_dense_under_concurrent_writers() {
    run(async |t| {
        make_counters(&t, 12).await;
        let barrier = Arc::new(Barrier::new(16));
        let writers = (0..16_u64).map(|writer| {
            let (t, barrier) = (t.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                let client = t.connect().await;
                let mut random = writer * 7_919 + 1;
                let mut draw = move |below: u64| {
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    (random >> 33) % below
                };
                let mut committed = 0;
                barrier.wait().await;
                for _ in 0..40 {
                    let mut things: Vec<i32> =
                        (0..=draw(3)).map(|_| i32::try_from(draw(12)).unwrap() + 1).collect();
                    things.sort_unstable();
                    things.dedup();
                    client.batch_execute("begin").await.expect("begin");
                    for thing in &things {
                        change(&client, *thing).await;
                        if draw(4) == 0 {
                            tokio::time::sleep(Duration::from_millis(draw(8))).await;
                        }
                    }
                    if draw(10) == 0 {
                        client.batch_execute("rollback").await.expect("rollback");
                    } else {
                        client.batch_execute("commit").await.expect("commit");
                        committed += things.len();
                    }
                }
                committed
            })
        });
        let writers = futures::future::join_all(writers);
        let stop = CancellationToken::new();
        let sequencers: Vec<_> = (0..2)
            .map(|_| {
                let (t, stop) = (t.clone(), stop.clone());
                tokio::spawn(async move {
                    let client = t.connect().await;
                    while !stop.is_cancelled() {
                        client.execute("select events.sequence(7)", &[]).await.expect("events.sequence()");
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                })
            })
            .collect();
        let committed: usize = writers.await.into_iter().map(|writer| writer.expect("a writer")).sum();
        stop.cancel();
        for sequencer in sequencers {
            sequencer.await.expect("a sequencer");
        }

        assert_eq!(t.sequence().await, i64::try_from(committed).unwrap());
        assert_eq!(t.int("select count(*) from events.log", &[]).await, i64::try_from(committed).unwrap());
        for thing in 1..=12 {
            let found = versions(&t, thing).await;
            assert_eq!(found, (1..=i64::try_from(found.len()).unwrap()).collect::<Vec<_>>());
        }
    });
}

/// What waits when the outbox takes the place of the table of single events goes on in its order: by the last of a transaction.
#[test]
fn events_that_wait_survive_the_migration_to_the_outbox() {
    run(async |t| {
        let migrations = ["V0009__events_staging_log_consumers", "V0028__events_outbox"].map(|name| {
            std::fs::read_to_string(root().join(format!("migrations/{name}.sql"))).expect("a migration")
        });
        let old_table = migrations[0]
            .split("\n\n")
            .find(|text| text.contains("create table events.staging"))
            .expect("it");
        let mut psql = t.connect().await;
        let never = psql.transaction().await.expect("a transaction");
        never
            .batch_execute(&format!(
                "drop table events.outbox cascade; drop domain events.draft; drop type events.draft_fields;
                 {old_table}
                 insert into events.staging (xid, type, aggregate_type, aggregate_id, aggregate_version, audience, payload, occurred_at)
                 select x.xid::text::xid8, 'identity.user_suspended', 'user', core.new_id(), x.n, '{{}}', '{{}}', core.now()
                 from (values (1, 7), (2, 8), (3, 7), (4, 9)) as x (n, xid);
                 {}
                 insert into events.outbox (drafts) select o.drafts from events.outbox as o where o.xid = '9'",
                migrations[1]
            ))
            .await
            .expect("the migration");
        let rows = never
            .query(
                "select format('%s %s %s', o.outbox_id, case when o.xid < '10' then o.xid end,
                               (select string_agg(d.aggregate_version::text, ',') from unnest(o.drafts) as d))
                 from events.outbox as o order by o.outbox_id",
                &[],
            )
            .await
            .expect("rows");
        let rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(rows, ["2 8 2", "3 7 1,3", "4 9 4", "5  4"]);
    });
}

#[test]
fn one_sequencer_leads_and_the_other_takes_over() {
    run(async |t| {
        t.buyer("ana").await;
        let pool = t.app().worker_pool.clone();
        let (first, second) = (Sequencer::new(pool.clone()), Sequencer::new(pool));
        assert_eq!(first.step().await.expect("a step"), 2);
        t.buyer("eve").await;
        assert_eq!(second.step().await.expect("a step"), 0, "it stands by");
        drop(first);
        let mut moved = 0;
        for _ in 0..100 {
            moved += second.step().await.expect("a step");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(moved, 2, "it leads when the other has gone");
    });
}

#[test]
fn administrators_page_through_the_log() {
    run(async |t| {
        let (admin, ana, bob) = (t.admin().await, t.buyer("ana").await, t.seller("bob").await);
        t.sequence().await;
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let mut query = vec![("limit", "2")];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = admin.get("/events").query(&query).await.expect(200);
            seen.extend(page.items().iter().map(|e| e["seq"].as_i64().expect("a number")));
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = Some(next.to_owned());
        }
        let head = t.sequence().await;
        assert_eq!(seen, (1..=head).collect::<Vec<_>>());

        let of_ana =
            admin.get("/events").query(&[("aggregateId", &ana.user_id.to_string())]).await.expect(200);
        assert_eq!(of_ana.items().len(), 1);
        assert_eq!(of_ana.items()[0]["payload"], json!({ "userId": ana.user_id, "role": "BUYER" }));
        let stores = admin.get("/events").query(&[("type", "identity.seller_created")]).await.expect(200);
        assert_eq!(stores.items()[0]["aggregateId"], bob.seller_id.to_string());
        let last = admin.get("/events").query(&[("after", &(head - 1).to_string())]).await.expect(200);
        assert_eq!(last.items().len(), 1);

        ana.get("/events").await.problem(403, "identity.role_required");
        bob.get("/events").await.problem(403, "identity.role_required");
        t.anybody().get("/events").await.problem(401, "identity.unauthenticated");
        admin.get("/events").query(&[("after", "-1")]).await.problem(400, "core.query_invalid");
        admin.get("/events").query(&[("aggregateId", "x")]).await.problem(400, "core.query_invalid");
        admin.get("/events").query(&[("cursor", "eyJh")]).await.problem(400, "core.cursor_invalid");
        admin.get("/events").query(&[("colour", "red")]).await.problem(400, "core.query_invalid");
    });
}

/// A stream, read event by event.
pub struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    pub async fn open(person: &Person, query: &[(&str, &str)], last_event_id: Option<&str>) -> Self {
        let mut request = person.get("/events/stream").query(query);
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.open().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next block of lines by their names; `None` when the server has ended the stream.
    async fn next(&mut self) -> Option<HashMap<String, String>> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let fields = block.lines().filter_map(|line| line.split_once(": "));
                let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                let read = self.text.len() - rest.len();
                self.text.drain(..read);
                return Some(fields);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.response.chunk()).await;
            let chunk = chunk.expect("something within ten seconds").expect("a chunk")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    /// The next event with a number.
    pub async fn event(&mut self) -> (i64, String, Value) {
        loop {
            let fields = self.next().await.expect("the stream goes on");
            if let Some(id) = fields.get("id") {
                let data: Value = serde_json::from_str(&fields["data"]).expect("JSON");
                assert_eq!(data["seq"].to_string(), *id);
                assert_eq!(data["type"], fields["event"].as_str());
                return (id.parse().expect("a number"), fields["event"].clone(), data);
            }
        }
    }
}

#[test]
fn a_stream_resumes_where_it_was_cut() {
    run(async |t| {
        let admin = t.admin().await;
        t.buyer("ana").await;
        let head = t.sequence().await;

        let mut stream = Stream::open(&admin, &[("after", "0")], None).await;
        assert_eq!(stream.next().await.expect("a block")["retry"], "2000");
        for seq in 1..=head {
            assert_eq!(stream.event().await.0, seq);
        }
        drop(stream);

        // what happens while nobody listens is not lost, and the header goes before the parameter
        t.buyer("eve").await;
        t.sequence().await;
        let mut stream = Stream::open(&admin, &[("after", "0")], Some(&(head - 1).to_string())).await;
        assert_eq!(stream.event().await.0, head);
        let (seq, event_type, data) = stream.event().await;
        assert_eq!((seq, event_type.as_str()), (head + 1, "identity.user_registered"));
        assert_eq!(data["aggregateVersion"], 1);
        stream.event().await;

        // and then it is live
        t.buyer("mia").await;
        t.sequence().await;
        assert_eq!(stream.event().await.0, head + 3);
    });
}

#[test]
fn a_stream_without_a_position_begins_now() {
    run(async |t| {
        let admin = t.admin().await;
        let head = t.sequence().await;
        let types = [("types", "identity.seller_created")];
        let (mut all, mut some) =
            (Stream::open(&admin, &[], None).await, Stream::open(&admin, &types, None).await);
        t.seller("bob").await;
        t.sequence().await;
        assert_eq!(all.event().await.0, head + 1);
        assert_eq!(some.event().await.1, "identity.seller_created");
    });
}

#[test]
fn everybody_sees_their_own_events_only() {
    run(async |t| {
        let (ana, bob) = (t.buyer("ana").await, t.seller("bob").await);
        t.sequence().await;
        let mut of_ana = Stream::open(&ana, &[("after", "0")], None).await;
        let mut of_bob = Stream::open(&bob, &[("after", "0")], None).await;
        t.buyer("eve").await;
        t.log_in(&ana).await;
        t.log_in(&bob).await;
        t.sequence().await;
        for (stream, person, count) in [(&mut of_ana, &ana, 3), (&mut of_bob, &bob, 4)] {
            for _ in 0..count {
                let (_, _, data) = stream.event().await;
                let payload = &data["payload"];
                let owner = payload.get("userId").or(payload.get("ownerId")).expect("an owner");
                assert_eq!(*owner, person.user_id.to_string());
                assert!(data["actorId"].is_null() && data["requestId"].is_null());
            }
        }
        // nothing else is on the way
        t.log_in(&ana).await;
        t.sequence().await;
        assert_eq!(of_ana.event().await.1, "identity.session_opened");
    });
}

#[test]
fn a_stream_ends_with_its_session() {
    run(async |t| {
        let ana = t.buyer("ana").await;
        let mut stream = Stream::open(&ana, &[], None).await;
        ana.post("/auth/logout", json!({})).await.expect(204);
        t.sequence().await;
        while stream.next().await.is_some() {}
        ana.get("/events/stream").await.problem(401, "identity.unauthenticated");
        t.anybody().get("/events/stream").await.problem(401, "identity.unauthenticated");
        let admin = t.admin().await;
        for bad in ["x", "-1", "1.5", "99999999999999999999"] {
            let refused = admin.get("/events/stream").header("last-event-id", bad).await;
            refused.problem(400, "events.last_event_id_invalid");
        }
    });
}

/// Whoever asks for events that were archived is told so, over REST and on the stream; the others never notice.
#[test]
fn archived_events_are_gone_and_not_skipped() {
    run(async |t| {
        t.log_is_partial();
        let (admin, ana) = (t.admin().await, t.buyer("ana").await);
        t.sequence().await;
        t.execute("update events.head set seq = 999998", &[]).await;
        append(t.sql(), Uuid::from_u128(1), 1).await;
        assert_eq!(t.sequence().await, 999_999);
        append(t.sql(), Uuid::from_u128(1), 2).await;
        append(t.sql(), Uuid::from_u128(1), 3).await;
        assert_eq!(t.sequence().await, 1_000_001);
        t.execute("update events.consumers set seq = 999999", &[]).await;
        assert_eq!(t.int("select count(*) from events.archive(1000000)", &[]).await, 1);

        for after in ["0", "7", "999998"] {
            let gone = admin
                .get("/events")
                .query(&[("after", after)])
                .await
                .problem(410, "events.position_archived");
            assert!(
                gone["detail"].as_str().expect("a detail").contains("event 1000000"),
                "{}",
                gone.describe()
            );
            for person in [&admin, &ana] {
                let stream = person.get("/events/stream");
                stream.header("last-event-id", after).await.problem(410, "events.position_archived");
                let stream = person.get("/events/stream").query(&[("after", after)]);
                stream.await.problem(410, "events.position_archived");
            }
        }
        let listed = admin.get("/events").await.expect(200);
        assert_eq!(listed["items"][0]["seq"], 1_000_000, "the list begins where the log does");
        let listed = admin.get("/events").query(&[("after", "999999")]).await.expect(200);
        assert_eq!(listed["items"].as_array().expect("items").len(), 2);
        let mut stream = Stream::open(&admin, &[], Some("999999")).await;
        assert_eq!(stream.event().await.0, 1_000_000);
    });
}

/// The whole way: a request, the sequencer it wakes, the notification, the stream. Nobody polls faster than once in 250 ms.
#[test]
fn an_event_is_on_the_stream_at_once() {
    run(async |t| {
        let (admin, ana) = (t.admin().await, t.buyer("ana").await);
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        sequencer::spawn(t.app(), &tracker, &stop);
        t.sequence().await;
        let mut stream = Stream::open(&admin, &[], None).await;
        let mut latencies = Vec::new();
        for _ in 0..20 {
            t.log_in(&ana).await;
            let answered = std::time::Instant::now();
            assert_eq!(stream.event().await.1, "identity.session_opened");
            latencies.push(answered.elapsed());
        }
        latencies.sort_unstable();
        println!("answer to stream: median {:?}, worst {:?}", latencies[10], latencies[19]);
        assert!(latencies[10] < Duration::from_millis(150), "median {:?}", latencies[10]);
        stop.cancel();
        tracker.close();
        tracker.wait().await;
    });
}
