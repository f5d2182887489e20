-- What a promotion must not collide with once it may act: the end of its own window, another's coupon code, the mode of its
-- exclusivity group. Private. Locks: the name of the group until the transaction ends, so that two that disagree cannot both pass.
-- Problems: MK409 pricing.promotion_window_over, pricing.coupon_taken, pricing.group_mode_conflict.
create or replace function pricing._check_live(p_promotion pricing.promotions, p_now timestamptz)
returns void
language plpgsql
volatile
as $$
declare
  v_rival pricing.promotions;
begin
  if p_promotion.ends_at <= p_now then
    raise exception 'pricing.promotion_window_over' using
      errcode = 'MK409', detail = format('The promotion ended at %s.', pricing._time_text(p_promotion.ends_at)),
      hint = 'Move its end first.', column = 'endsAt';
  end if;
  perform pricing._check_coupon_free(p_promotion);
  if p_promotion.exclusivity_group is null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('pricing.exclusivity_group ' || p_promotion.exclusivity_group, 0));
  select p.* into v_rival
  from pricing.promotions as p
  where p.exclusivity_group = p_promotion.exclusivity_group and p.status in ('SCHEDULED', 'ACTIVE', 'PAUSED')
    and p.group_mode <> p_promotion.group_mode and p.promotion_id <> p_promotion.promotion_id
  order by p.promotion_id
  limit 1;
  if found then
    raise exception 'pricing.group_mode_conflict' using
      errcode = 'MK409',
      detail = format('In group %s promotion %s works by %s.', v_rival.exclusivity_group, v_rival.promotion_id, v_rival.group_mode),
      hint = 'Take the same mode, or another group.', column = 'groupMode';
  end if;
end
$$;
comment on function pricing._check_live(pricing.promotions, timestamptz) is
  'Refuses a promotion whose window is over, whose code is taken, or whose group works by another mode.';
