begin;
select plan(191);

-- Every way between two statuses, allowed and refused, past the functions: the trigger is the second net.
select bag_eq(
  $$ select from_status || ' ' || action || ' ' || to_status || ' ' || actor_kind from catalog.product_transitions $$,
  $$ select unnest(array[
       'DRAFT submit PENDING_APPROVAL SELLER', 'REJECTED submit PENDING_APPROVAL SELLER', 'PENDING_APPROVAL approve APPROVED ADMIN',
       'PENDING_APPROVAL reject REJECTED ADMIN', 'APPROVED activate ACTIVE SELLER', 'INACTIVE activate ACTIVE SELLER',
       'ACTIVE deactivate INACTIVE SELLER', 'ACTIVE deactivate INACTIVE ADMIN', 'APPROVED revise DRAFT SELLER',
       'REJECTED revise DRAFT SELLER', 'ACTIVE revise PENDING_APPROVAL SELLER', 'INACTIVE revise PENDING_APPROVAL SELLER',
       'DRAFT archive ARCHIVED SELLER', 'PENDING_APPROVAL archive ARCHIVED SELLER', 'APPROVED archive ARCHIVED SELLER',
       'REJECTED archive ARCHIVED SELLER', 'ACTIVE archive ARCHIVED SELLER', 'INACTIVE archive ARCHIVED SELLER',
       'ACTIVE archive ARCHIVED ADMIN', 'INACTIVE archive ARCHIVED ADMIN']) $$,
  'the table says exactly this');
create function pg_temp.move(p_from text, p_to text) returns void language plpgsql as $$
declare
  v_id constant uuid := test.product(test.seller('sam'), p_from);
begin
  update catalog.products set status = p_to where product_id = v_id;
end
$$;
select test.shirts();
select case when exists (select 1 from catalog.product_transitions as t where t.from_status = f and t.to_status = t2)
            then lives_ok(format('select pg_temp.move(%L, %L)', f, t2), f || ' to ' || t2)
            else throws_ok(format('select pg_temp.move(%L, %L)', f, t2), 'MK409', 'catalog.transition_refused', f || ' not to ' || t2) end
  from unnest('{DRAFT,PENDING_APPROVAL,APPROVED,REJECTED,ACTIVE,INACTIVE,ARCHIVED}'::text[]) as f
 cross join unnest('{DRAFT,PENDING_APPROVAL,APPROVED,REJECTED,ACTIVE,INACTIVE,ARCHIVED}'::text[]) as t2
 where f <> t2;
-- each action from each status by each kind of person
create function pg_temp.act(p_from text, p_action text, p_kind text) returns text language plpgsql as $$
declare
  v_id constant uuid := test.product(test.seller('sam'), p_from);
  v_product catalog.products;
begin
  select * into v_product from catalog.products where product_id = v_id;
  return (catalog._transition_product(v_product, p_action, row(test.admin(), p_kind, null)::identity.actor, 'why', 'test')).status;
end
$$;
select case when t.to_status is not null
            then is(pg_temp.act(f, a, k), t.to_status, f || ' ' || a || ' by ' || k)
            else throws_ok(format('select pg_temp.act(%L, %L, %L)', f, a, k), 'MK409', 'catalog.transition_refused', f || ' no ' || a || ' by ' || k) end
  from unnest('{DRAFT,PENDING_APPROVAL,APPROVED,REJECTED,ACTIVE,INACTIVE,ARCHIVED}'::text[]) as f
 cross join unnest('{submit,approve,reject,activate,deactivate,revise,archive}'::text[]) as a
 cross join unnest('{SELLER,ADMIN,BUYER}'::text[]) as k
  left join catalog.product_transitions as t on t.from_status = f and t.action = a and t.actor_kind = k;
select throws_ok($$ insert into catalog.products (product_id, seller_id, category_id, title, slug, status, created_at, updated_at)
                    values (core.new_id(), test.seller_id(test.seller('sam')), test.shirts(), 'Born active', 'born-active', 'ACTIVE', core.now(), core.now()) $$,
  'MK409', 'catalog.transition_refused', 'no product is born active');

select * from finish();
rollback;
