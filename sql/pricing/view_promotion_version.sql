-- The versions under which promotions acted, with the rules that each had.
create or replace view pricing.view_promotion_version as
select v.promotion_id, v.version, v.opened_at, v.closed_at,
       pricing._rules_document(jsonb_populate_record(null::pricing.promotions, v.rules)) as rules, null::text as page_cursor
from pricing.promotion_versions as v;
comment on view pricing.view_promotion_version is 'The versions under which promotions acted, with their rules.';
