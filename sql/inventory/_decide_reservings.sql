-- Grants or refuses the requests of a batch one after another, in arrival order, against locked stock: a refused request takes
-- nothing, so its neighbours find what it left. The decision is arithmetic on arrays; nothing is written but reclaimed expired holds.
-- Private. Locks: the accounts as holders, stock rows by (variant_id, seller_id).
create or replace function inventory._decide_reservings(p_reservings inventory.reserving[], p_now timestamptz)
returns inventory.reserving[]
language plpgsql
volatile
as $$
declare
  v_reservings inventory.reserving[] := p_reservings;
  v_keys inventory.stock_key[];
  v_requests integer[];
  v_stock_nos integer[];
  v_quantities bigint[];
  v_available integer[];
  v_first integer;
  v_next integer := 1;
  v_request integer;
  v_is_short boolean;
  v_accounts constant uuid[] := array(
    select distinct r.account_id from unnest(p_reservings) as r where r.problem_code is null and not r.is_replayed);
  v_account integer;
  v_room bigint[];  -- by account; null: no limit
  v_units bigint;
begin
  with lines as (
    select r.request_no, (l.line ->> 'sellerId')::uuid as seller_id, (l.line ->> 'variantId')::uuid as variant_id,
           (l.line ->> 'quantity')::bigint as quantity
    from unnest(p_reservings) as r, jsonb_array_elements(r.lines) as l (line)
    where r.problem_code is null and not r.is_replayed
  ), keys as (
    select k.seller_id, k.variant_id, row_number() over (order by k.variant_id, k.seller_id)::integer as n
    from (select distinct l.seller_id, l.variant_id from lines as l) as k
  ), demand as (
    select l.request_no, k.n as stock_no, sum(l.quantity)::bigint as quantity
    from lines as l
    join keys as k on k.seller_id = l.seller_id and k.variant_id = l.variant_id
    group by l.request_no, k.n
  )
  select (select array_agg(row(k.seller_id, k.variant_id)::inventory.stock_key order by k.n) from keys as k),
         array_agg(d.request_no order by d.request_no, d.stock_no),
         array_agg(d.stock_no order by d.request_no, d.stock_no),
         array_agg(d.quantity order by d.request_no, d.stock_no)
  into v_keys, v_requests, v_stock_nos, v_quantities
  from demand as d;
  if v_keys is null then
    return v_reservings;
  end if;
  v_room := inventory._room_to_hold(v_accounts, p_now);
  v_available := inventory._available(
    v_keys, v_stock_nos, array(select least(q.quantity, 2147483647)::integer
                               from unnest(v_quantities) with ordinality as q (quantity, n) order by q.n), p_now);

  while v_next <= cardinality(v_requests) loop
    v_first := v_next;
    v_request := v_requests[v_first];
    v_is_short := false;
    v_units := 0;
    v_account := array_position(v_accounts, v_reservings[v_request].account_id);
    while v_requests[v_next] = v_request loop
      v_is_short := v_is_short or v_available[v_stock_nos[v_next]] < v_quantities[v_next];
      v_units := v_units + v_quantities[v_next];
      v_next := v_next + 1;
    end loop;
    if v_room[v_account] < v_units then
      v_reservings[v_request] := inventory._refuse_hoarding(v_reservings[v_request], v_room[v_account]);
    elsif v_is_short then
      v_reservings[v_request] := inventory._refuse_short(v_reservings[v_request], v_keys, v_available);
    else
      v_room[v_account] := v_room[v_account] - v_units;
      for i in v_first .. v_next - 1 loop
        v_available[v_stock_nos[i]] := v_available[v_stock_nos[i]] - v_quantities[i];
      end loop;
    end if;
  end loop;
  return v_reservings;
end
$$;
comment on function inventory._decide_reservings(inventory.reserving[], timestamptz) is
  'Locks stock and grants or refuses each request of a reserve_stock batch in arrival order.';
