-- Checks that variants exist. Nulls are skipped. Private; reads only. Problems: MK422 pricing.variant_unknown.
create or replace function pricing._check_variants(p_variant_ids uuid[], p_field text)
returns void
language plpgsql
stable
as $$
begin
  if exists (select from unnest(p_variant_ids) as i (id)
             where i.id is not null and not exists (select from catalog.variants as v where v.variant_id = i.id)) then
    perform pricing._invalid('pricing.variant_unknown', p_field, 'There is no such variant.');
  end if;
end
$$;
comment on function pricing._check_variants(uuid[], text) is 'Refuses references to variants that do not exist.';
