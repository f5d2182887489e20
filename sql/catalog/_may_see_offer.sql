-- Whether somebody may see an offer: everybody sees the active ones of products that they see, its seller and administrators all.
-- Called by other functions only. Locks: none. Events: none. Problems: none.
create or replace function catalog._may_see_offer(p_actor identity.actor, p_offer catalog.offers)
returns boolean
language sql
stable
as $$
  select catalog._may_manage(p_actor, p_offer.seller_id)
         or (p_offer.status = 'ACTIVE'
             and exists (select 1
                           from catalog.variants as v
                           join catalog.products as p on p.product_id = v.product_id
                          where v.variant_id = p_offer.variant_id and catalog._may_see(p_actor, p.seller_id, p.status)));
$$;
comment on function catalog._may_see_offer(identity.actor, catalog.offers) is 'Whether somebody may see an offer.';
