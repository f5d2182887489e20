-- Keeps the rules of each version under which a promotion acted, whatever way it came to act: orders name the version they were
-- priced by, and find it here for ever. The times are those of the row, so that a version is closed when the next one opens.
create or replace function pricing._keep_promotion_version()
returns trigger
language plpgsql
as $$
begin
  if tg_op = 'UPDATE' and old.status in ('SCHEDULED', 'ACTIVE')
     and (new.version <> old.version or new.status not in ('SCHEDULED', 'ACTIVE')) then
    update pricing.promotion_versions as v
    set closed_at = greatest(v.opened_at, new.updated_at)
    where v.promotion_id = new.promotion_id and v.closed_at is null;
  end if;
  if new.status in ('SCHEDULED', 'ACTIVE') then
    insert into pricing.promotion_versions (promotion_id, version, rules, opened_at)
    values (new.promotion_id, new.version,
            to_jsonb(new) - array['status', 'version', 'created_at', 'updated_at', 'line_path', 'condition_path'], new.updated_at)
    on conflict do nothing;
  end if;
  return null;
end
$$;
comment on function pricing._keep_promotion_version() is
  'Trigger: closes the version of a promotion that stops to act and records the one that begins to.';

create or replace trigger promotion_versions
after insert or update on pricing.promotions
for each row execute function pricing._keep_promotion_version();
