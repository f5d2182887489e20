-- An amount as it stands in JSON: {"amountMinor": 1999, "currency": "USD"}. Private.
create or replace function core._money(p_amount_minor bigint, p_currency text)
returns jsonb
language sql
immutable
as $$
  select jsonb_build_object('amountMinor', p_amount_minor, 'currency', p_currency)
$$;
comment on function core._money(bigint, text) is 'Minor units and currency as a JSON object.';
