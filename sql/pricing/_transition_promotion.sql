-- Changes the status of a locked promotion as pricing.promotion_transitions allows it, with its event. Private.
-- Events: pricing.promotion_scheduled, promotion_activated, promotion_paused, promotion_ended.
-- Problems: MK409 pricing.transition_refused.
create or replace function pricing._transition_promotion(
  p_ctx core.call_context, p_actor identity.actor, p_promotion pricing.promotions, p_action text, p_now timestamptz
)
returns void
language plpgsql
volatile
as $$
declare
  v_promotion pricing.promotions := p_promotion;
  v_transition pricing.promotion_transitions;
begin
  select t.* into v_transition
  from pricing.promotion_transitions as t
  where t.from_status = p_promotion.status and t.action = p_action and t.actor_kind = p_actor.role;
  if not found then
    raise exception 'pricing.transition_refused' using
      errcode = 'MK409', detail = format('A promotion that is %s cannot %s.', p_promotion.status, p_action),
      hint = 'Read the promotion to see its status.';
  end if;
  update pricing.promotions as p
  set status = v_transition.to_status, version = p.version + 1, updated_at = p_now
  where p.promotion_id = p_promotion.promotion_id
  returning p.* into v_promotion;
  perform pricing._tell_promotion(p_ctx, p_actor.user_id, v_transition.event_type, v_promotion);
end
$$;
comment on function pricing._transition_promotion(core.call_context, identity.actor, pricing.promotions, text, timestamptz) is
  'Moves a promotion to another status, with version and event.';
