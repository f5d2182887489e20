-- The second net below the functions that write rules: a version may be closed, and nothing else of it ever changes.
create or replace function pricing._protect_commission_rule()
returns trigger
language plpgsql
as $$
begin
  if tg_op = 'DELETE' or to_jsonb(new) - 'valid_until' is distinct from to_jsonb(old) - 'valid_until' then
    raise exception 'pricing.rule_immutable' using
      errcode = 'MK409', detail = 'Of a version of a commission rule only the end may change, because orders were priced by it.',
      hint = 'Close the version and open the next one.';
  end if;
  return new;
end
$$;
comment on function pricing._protect_commission_rule() is 'Trigger: versions of commission rules are immutable but for their end.';

create or replace trigger commission_rules
before update or delete on pricing.commission_rules
for each row execute function pricing._protect_commission_rule();
