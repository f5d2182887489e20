-- A promotion as somebody may see it: how often it may be used, how often it was, and who pays are its owners' business. Private.
create or replace function pricing._show_promotion(p_promotion pricing.view_promotion, p_is_own boolean)
returns pricing.view_promotion
language plpgsql
stable
as $$
declare
  v_shown pricing.view_promotion := p_promotion;
begin
  v_shown.page_cursor := core._encode_cursor(p_promotion.promotion_id::text);
  if not p_is_own then
    v_shown.used := null;
    v_shown.usage_limit := null;
    v_shown.buyer_limit := null;
    v_shown.budget_minor := null;
    v_shown.spent_minor := null;
    v_shown.funding := null;
    v_shown.seller_share_bp := null;
    v_shown.platform_cap_minor := null;
    v_shown.floor_bp := null;
  end if;
  return v_shown;
end
$$;
comment on function pricing._show_promotion(pricing.view_promotion, boolean) is 'A promotion without what only its owners may see.';
