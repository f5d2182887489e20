-- Idempotency keys are kept outside of the orders' durable transaction: after a crash they are gone and the orders are not.
-- scenario: crash
-- sql
alter table core.idempotency_keys set unlogged;
