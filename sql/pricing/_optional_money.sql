-- An amount as JSON, or null when there is none. Private.
create or replace function pricing._optional_money(p_amount_minor bigint, p_currency text)
returns jsonb
language sql
immutable
as $$
  select case when p_amount_minor is not null then core._money(p_amount_minor, p_currency) end
$$;
comment on function pricing._optional_money(bigint, text) is 'core._money, or null for no amount.';
