-- Order lines as orders.order_placed told them up to p_upto. discount_minor is null where the event is of a release that did
-- not tell it (it has no "parts"). Private; meant to be inlined into the caller's statement. Locks: none.
create or replace function orders._fold_lines(p_upto bigint, p_order_ids uuid[])
returns table (
  order_id uuid, seller_id uuid, line_no integer, variant_id uuid, quantity integer, unit_price_minor bigint,
  discount_minor bigint
)
language sql
stable
as $$
  select p.aggregate_id, l."sellerId", l."lineNo", l."variantId", l.quantity, l."unitPriceMinor",
         case when p.payload ? 'parts' then coalesce(l."discountMinor", 0) end
    from events.recorded as p
   cross join lateral jsonb_to_recordset(p.payload -> 'lines')
     as l ("sellerId" uuid, "lineNo" integer, "variantId" uuid, quantity integer, "unitPriceMinor" bigint, "discountMinor" bigint)
   where p.type = 'orders.order_placed' and p.aggregate_type = 'order'
     and p.position <= p_upto
     and (p_order_ids is null or p.aggregate_id = any (p_order_ids))
$$;
comment on function orders._fold_lines(bigint, uuid[]) is 'Order lines folded from the log up to a number.';
