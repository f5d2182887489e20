-- An amount for a sentence: 1250, USD becomes "12.50 USD". Private.
create or replace function pricing._money_text(p_amount_minor bigint, p_currency text)
returns text
language sql
stable
as $$
  select case when c.minor_digits = 0 then p_amount_minor::text
              else p_amount_minor / (10 ^ c.minor_digits)::bigint || '.'
                   || lpad((p_amount_minor % (10 ^ c.minor_digits)::bigint)::text, c.minor_digits, '0')
         end || ' ' || c.currency
  from core.currencies as c
  where c.currency = p_currency
$$;
comment on function pricing._money_text(bigint, text) is 'A non-negative amount with its decimal point and currency.';
