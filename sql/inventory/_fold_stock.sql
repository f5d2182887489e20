-- Stock rows as the log tells them up to p_upto: on hand what was set and adjusted less what is sold, reserved what is held.
-- low_stock_threshold is null while only events of a release that did not tell it set the stock; is_latest: no event after
-- p_upto touches the row. Private; meant to be inlined into the caller's statement. Locks: none.
create or replace function inventory._fold_stock(p_upto bigint)
returns table (
  seller_id uuid, variant_id uuid, on_hand bigint, reserved bigint, low_stock_threshold integer, is_low boolean,
  version integer, is_latest boolean
)
language sql
stable
as $$
  select s.seller_id, s.variant_id,
         s.set_units - coalesce(l.sold, 0),
         coalesce(l.held, 0),
         s.last[3]::integer,
         s.set_units - coalesce(l.sold, 0) - coalesce(l.held, 0) <= s.last[3]::integer,
         s.last[2]::integer,
         s.is_latest and coalesce(l.is_latest, true)
    from (select (e.payload ->> 'sellerId')::uuid as seller_id, (e.payload ->> 'variantId')::uuid as variant_id,
                 sum((e.payload ->> 'delta')::bigint) filter (where e.position <= p_upto)::bigint as set_units,
                 max(array[lpad(e.position::text, 19, '0'), e.payload ->> 'version', e.payload ->> 'threshold'])
                   filter (where e.position <= p_upto) as last,
                 bool_and(e.position <= p_upto) as is_latest
            from events.recorded as e
           where e.type = 'inventory.stock_changed'
           group by 1, 2) as s
    left join (select h.seller_id, h.variant_id,
                      sum(h.quantity) filter (where h.status = 'CONFIRMED' and not h.is_freed) as sold,
                      sum(h.quantity) filter (where h.status = 'HELD' and not h.is_freed) as held,
                      bool_and(h.is_latest) as is_latest
                 from inventory._fold_hold_lines(p_upto) as h
                group by 1, 2) as l on l.seller_id = s.seller_id and l.variant_id = s.variant_id
   where s.last is not null
$$;
comment on function inventory._fold_stock(bigint) is 'Stock rows folded from the log up to a number.';
