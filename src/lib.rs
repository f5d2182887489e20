//! Tradepost: a marketplace whose rules live in Postgres. This crate is the small program in front of it.
//!
//! The guided tour: [`app`] (state, routes, layers), [`http`] (what handlers are made of), [`db::call`](db) (the one
//! way to run a statement), one domain of your choice (`mod`, `http`, `sql`, `types`), and then `sql/` itself.

// the house
pub mod app;
pub mod cache;
pub mod cli;
pub mod config;
pub mod db;
pub mod deadlines;
pub mod docs;
pub mod doctor;
pub mod embedded;
pub mod greeting;
pub mod http;
pub mod money;
pub mod openapi;
pub mod planted;
pub mod problem;
pub mod refusals;
pub mod retention;
pub mod secret;
pub mod seed;
pub mod shutdown;
pub mod telemetry;
pub mod worker;

// the domains
pub mod catalog;
pub mod events;
pub mod identity;
pub mod inventory;
pub mod orders;
pub mod payments;
pub mod pricing;
