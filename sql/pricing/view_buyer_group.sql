-- Buyer groups with the number of their members.
create or replace view pricing.view_buyer_group as
select g.group_code, g.name, g.version, g.created_at, g.updated_at,
       (select count(*)::integer from pricing.buyer_group_members as m where m.group_code = g.group_code) as member_count,
       null::text as page_cursor
from pricing.buyer_groups as g;
comment on view pricing.view_buyer_group is 'Buyer groups with the number of their members.';
