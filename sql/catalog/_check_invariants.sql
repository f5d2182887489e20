-- The invariants of the catalogue. Called by core.check_invariants. Locks: none. Events: none. Problems: none.
create or replace function catalog._check_invariants()
returns setof core.invariant_violation
language sql
stable
as $$
  select 'catalog.category_path', c.category_id::text, 'The path is not the parent''s path and the category itself.'
    from catalog.categories as c
    left join catalog.categories as p on p.category_id = c.parent_id
   where c.path is distinct from coalesce(p.path, '{}') || c.category_id
  union all
  select 'catalog.price_range', p.product_id::text, 'Price range and currency are not those of the active offers.'
    from catalog.products as p
    left join (select v.product_id, min(o.price_minor) as price_from, max(o.price_minor) as price_to,
                      min(o.currency) as currency, count(distinct o.currency) as currencies
                 from catalog.variants as v
                 join catalog.offers as o on o.variant_id = v.variant_id and o.status = 'ACTIVE'
                where v.status = 'ACTIVE'
                group by v.product_id) as r on r.product_id = p.product_id
   where (p.price_from_minor, p.price_to_minor, p.currency) is distinct from (r.price_from, r.price_to, r.currency)
      or r.currencies > 1
  union all
  select 'catalog.active_has_offer', p.product_id::text, 'An active product has no active offer.'
    from catalog.products as p
   where p.status = 'ACTIVE' and p.price_from_minor is null
  union all
  select 'catalog.offer_follows_variant', o.variant_id::text, 'An archived variant has an active offer.'
    from catalog.offers as o
    join catalog.variants as v on v.variant_id = o.variant_id
   where o.status = 'ACTIVE' and v.status = 'ARCHIVED'
  union all
  select 'catalog.base_price_is_the_offers', format('%s/%s', p.variant_id, p.seller_id),
         'The price of one unit in the offer''s own currency is not the offer''s.'
    from catalog.offer_prices as p
    join catalog.offers as o on o.seller_id = p.seller_id and o.variant_id = p.variant_id
   where (p.price_minor is null) <> (p.currency = o.currency and p.min_quantity = 1)
  union all
  select 'catalog.price_history_is_complete', format('%s/%s', p.variant_id, p.seller_id),
         format('The last price written down in %s is not the price.', p.currency)
    from catalog.offer_price_step as p
    join catalog.offers as o on o.seller_id = p.seller_id and o.variant_id = p.variant_id and o.status = 'ACTIVE'
   where p.min_quantity = 1
     and row(p.price_minor, p.sale_minor, p.sale_from, p.sale_until)
         is distinct from (select row(h.price_minor, h.sale_minor, h.sale_from, h.sale_until)
                             from catalog.price_history as h
                            where h.seller_id = p.seller_id and h.variant_id = p.variant_id and h.currency = p.currency
                            order by h.valid_from desc, h.change_no desc
                            limit 1)
  union all
  select 'catalog.history_ends_at_status', p.product_id::text, 'The last status of the history is not the product''s.'
    from catalog.products as p
   where p.status <> coalesce((select h.to_status from catalog.product_history as h
                                where h.product_id = p.product_id order by h.version desc limit 1), 'DRAFT')
  union all
  select 'catalog.history_is_a_chain', h.product_id::text, format('The change at version %s does not begin where the one before ended.', h.version)
    from (select g.product_id, g.version, g.from_status, g.to_status, g.action,
                 lag(g.to_status, 1, 'DRAFT') over (partition by g.product_id order by g.version) as previous
            from catalog.product_history as g) as h
   where h.from_status <> h.previous
      or not exists (select 1 from catalog.product_transitions as t
                      where t.from_status = h.from_status and t.action = h.action and t.to_status = h.to_status);
$$;
comment on function catalog._check_invariants() is 'Broken invariants of the catalogue.';
