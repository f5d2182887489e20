-- The current version of each commission rule, as the API shows it: the newest version, with whether it is in force.
create or replace view pricing.view_commission_rule as
select r.rule_id, r.version, r.name, r.seller_id, r.category_id, r.product_id, r.percent_bp, r.fixed_minor,
       r.currency::text as currency, r.valid_from, r.valid_until, r.created_at,
       case when r.valid_until <= greatest(core.now(), r.valid_from) then 'ENDED'
            when r.valid_from > core.now() then 'SCHEDULED'
            else 'IN_FORCE' end as status,
       null::text as page_cursor,
       r.applies_to, r.priority, r.band_min_minor, r.band_max_minor, r.base, r.fixed_per, r.min_minor, r.max_minor, r.vat_bp,
       null::jsonb as versions
from pricing.commission_rules as r
where not exists (select from pricing.commission_rules as n where n.rule_id = r.rule_id and n.version > r.version);
comment on view pricing.view_commission_rule is 'Commission rules in their newest version.';
