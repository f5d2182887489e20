//! Integration tests: one binary, one private cluster, one database for each test. See `support`.

mod batch;
mod calls;
mod catalog;
mod cli;
mod coverage;
mod crash;
mod deploy;
mod documents;
mod events;
mod examples;
mod harness;
mod identity;
mod inventory;
mod inventory_race;
mod journey;
mod orders;
mod orders_race;
mod payments;
mod payments_race;
mod pgtap;
mod prices;
mod pricing;
mod readme;
mod schema;
mod seed;
mod support;
