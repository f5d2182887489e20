-- The second net below pricing._transition_promotion: not even a manual UPDATE moves a promotion along a path that is not in the
-- table, changes the rules of an ended one, or those of any but a draft without a new version.
create or replace function pricing._check_promotion_transition()
returns trigger
language plpgsql
as $$
begin
  if old.status <> new.status and not exists (
    select from pricing.promotion_transitions as t
    where t.from_status = old.status and t.to_status = new.status
  ) then
    raise exception 'pricing.transition_refused' using
      errcode = 'MK409', detail = format('A promotion cannot go from %s to %s.', old.status, new.status),
      hint = 'pricing.promotion_transitions lists what can.';
  end if;
  if (old.status = 'ENDED' or (old.status <> 'DRAFT' and new.version <= old.version))
     and to_jsonb(new) - 'status' - 'version' - 'updated_at' is distinct from
         to_jsonb(old) - 'status' - 'version' - 'updated_at' then
    raise exception 'pricing.promotion_immutable' using
      errcode = 'MK409', detail = format('The promotion is %s; the rules of its versions cannot change.', old.status),
      hint = 'Open a new version; draft a new promotion in place of one that has ended.';
  end if;
  return new;
end
$$;
comment on function pricing._check_promotion_transition() is
  'Trigger: refuses status changes that pricing.promotion_transitions lacks, and rules changed without a new version.';

create or replace trigger promotion_transitions
before update on pricing.promotions
for each row execute function pricing._check_promotion_transition();
