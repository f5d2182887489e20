-- Whether a text is a day of the calendar, written YYYY-MM-DD. Called by other functions only.
-- Locks: none. Events: none. Problems: none.
create or replace function catalog._is_date(p_text text)
returns boolean
language sql
immutable
as $$
  select case
           when p_text ~ '^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
           then right(p_text, 2)::integer
                <= extract(day from make_date(left(p_text, 4)::integer, substr(p_text, 6, 2)::integer, 1)
                                    + interval '1 month' - interval '1 day')
           else false
         end;
$$;
comment on function catalog._is_date(text) is 'Whether a text is a day of the calendar, written YYYY-MM-DD.';
