-- What is wrong with the tiers of a promotion: field and sentence, or null. Private; reads nothing.
create or replace function pricing._bad_tiers(p_tiers jsonb, p_tier_by text, p_currency text)
returns text[]
language plpgsql
immutable
as $$
declare
  v_tier jsonb;
  v_from numeric;
  v_before numeric := 0;
  v_no integer := 0;
begin
  if jsonb_typeof(p_tiers) is distinct from 'array' or jsonb_array_length(p_tiers) not between 1 and 20 then
    return array['tiers', 'TIERED has 1 to 20 tiers.'];
  end if;
  for v_tier in select * from jsonb_array_elements(p_tiers) loop
    v_from := case when jsonb_typeof(v_tier -> 'from') = 'number' then (v_tier ->> 'from')::numeric end;
    if not coalesce(v_from between 1 and 10000000000000 and v_from % 1 = 0, false) then
      return array[format('tiers/%s/from', v_no), 'A tier begins at a positive whole number.'];
    elsif v_from <= v_before then
      return array[format('tiers/%s/from', v_no), 'Tiers come in ascending order.'];
    elsif (v_tier ? 'percentBp') = (v_tier ? 'amountMinor') then
      return array[format('tiers/%s', v_no), 'A tier takes either percentBp or amountMinor.'];
    elsif not coalesce((v_tier ->> 'percentBp')::numeric between 1 and 10000, true) then
      return array[format('tiers/%s/percentBp', v_no), 'A percentage is 1 to 10000 basis points.'];
    elsif not coalesce((v_tier ->> 'amountMinor')::numeric between 1 and 100000000000, true) then
      return array[format('tiers/%s/amountMinor', v_no), 'An amount is positive.'];
    elsif p_currency is null and (p_tier_by = 'SPEND' or v_tier ? 'amountMinor') then
      return array['currency', 'Tiers by SPEND or with amounts need a currency.'];
    end if;
    v_before := v_from;
    v_no := v_no + 1;
  end loop;
  return null;
end
$$;
comment on function pricing._bad_tiers(jsonb, text, text) is 'What is wrong with the tiers of a promotion, as field and sentence.';
