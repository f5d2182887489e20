-- Buyer groups tell what happens to them: events name an aggregate by id, and a code can be used again after its group was deleted.
alter table pricing.buyer_groups add column group_id uuid not null default gen_random_uuid();
alter table pricing.buyer_groups add constraint buyer_groups_group_id_key unique (group_id);
comment on column pricing.buyer_groups.group_id is 'Names this group in events; everything else names it by its code.';
