-- Places a batch in which a buyer has several requests while promotions ask which order of the buyer it is: whether one counts as an
-- order is known when it is decided, and coupons, gifts and discounts of the next depend on it. So the batch is placed in parts, one
-- after another, in none of which a buyer has two. What any part may need is locked before the first. Private.
-- Locks: stock rows by (variant_id, seller_id), promotion counters.
create or replace function orders._place_in_turns(p_placings orders.placing[], p_now timestamptz)
returns orders.placing[]
language plpgsql
volatile
as $$
declare
  v_placings orders.placing[] := p_placings;
  v_part orders.placing[] := '{}';
  v_buyers uuid[] := '{}';
  v_first integer := 1;
begin
  perform orders._lock_ahead(p_placings, p_now);
  for n in 1 .. cardinality(p_placings) + 1 loop
    if n > cardinality(p_placings) or p_placings[n].buyer_id = any (v_buyers) then
      v_part := orders._place(v_part, p_now);
      for i in 1 .. cardinality(v_part) loop
        v_placings[v_first + i - 1] := v_part[i];
        v_placings[v_first + i - 1].request_no := v_first + i - 1;
      end loop;
      exit when n > cardinality(p_placings);
      v_part := '{}';
      v_buyers := '{}';
      v_first := n;
    end if;
    v_part := v_part || p_placings[n];
    v_part[cardinality(v_part)].request_no := cardinality(v_part);
    if p_placings[n].problem_code is null and not p_placings[n].is_replayed then
      v_buyers := v_buyers || p_placings[n].buyer_id;
    end if;
  end loop;
  return v_placings;
end
$$;
comment on function orders._place_in_turns(orders.placing[], timestamptz) is
  'Places a batch in parts in which no buyer has two requests, so that each finds the orders before it.';
