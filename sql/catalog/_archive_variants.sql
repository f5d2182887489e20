-- Archives variants and their offers. Called by other functions only, under the product's lock.
-- Locks: the variants, then the offers. Events: none (the caller's). Problems: none.
create or replace function catalog._archive_variants(p_variant_ids uuid[])
returns void
language sql
volatile
as $$
  update catalog.variants as v
     set status = 'ARCHIVED', version = v.version + 1, updated_at = core.now()
   where v.variant_id = any (p_variant_ids);
  update catalog.offers as o
     set status = 'ARCHIVED', version = o.version + 1, updated_at = core.now()
   where o.variant_id = any (p_variant_ids) and o.status = 'ACTIVE';
$$;
comment on function catalog._archive_variants(uuid[]) is 'Archives variants and their offers.';
