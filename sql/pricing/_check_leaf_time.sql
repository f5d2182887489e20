-- Checks a leaf of the time of day: {from, until}, both HH:MM in UTC; until is exclusive, 24:00 is midnight, and a window may
-- go over midnight. Private; reads only. Problems: MK422 pricing.condition_invalid.
create or replace function pricing._check_leaf_time(p_window jsonb, p_pointer text)
returns void
language plpgsql
stable
as $$
declare
  v_bad text;
begin
  if jsonb_typeof(p_window) <> 'object' then
    perform pricing._invalid('pricing.condition_invalid', p_pointer, 'time takes an object with from and until.');
  end if;
  select min(k.key) into v_bad from jsonb_object_keys(p_window) as k (key) where k.key not in ('from', 'until');
  if v_bad is not null then
    perform pricing._invalid('pricing.condition_invalid', format('%s/%s', p_pointer, v_bad), 'time takes from and until.');
  end if;
  v_bad := case
    when coalesce(p_window ->> 'from', '') !~ '^([01][0-9]|2[0-3]):[0-5][0-9]$' then 'from'
    when coalesce(p_window ->> 'until', '') !~ '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$' then 'until' end;
  if v_bad is not null then
    perform pricing._invalid('pricing.condition_invalid', format('%s/%s', p_pointer, v_bad), 'A time is HH:MM, such as 08:30.');
  end if;
  if p_window ->> 'from' = p_window ->> 'until' then
    perform pricing._invalid('pricing.condition_invalid', p_pointer || '/until', 'A window of no length never holds.');
  end if;
end
$$;
comment on function pricing._check_leaf_time(jsonb, text) is 'Refuses a malformed window of the day in a condition.';
