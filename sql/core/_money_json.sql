-- An amount as core._money shows it, as text that is already JSON: where a document is built of many. Private. One expression, so that
-- it is inlined; a currency is three letters (core.currencies), with nothing to escape.
create or replace function core._money_json(p_amount_minor bigint, p_currency text)
returns json
language sql
immutable
as $$
  select ('{"amountMinor": ' || p_amount_minor::text || ', "currency": "' || p_currency || '"}')::json
$$;
comment on function core._money_json(bigint, text) is 'Minor units and currency as a JSON object, unparsed.';
