-- Decides about a submitted product: APPROVE or REJECT (with a reason). The reviewer names the version that was read; a
-- product that changed since is not decided. An approval checks once more that the product is sellable. For administrators.
-- Locks: the product, the category and its attributes. Events: catalog.product_approved, catalog.product_rejected.
-- Problems: identity.*, MK404 catalog.product_not_found, MK422 catalog.decision_invalid, reason_required, reason_invalid,
-- MK409 catalog.version_conflict, catalog.transition_refused, those of catalog._assert_sellable.
create or replace function catalog.review_product(
  p_ctx core.call_context, p_product_id uuid, p_decision text, p_reason text, p_version integer)
returns setof catalog.product
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._require_actor(p_ctx, 'ADMIN');
  v_reason constant text := nullif(btrim(p_reason), '');
  v_product catalog.products;
begin
  if coalesce(p_decision, '') not in ('APPROVE', 'REJECT') then
    raise exception 'catalog.decision_invalid' using
      errcode = 'MK422', detail = 'A decision is APPROVE or REJECT.',
      hint = 'Send APPROVE or REJECT.',
      column = 'decision';
  end if;
  if p_decision = 'REJECT' and v_reason is null then
    raise exception 'catalog.reason_required' using
      errcode = 'MK422', detail = 'A rejection tells the seller why.',
      hint = 'Give a reason.',
      column = 'reason';
  end if;
  if length(v_reason) > 1000 then
    raise exception 'catalog.reason_invalid' using
      errcode = 'MK422', detail = 'A reason has at most 1000 characters.',
      hint = 'Shorten the reason.',
      column = 'reason';
  end if;
  v_product := catalog._lock_product(v_actor, p_product_id);
  if v_product.version is distinct from p_version then
    raise exception 'catalog.version_conflict' using
      errcode = 'MK409',
      detail = format('The review is of version %s, the product is at version %s.', p_version, v_product.version),
      hint = 'Read the product again and decide about what it says now.',
      column = 'version';
  end if;
  v_product := catalog._transition_product(
    v_product, case p_decision when 'APPROVE' then 'approve' else 'reject' end, v_actor, v_reason, p_ctx.request_id);
  if p_decision = 'APPROVE' then
    perform catalog._assert_sellable(v_product);
  end if;
  return query select p.* from catalog.product as p where p.product_id = p_product_id;
end;
$$;
comment on function catalog.review_product(core.call_context, uuid, text, text, integer) is
  'Approves or rejects the version of a product that the reviewer read.';
grant execute on function catalog.review_product(core.call_context, uuid, text, text, integer) to tradepost_api;
