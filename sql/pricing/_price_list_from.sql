-- A price list as a document of the API describes it, {name, groupCode, priority?, active?, startsAt?, endsAt?}, on top of the fields
-- that the document does not hold; checked. Private; reads only. Problems: MK422 pricing.price_list_invalid, group_unknown.
create or replace function pricing._price_list_from(p_document jsonb, p_base pricing.price_lists, p_now timestamptz)
returns pricing.price_lists
language plpgsql
stable
as $$
declare
  v_list pricing.price_lists := p_base;
begin
  v_list.name := btrim(p_document ->> 'name');
  v_list.group_code := p_document ->> 'groupCode';
  v_list.priority := coalesce((p_document ->> 'priority')::integer, 0);
  v_list.is_active := coalesce((p_document ->> 'active')::boolean, true);
  v_list.starts_at := coalesce((p_document ->> 'startsAt')::timestamptz, p_base.starts_at, p_now);
  v_list.ends_at := (p_document ->> 'endsAt')::timestamptz;
  v_list.updated_at := p_now;
  if length(coalesce(v_list.name, '')) not between 1 and 100 then
    perform pricing._invalid('pricing.price_list_invalid', 'name', 'A name has 1 to 100 characters.');
  elsif v_list.priority not between -1000000 and 1000000 then
    perform pricing._invalid('pricing.price_list_invalid', 'priority', 'A priority is from -1000000 to 1000000.');
  elsif v_list.ends_at <= v_list.starts_at then
    perform pricing._invalid('pricing.price_list_invalid', 'endsAt', 'A price list ends after it starts.');
  elsif not exists (select from pricing.buyer_groups as g where g.group_code = v_list.group_code) then
    perform pricing._invalid('pricing.group_unknown', 'groupCode', 'There is no such buyer group.');
  end if;
  return v_list;
end
$$;
comment on function pricing._price_list_from(jsonb, pricing.price_lists, timestamptz) is 'Reads and checks a price list document.';
