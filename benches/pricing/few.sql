-- benches/load/data.sql has six commission rules; with these it has ten, and no promotion.
insert into pricing.commission_rules (rule_id, name, category_id, percent_bp, valid_from, created_at)
select core.new_id(), 'A rule', c.category_id, 1300, core.now() - interval '1 day', core.now()
from catalog.categories as c
where cardinality(c.path) > 1 and not exists (select from pricing.commission_rules as r where r.category_id = c.category_id)
order by c.path
limit 4;
