-- The aggregate id of a stock row in the event log: one UUID for the pair of seller and variant.
-- Private. The pair is hashed (SHA-256, first 128 bits) because the log knows only single ids.
create or replace function inventory._stock_id(p_seller_id uuid, p_variant_id uuid)
returns uuid
language sql
immutable
as $$
  select encode(substring(sha256(uuid_send(p_seller_id) || uuid_send(p_variant_id)) from 1 for 16), 'hex')::uuid
$$;
comment on function inventory._stock_id(uuid, uuid) is 'Aggregate id of the stock of (seller, variant) in the event log.';
