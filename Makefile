.DEFAULT_GOAL := help
.PHONY: help run test fault fault-long check bench bench-pricing overload psql gen pgtap coverage-sql model fuzz migrate seed reset

help:    ## this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
run:     ## the server on an embedded Postgres, with demo data (ARGS="…" go to `tradepost serve`)
	@scripts/run $(ARGS)
test:    ## every test on a private cluster; PG=18 on that version; TEST=name only those
	@TEST="$(TEST)" scripts/test $(PG)
fault:   ## the fault laboratory, short form; SEED=n repeats a run, TEST=runs::cuts one scenario, PG=18 on that version
	@TEST="$(TEST)" SEED="$(SEED)" scripts/fault "$(PG)"
fault-long: ## the same in the long form: TEST=runs::crash five minutes of kill -9; without TEST all scenarios, over an hour
	@TEST="$(TEST)" SEED="$(SEED)" FAULT_LONG=1 scripts/fault "$(PG)"
check:   ## format, clippy, generated files, tests: what a change must pass
	@scripts/check $(PG)
pgtap:   ## the pgTAP suite; DATABASE_URL=… on any migrated database; FILE=orders/place_orders one file
	@FILE="$(FILE)" scripts/pgtap
coverage-sql: ## branch coverage of sql/pricing under the pgTAP suite; ARGS=orders of another domain
	@scripts/coverage-sql $(ARGS)
model:   ## prices against the independent model; TRADEPOST_BASKETS=200 fewer than a million baskets
	@TRADEPOST_BASKETS="$${TRADEPOST_BASKETS:-1000000}" cargo test --locked --test it pricing_model -- --nocapture
fuzz:    ## schemathesis over the whole OpenAPI document, on a server of its own
	@scripts/fuzz $(ARGS)
bench:   ## throughput and latency over HTTP, beside floors measured in the same run
	@cargo bench --locked --bench load -- $(ARGS)
overload: ## five times as many orders as it can place for a minute, over HTTP; and floods; and two programs on one database
	@cargo bench --locked --bench load -- --only instances,overload,floods $(ARGS)
bench-pricing: ## what an order costs among 10,000 commission rules and 500 promotions; ARGS=--plans prints plans
	@cargo bench --locked --profile dev --bench pricing -- $(ARGS)
bench-data: ## a generated marketplace for measurements, SCALE=1 has 100,000 orders, into the empty one of DATABASE_URL
	@SCALE="$(SCALE)" scripts/bench-data
gen:     ## write the generated files in docs/ anew
	@scripts/gen
psql:    ## psql on the running embedded Postgres, or on DATABASE_URL
	@scripts/psql $(ARGS)
migrate: ## bring the database up to date
	@cargo run --locked --quiet -- migrate $(ARGS)
seed:    ## the demo marketplace, into the database
	@cargo run --locked --quiet -- seed $(ARGS)
reset:   ## stop and delete the embedded database
	@scripts/reset
