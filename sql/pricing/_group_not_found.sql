-- Raises MK404 pricing.group_not_found. Private.
create or replace function pricing._group_not_found(p_group_code text)
returns void
language plpgsql
stable
as $$
begin
  raise exception 'pricing.group_not_found' using
    errcode = 'MK404', detail = format('There is no buyer group %s.', p_group_code),
    hint = 'List the buyer groups to find its code.';
end
$$;
comment on function pricing._group_not_found(text) is 'Refuses an unknown buyer group.';
