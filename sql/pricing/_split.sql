-- Splits an amount by weights with largest remainders: everybody gets the floor of the exact share, the missing units go to the
-- largest remainders, ties to whoever stands first. The parts add up to the amount; all weights 0: all parts 0. Private.
create or replace function pricing._split(p_amount_minor bigint, p_weights bigint[])
returns bigint[]
language plpgsql
immutable
as $$
declare
  v_whole numeric := 0;
  v_parts bigint[] := '{}';
  v_rests numeric[] := '{}';
  v_missing bigint := p_amount_minor;
  v_largest integer;
begin
  for i in 1 .. cardinality(p_weights) loop
    v_whole := v_whole + p_weights[i];
  end loop;
  if v_whole = 0 then
    return array_fill(0::bigint, array[cardinality(p_weights)]);
  end if;
  for i in 1 .. cardinality(p_weights) loop
    v_parts[i] := div(p_amount_minor::numeric * p_weights[i], v_whole);
    v_rests[i] := p_amount_minor::numeric * p_weights[i] - v_parts[i] * v_whole;
    v_missing := v_missing - v_parts[i];
  end loop;
  while v_missing > 0 loop
    v_largest := 1;
    for i in 2 .. cardinality(v_rests) loop
      if v_rests[i] > v_rests[v_largest] then
        v_largest := i;
      end if;
    end loop;
    v_parts[v_largest] := v_parts[v_largest] + 1;
    v_rests[v_largest] := -1;
    v_missing := v_missing - 1;
  end loop;
  return v_parts;
end
$$;
comment on function pricing._split(bigint, bigint[]) is 'Splits an amount by weights, to the last unit, by largest remainder.';
