-- Basis points of an amount, rounded half up, in integers that cannot overflow for any amount a basket can reach.
-- Private. amount = 10000 q + r, so the percentage is q bp + r bp / 10000 exactly.
create or replace function pricing._percent_of(p_amount_minor bigint, p_percent_bp integer)
returns bigint
language sql
immutable
as $$
  select p_amount_minor / 10000 * p_percent_bp + (p_amount_minor % 10000 * p_percent_bp + 5000) / 10000
$$;
comment on function pricing._percent_of(bigint, integer) is 'round_half_up(amount * basis points / 10000) for amounts from 0 on.';
