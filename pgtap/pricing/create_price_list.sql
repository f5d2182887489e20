-- Price lists: made, read, changed and deleted by those who may.
begin;
select plan(10);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam, test.seller('sue') as sue, test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sid;
insert into pricing.buyer_groups (group_code, name, created_at, updated_at) select c, c, core.now(), core.now() from unnest('{vip,staff}'::text[]) as c;
alter table f add vip uuid, add own uuid, add lamp uuid;
update f set lamp = test.offer(sid, 1000, 5);

-- allowed
update f set vip = (select price_list_id from pricing.create_price_list(test.ctx(f.admin), '{"name": " VIP ", "groupCode": "vip", "priority": 3}')),
             own = (select price_list_id from pricing.create_price_list(test.ctx(f.sam), '{"name": "Own", "groupCode": "staff"}'));
select results_eq($$ select l.seller_id, l.name, l.group_code, l.priority, l.is_active, l.ends_at, l.version from f, pricing.get_price_list(test.ctx(f.admin), f.vip) as l $$,
  $$ values (null::uuid, 'VIP', 'vip', 3, true, null::timestamptz, 1) $$, 'the marketplace''s list');
select results_eq($$ select l.seller_id, l.priority from f, pricing.get_price_list(test.ctx(f.sam), f.own) as l $$, $$ select sid, 0 from f $$, 'a seller''s own');
select is((select payload ->> 'groupCode' from f join events.staging on aggregate_id = vip), 'vip', 'an event tells it');

-- refused
create function pg_temp.refusal(p_document jsonb) returns text language plpgsql as $$
declare v_column text;
begin
  perform pricing.create_price_list(test.ctx(admin), p_document) from f;
  return 'accepted';
exception when others then
  get stacked diagnostics v_column = column_name;
  return concat_ws(' ', sqlerrm, v_column);
end
$$;
select is(pg_temp.refusal(d::jsonb), r, w) from (values
  ('{"name": " ", "groupCode": "vip"}', 'pricing.price_list_invalid name', 'no name'),
  ('{"name": "X", "groupCode": "vip", "priority": 1000001}', 'pricing.price_list_invalid priority', 'a priority without measure'),
  ('{"name": "X", "groupCode": "vip", "startsAt": "2026-01-02T00:00:00Z", "endsAt": "2026-01-02T00:00:00Z"}', 'pricing.price_list_invalid endsAt', 'an end at its begin'),
  ('{"name": "X", "groupCode": "nobody"}', 'pricing.group_unknown groupCode', 'a group that is none'),
  ('{"name": "X"}', 'pricing.group_unknown groupCode', 'for everybody: that is the offer''s own price')) as t (d, r, w);
select throws_ok($$ select pricing.create_price_list(test.ctx(ana), '{}') from f $$, 'MK403', 'identity.role_required', 'a buyer makes none');
select is_empty('select * from core.check_invariants()', 'nothing is broken');

select * from finish();
rollback;
