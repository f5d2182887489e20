-- The price history as periods of one price each: a row of catalog.price_history holds until the next one, and its sale cuts up
-- to three periods out of that time. Also periods that are still to come, as far as they are decided; decided_at leads to a row by
-- the key of the table. Read by the price functions and by the reporting role.
create or replace view catalog.price_period as
select h.seller_id, h.variant_id, h.currency, s.price_minor, s.is_sale, s.since, s.until, h.valid_from as decided_at
  from catalog.price_history as h
  left join lateral (
       select n.valid_from
         from catalog.price_history as n
        where n.seller_id = h.seller_id and n.variant_id = h.variant_id and n.currency = h.currency
          and (n.valid_from, n.change_no) > (h.valid_from, h.change_no)
        order by n.valid_from, n.change_no
        limit 1) as n on true
 cross join lateral (select coalesce(n.valid_from, 'infinity') as ends_at) as e
 cross join lateral (values
       (h.price_minor, false, h.valid_from, least(e.ends_at, h.sale_from)),
       (least(h.price_minor, h.sale_minor), h.sale_minor < h.price_minor,
        greatest(h.valid_from, h.sale_from), case when h.sale_minor is not null then least(e.ends_at, h.sale_until) end),
       (h.price_minor, false,
        case when h.sale_minor is not null then greatest(h.valid_from, h.sale_until) end, e.ends_at)
       ) as s (price_minor, is_sale, since, until)
 where h.price_minor is not null and s.since < s.until;
comment on view catalog.price_period is
  'What one unit of an offer cost everybody, in periods [since, until) of one price; until is infinity where no end is known.';
grant select on catalog.price_period to tradepost_readonly;
