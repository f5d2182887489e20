-- Generated coupon codes as their promotion's owners see them.
create or replace view pricing.view_coupon as
select c.code, c.promotion_id, c.batch_id, c.usage_limit, case when c.usage_limit is not null then c.used end as used,
       null::text as page_cursor
from pricing.coupons as c;
comment on view pricing.view_coupon is 'Generated coupon codes; used is null without a limit per code.';
