-- Who is in which buyer group: ids only.
create or replace view pricing.view_buyer_group_member as
select m.group_code, m.buyer_id, m.added_at, null::text as page_cursor
from pricing.buyer_group_members as m;
comment on view pricing.view_buyer_group_member is 'Who is in which buyer group.';
