begin;
select plan(8);

-- Each invariant is broken once, past the functions.
create temporary table f as
select test.buyer('ana') as ana, test.seller('sam') as sam, test.seller_id(test.seller('sam')) as store,
       test.session(test.buyer('ana')) as session_id;
select is(test.broken('identity'), '{}', 'all is well');
select is(test.broken('identity', $$
    update identity.seller_members as m set member_role = 'STAFF' from f where m.seller_id = f.store $$),
  '{identity.seller_has_owner}', 'a store of staff alone');
select is(test.broken('identity', $$ delete from identity.seller_members as m using f where m.seller_id = f.store $$),
  '{identity.seller_has_owner,identity.seller_has_store}', 'a store without anybody, a seller without a store');
select is(test.broken('identity', $$ update identity.users as u set role = 'SELLER' from f where u.user_id = f.ana $$),
  '{identity.seller_has_store}', 'a buyer who is called a seller');
select is(test.broken('identity', $$ update identity.users as u set role = 'BUYER' from f where u.user_id = f.sam $$),
  '{identity.member_is_seller}', 'a store that a buyer acts for');
select is(test.broken('identity', $$ update identity.users as u set status = 'SUSPENDED' from f where u.user_id = f.ana $$),
  '{identity.suspended_without_session}', 'a suspended account that is still logged in');
select is(test.broken('identity', $$ update identity.users as u set status = 'SUSPENDED' from f where u.user_id = f.sam $$),
  '{}', 'but one without a session is not');
select is(test.broken('identity', $$
    select identity.close_session(test.session_ctx(f.ana, f.session_id)) from f;
    update identity.users as u set status = 'SUSPENDED' from f where u.user_id = f.ana $$),
  '{}', 'nor one that has logged out');

select * from finish();
rollback;
