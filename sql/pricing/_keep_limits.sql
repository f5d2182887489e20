-- Carries changed limits of a promotion that was active to its counter. Private; the promotion is locked. Locks: its counter.
-- Problems: MK409 pricing.promotion_limits_fixed.
create or replace function pricing._keep_limits(p_old pricing.promotions, p_new pricing.promotions)
returns void
language plpgsql
volatile
as $$
declare
  v_used integer;
begin
  if (p_old.usage_limit is null) <> (p_new.usage_limit is null)
     or (p_old.buyer_limit is null) <> (p_new.buyer_limit is null) then
    raise exception 'pricing.promotion_limits_fixed' using
      errcode = 'MK409', detail = 'A promotion that was active keeps its kinds of limits.',
      hint = 'End it and draft a new one.',
      column = case when (p_old.usage_limit is null) <> (p_new.usage_limit is null) then 'usageLimit' else 'buyerLimit' end;
  end if;
  select c.used into v_used from pricing.promotion_counters as c where c.promotion_id = p_old.promotion_id for no key update;
  if p_new.usage_limit < v_used then
    raise exception 'pricing.promotion_limits_fixed' using
      errcode = 'MK409', detail = format('The promotion was used %s times already.', v_used),
      hint = 'Choose a limit that is not below that.', column = 'usageLimit';
  end if;
  update pricing.promotion_counters as c
  set usage_limit = p_new.usage_limit
  where c.promotion_id = p_old.promotion_id;
end
$$;
comment on function pricing._keep_limits(pricing.promotions, pricing.promotions) is
  'Refuses limits of another kind or below what was used; carries new numbers to the counter.';
