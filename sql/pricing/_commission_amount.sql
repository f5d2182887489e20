-- A commission: the percentage of the base rounded half up, plus the fixed part for each unit or once, raised to the floor,
-- cut to the cap, and never more than what the seller earns. Private.
create or replace function pricing._commission_amount(
  p_base_minor bigint, p_percent_bp integer, p_fixed_minor bigint, p_units integer,
  p_min_minor bigint, p_max_minor bigint, p_limit_minor bigint
)
returns bigint
language sql
immutable
as $$
  -- least and greatest pass over a floor or cap that is null
  select least(p_limit_minor, p_max_minor,
               greatest(p_min_minor, pricing._percent_of(p_base_minor, p_percent_bp) + p_fixed_minor * p_units))
$$;
comment on function pricing._commission_amount(bigint, integer, bigint, integer, bigint, bigint, bigint) is
  'least(limit, cap, greatest(floor, round_half_up(base * percent) + fixed * units)).';
