//! Tradepost: a marketplace whose rules live in Postgres. This crate is the small program in front of it.

pub mod db;
pub mod embedded;
pub mod secret;
