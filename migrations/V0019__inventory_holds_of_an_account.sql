-- What an account holds by reservations of its own, for the limit on it: few rows, those of orders are not among them.
create index reservations_held_account_id_idx on inventory.reservations (account_id) where status = 'HELD' and not is_order;

comment on type core.idempotency_claim is
  'FRESH: do the work. REPLAY: response holds the stored answer. DUPLICATE: request same_as of this batch has the key. REUSED: the key belongs to another payload. BUSY: another transaction works on the key.';
