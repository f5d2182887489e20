-- The one currency of a promotion document: its field currency, else that of its amounts. Private.
-- Problems: MK422 pricing.promotion_invalid when they differ, naming the amount.
create or replace function pricing._document_currency(p_document jsonb)
returns text
language plpgsql
stable
as $$
declare
  v_field text;
  v_currency text := p_document ->> 'currency';
begin
  foreach v_field in array array['amount', 'price', 'minSubtotal', 'maxPerOrder', 'maxPerLine', 'platformCap', 'budget'] loop
    v_currency := coalesce(v_currency, p_document -> v_field ->> 'currency');
    if p_document -> v_field ->> 'currency' <> v_currency then
      perform pricing._invalid('pricing.promotion_invalid', v_field || '/currency', 'A promotion has one currency.');
    end if;
  end loop;
  return v_currency;
end
$$;
comment on function pricing._document_currency(jsonb) is 'The one currency of a promotion document.';
