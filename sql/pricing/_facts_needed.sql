-- Which facts about buyers the conditions of live promotions may ask for, so that nobody looks them up in vain: '{}' when none has
-- a condition, else {buyer}, and orderNumber when one asks for that. Private; two probes of partial indexes.
create or replace function pricing._facts_needed()
returns text[]
language plpgsql
stable
as $$
begin
  return case
    when not exists (select from pricing.promotions as p
                     where p.status in ('ACTIVE', 'SCHEDULED') and p.condition is not null) then '{}'
    when exists (select from pricing.promotions as p
                 where p.status in ('ACTIVE', 'SCHEDULED') and jsonb_path_exists(p.condition, '$.**.orderNumber'))
      then '{buyer,orderNumber}'
    else '{buyer}' end;
end
$$;
comment on function pricing._facts_needed() is 'Which facts about buyers live promotions ask for.';
