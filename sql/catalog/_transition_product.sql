-- Moves a product to the status that catalog.product_transitions gives for an action: status, history row, event. The
-- only place where a product's status changes. p_actor null = the marketplace itself (actor kind SYSTEM).
-- Called by other functions only, under the product's lock. Locks: none of its own.
-- Events: catalog.product_submitted, _approved, _rejected, _activated, _deactivated, _revised, _archived.
-- Problems: MK409 catalog.transition_refused.
create or replace function catalog._transition_product(
  p_product catalog.products, p_action text, p_actor identity.actor, p_reason text, p_request_id text)
returns catalog.products
language plpgsql
volatile
as $$
declare
  v_product catalog.products;
  v_to_status text;
  v_now constant timestamptz := core.now();
begin
  select t.to_status into v_to_status
    from catalog.product_transitions as t
   where t.from_status = p_product.status
     and t.action = p_action
     and t.actor_kind = coalesce(p_actor.role, 'SYSTEM');
  if not found then
    raise exception 'catalog.transition_refused' using
      errcode = 'MK409',
      detail = format('A product that is %s does not allow %s by this caller.', p_product.status, p_action),
      hint = 'Read the product again to see its status.';
  end if;
  update catalog.products as p
     set status = v_to_status,
         version = p.version + 1,
         review_reason = case p_action when 'reject' then p_reason when 'revise' then p.review_reason end,
         updated_at = v_now
   where p.product_id = p_product.product_id
  returning p.* into v_product;
  insert into catalog.product_history (product_id, version, from_status, to_status, action, actor_id, reason, created_at)
  values (v_product.product_id, v_product.version, p_product.status, v_to_status, p_action, p_actor.user_id, p_reason, v_now);
  perform catalog._append_product_event(v_product,
    case p_action
      when 'submit' then 'catalog.product_submitted'
      when 'approve' then 'catalog.product_approved'
      when 'reject' then 'catalog.product_rejected'
      when 'activate' then 'catalog.product_activated'
      when 'deactivate' then 'catalog.product_deactivated'
      when 'revise' then 'catalog.product_revised'
      when 'archive' then 'catalog.product_archived'
    end,
    p_actor.user_id, p_request_id, jsonb_build_object('fromStatus', p_product.status));
  return v_product;
end;
$$;
comment on function catalog._transition_product(catalog.products, text, identity.actor, text, text) is
  'Moves a product by an action: status, version, history row, event; refuses what product_transitions lacks.';
