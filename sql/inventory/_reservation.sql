-- Reservations with their lines, as their owners see them. Private; reads only.
create or replace function inventory._reservation(p_reservation_ids uuid[])
returns setof inventory.reservation
language sql
stable
as $$
  select r.reservation_id, r.status, r.reference, r.expires_at, r.created_at, r.resolved_at,
         (select jsonb_agg(jsonb_build_object('variantId', l.variant_id, 'sellerId', l.seller_id, 'quantity', l.quantity)
                           order by l.variant_id, l.seller_id)
          from inventory.reservation_lines as l
          where l.seller_id = any (r.seller_ids) and l.reservation_id = r.reservation_id),
         false
  from inventory.reservations as r
  where r.reservation_id = any (p_reservation_ids)
  order by r.reservation_id
$$;
comment on function inventory._reservation(uuid[]) is 'Reservations with their lines as one document each.';
