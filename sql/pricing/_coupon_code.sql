-- A new coupon code: the prefix, a dash, and twelve characters that nobody can guess (60 bits of the server's cryptographic
-- randomness), without those that are mistaken for each other. Private.
create or replace function pricing._coupon_code(p_prefix text)
returns text
language sql
volatile
as $$
  select case when p_prefix = '' then '' else p_prefix || '-' end || string_agg(
           substr('ABCDEFGHJKLMNPQRSTUVWXYZ23456789', get_byte(random.bytes, i.n) % 32 + 1, 1), '' order by i.n)
  -- of a random UUID the bytes 6 and 8 hold version and variant; the others are random in every bit
  from (select uuid_send(gen_random_uuid()) as bytes) as random
  cross join unnest('{0,1,2,3,4,5,9,10,11,12,13,14}'::integer[]) as i (n)
$$;
comment on function pricing._coupon_code(text) is 'A new coupon code that nobody can guess.';
