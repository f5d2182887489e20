-- Batches of coupon codes, with how many of their codes were used so far (codes with a limit count their uses).
create or replace view pricing.view_coupon_batch as
select b.batch_id, b.promotion_id, b.prefix, b.code_count, b.per_code_limit, b.created_at,
       case when b.per_code_limit is not null then u.used_codes end as used_codes, null::text as page_cursor
from pricing.coupon_batches as b
cross join lateral (
  select count(*)::integer as used_codes from pricing.coupons as c where c.batch_id = b.batch_id and c.used > 0
) as u;
comment on view pricing.view_coupon_batch is 'Batches of coupon codes and how many of their codes were used (null without limit per code).';
