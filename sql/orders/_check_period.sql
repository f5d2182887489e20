-- Refuses a period that ends before it begins, or, when it must be short, one without ends or of more than 366 days. Private.
-- Problems: MK422 orders.period_invalid.
create or replace function orders._check_period(p_from timestamptz, p_until timestamptz, p_is_short boolean)
returns void
language plpgsql
stable
as $$
begin
  if p_until <= p_from then
    raise exception 'orders.period_invalid' using
      errcode = 'MK422', detail = 'A period ends after it begins.', hint = 'Send an earlier from or a later until.', column = 'until';
  elsif p_is_short and (p_from is null or p_until is null or p_until > p_from + interval '366 days') then
    raise exception 'orders.period_invalid' using
      errcode = 'MK422', detail = 'This needs a period of at most 366 days.', hint = 'Send from and until.',
      column = case when p_from is null then 'from' else 'until' end;
  end if;
end
$$;
comment on function orders._check_period(timestamptz, timestamptz, boolean) is 'Refuses a malformed period.';
