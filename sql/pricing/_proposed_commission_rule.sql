-- The first version of a new commission rule from a document of the API, checked. Private; writes nothing.
-- Problems: MK422 pricing.rule_invalid, pricing.*_unknown.
create or replace function pricing._proposed_commission_rule(p_document jsonb, p_now timestamptz, p_created_by uuid)
returns pricing.commission_rules
language plpgsql
volatile
as $$
declare
  v_rule pricing.commission_rules;
begin
  v_rule.rule_id := core.new_id();
  v_rule.version := 1;
  v_rule.applies_to := coalesce(p_document ->> 'appliesTo', 'LINE');
  v_rule.seller_id := (p_document ->> 'sellerId')::uuid;
  v_rule.category_id := (p_document ->> 'categoryId')::uuid;
  v_rule.product_id := (p_document ->> 'productId')::uuid;
  v_rule.valid_from := coalesce((p_document ->> 'validFrom')::timestamptz, p_now);
  v_rule.created_at := p_now;
  v_rule.created_by := p_created_by;
  v_rule := pricing._commission_rule_from(p_document, v_rule);
  perform pricing._check_commission_rule(v_rule);
  return v_rule;
end
$$;
comment on function pricing._proposed_commission_rule(jsonb, timestamptz, uuid) is
  'Reads and checks the document of a new commission rule.';
