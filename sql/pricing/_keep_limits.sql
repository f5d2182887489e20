-- Carries changed limits of a promotion that was active to its counter. Private; the promotion is locked.
-- Locks: all slots of its counter, in order. Problems: MK409 pricing.promotion_limits_fixed.
create or replace function pricing._keep_limits(p_old pricing.promotions, p_new pricing.promotions)
returns void
language plpgsql
volatile
as $$
declare
  v_used bigint;
  v_spent_minor bigint;
  v_field text := case
    when (p_old.usage_limit is null) <> (p_new.usage_limit is null) then 'usageLimit'
    when (pricing._buyer_limit(p_old) is null) <> (pricing._buyer_limit(p_new) is null) then 'buyerLimit'
    when (p_old.budget_minor is null) <> (p_new.budget_minor is null) then 'budget'
    when p_new.budget_minor is not null and p_old.currency <> p_new.currency then 'currency'
    when p_old.requires_coupon <> p_new.requires_coupon then 'requiresCoupon' end;
begin
  if v_field is not null then
    raise exception 'pricing.promotion_limits_fixed' using
      errcode = 'MK409', detail = 'A promotion that was active keeps its kinds of limits.',
      hint = 'End it and draft a new one.', column = v_field;
  end if;
  perform from pricing.promotion_counters as c where c.promotion_id = p_old.promotion_id order by c.slot for no key update;
  select sum(c.used), sum(c.spent_minor) into v_used, v_spent_minor
  from pricing.promotion_counters as c where c.promotion_id = p_old.promotion_id;
  if p_new.usage_limit < v_used or p_new.budget_minor < v_spent_minor then
    raise exception 'pricing.promotion_limits_fixed' using
      errcode = 'MK409',
      detail = case when p_new.usage_limit < v_used then format('The promotion was used %s times already.', v_used)
                    else format('The promotion has cost %s already.', pricing._money_text(v_spent_minor, p_new.currency::text)) end,
      hint = 'Choose a limit that is not below that.', column = case when p_new.usage_limit < v_used then 'usageLimit' else 'budget' end;
  end if;
  if (p_old.usage_limit, p_old.budget_minor) is distinct from (p_new.usage_limit, p_new.budget_minor) then
    perform pricing._share_limits(p_old.promotion_id, p_new.usage_limit, p_new.budget_minor);
  end if;
end
$$;
comment on function pricing._keep_limits(pricing.promotions, pricing.promotions) is
  'Refuses limits of another kind or below what was used; carries new numbers to the counter.';
