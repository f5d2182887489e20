-- The class of a promotion's target, which combines_with is about. Private.
create or replace function pricing._class_of(p_target text)
returns text
language sql
immutable
as $$
  select case p_target when 'ORDER' then 'ORDER' when 'SHIPPING' then 'SHIPPING' else 'LINE' end
$$;
comment on function pricing._class_of(text) is 'ORDER, LINE or SHIPPING: what promotions say they combine with.';
