-- Which facts about buyers the conditions of live promotions may ask for, so that nobody looks them up in vain: '{}' when none has
-- a condition, else {buyer}, and orderNumber when one asks for that. Private; reads the index of live promotions with a condition.
create or replace function pricing._facts_needed()
returns text[]
language plpgsql
stable
as $$
declare
  v_asks_number boolean;
begin
  select bool_or(jsonb_path_exists(p.condition, '$.**.orderNumber')) into v_asks_number
  from pricing.promotions as p
  where p.status in ('ACTIVE', 'SCHEDULED') and p.condition is not null;
  return case when v_asks_number then '{buyer,orderNumber}' when not v_asks_number then '{buyer}' else '{}' end;
end
$$;
comment on function pricing._facts_needed() is 'Which facts about buyers live promotions ask for.';
