-- Replaces the rules of a promotion. Those of a draft are simply changed; one that was active gets a new version that supersedes
-- the old one at once, while orders keep the version they were priced by. It also keeps its kinds of limits, because its uses were
-- counted under them; the numbers may change, but not below what was used.
-- Called by: ADMIN, the promotion's seller. p_document as in pricing.create_promotion.
-- Locks: the promotion, the name of its exclusivity group, its counters. Events: pricing.promotion_changed.
-- Problems: identity.*, pricing.promotion_not_found, core.version_stale, pricing.promotion_immutable, promotion_limits_fixed,
-- promotion_window_over, group_mode_conflict, promotion_invalid, condition_invalid, *_unknown, coupon_taken.
create or replace function pricing.update_promotion(
  p_ctx core.call_context, p_promotion_id uuid, p_expected_version integer, p_document jsonb
)
returns setof pricing.view_promotion
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := pricing._require_promotion_author(p_ctx);
  v_old pricing.promotions := pricing._lock_promotion(v_actor, p_promotion_id);
  v_promotion pricing.promotions;
begin
  perform core._assert_version(v_old.version, p_expected_version);
  if v_old.status = 'ENDED' then
    raise exception 'pricing.promotion_immutable' using
      errcode = 'MK409', detail = 'The promotion has ended; its rules cannot change.',
      hint = 'Draft a new promotion in its place.';
  end if;
  v_promotion := pricing._promotion_from(p_document, v_old, v_now);
  v_promotion.version := v_old.version + 1;
  v_promotion.updated_at := v_now;
  perform pricing._check_promotion(v_promotion);
  if v_old.status <> 'DRAFT' then
    if v_old.status = 'ACTIVE' and v_promotion.starts_at > v_now then
      perform pricing._invalid('pricing.promotion_invalid', 'startsAt', 'What is active already cannot start later; pause it first.');
    end if;
    perform pricing._check_live(v_promotion, v_now);
    perform pricing._keep_limits(v_old, v_promotion);
  end if;
  perform pricing._write_promotion(v_promotion);
  perform pricing._tell_promotion(p_ctx, v_actor.user_id, 'pricing.promotion_changed', v_promotion);
  return query select p.* from pricing.view_promotion as p where p.promotion_id = p_promotion_id;
end
$$;
comment on function pricing.update_promotion(core.call_context, uuid, integer, jsonb) is
  'Replaces the rules of a promotion; of one that was active, by a new version.';
grant execute on function pricing.update_promotion(core.call_context, uuid, integer, jsonb) to tradepost_api;
