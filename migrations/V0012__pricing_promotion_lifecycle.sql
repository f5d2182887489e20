-- Promotions wait for their start (SCHEDULED), and the passing of time moves them on: SYSTEM starts and ends them.
insert into pricing.promotion_transitions (from_status, action, to_status, actor_kind, event_type)
select t.from_status, t.action, t.to_status, k.actor_kind, t.event_type
from (values
  ('DRAFT', 'schedule', 'SCHEDULED', 'pricing.promotion_scheduled'),
  ('PAUSED', 'schedule', 'SCHEDULED', 'pricing.promotion_scheduled'),
  ('SCHEDULED', 'pause', 'PAUSED', 'pricing.promotion_paused'),
  ('SCHEDULED', 'end', 'ENDED', 'pricing.promotion_ended')) as t (from_status, action, to_status, event_type)
cross join (values ('ADMIN'), ('SELLER')) as k (actor_kind)
union all
values
  ('SCHEDULED', 'start', 'ACTIVE', 'SYSTEM', 'pricing.promotion_activated'),
  ('SCHEDULED', 'end', 'ENDED', 'SYSTEM', 'pricing.promotion_ended'),
  ('ACTIVE', 'end', 'ENDED', 'SYSTEM', 'pricing.promotion_ended'),
  ('PAUSED', 'end', 'ENDED', 'SYSTEM', 'pricing.promotion_ended');

-- A scheduled promotion holds its code like an active one, and the engine finds both by the same index: by the window, not by a
-- job's punctuality.
drop index pricing.promotions_coupon_code_key;
create unique index promotions_coupon_code_key on pricing.promotions (coupon_code) where status in ('SCHEDULED', 'ACTIVE', 'PAUSED');
drop index pricing.promotions_automatic_idx;
create index promotions_automatic_idx on pricing.promotions (priority, promotion_id)
  where status in ('ACTIVE', 'SCHEDULED') and coupon_code is null and not requires_coupon;
create index promotions_exclusivity_group_idx on pricing.promotions (exclusivity_group) where exclusivity_group is not null;
create index promotions_starts_at_idx on pricing.promotions (starts_at) where status = 'SCHEDULED';
create index promotions_ends_at_idx on pricing.promotions (ends_at) where status in ('SCHEDULED', 'ACTIVE', 'PAUSED');
