begin;
select plan(14);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add r uuid, add later uuid, add next uuid;
update f set r = test.rule(jsonb_build_object('sellerId', sid, 'percentBp', 1000)),
             later = test.rule(jsonb_build_object('sellerId', sued, 'validFrom', core.now() + interval '1 day'));
create function pg_temp.ended(p_rule_id uuid, p_at timestamptz default null) returns setof pricing.view_commission_rule language sql as $$
  select e.* from f, pricing.end_commission_rule(test.ctx(admin), p_rule_id, p_at) as e $$;
update core.clock set clock_offset = interval '1 hour';

-- allowed
select results_eq($$ select e.status, e.version, e.valid_until > core.now() + interval '59 minutes' from f, pg_temp.ended(r, core.now() + interval '1 hour') as e $$,
                  $$ values ('IN_FORCE', 2, true) $$, 'later: in force until then');
select results_eq($$ select e.status, e.version, e.valid_until <= core.now() from f, pg_temp.ended(r) as e $$,
                  $$ values ('ENDED', 3, true) $$, 'or sooner after all: now');
select is((select s.payload ->> 'ruleId' = r::text and s.audience = array[sid] from f, events.staging as s where s.type = 'pricing.rule_ended' order by s.staging_id desc limit 1),
          true, 'an event tells its seller');
select isnt((select test.rule(jsonb_build_object('sellerId', sid, 'percentBp', 1)) from f), null, 'its place is free');
select is((select e.status from f, pg_temp.ended(later) as e), 'ENDED', 'one that has not begun never will');
select is((select bool_and(r.valid_until = r.valid_from) and count(*) = 2 from f, pricing.commission_rules as r where r.rule_id = later), true, 'it is closed unused');

-- refused
select throws_ok($$ select pg_temp.ended(r) from f $$, 'MK409', 'pricing.rule_ended', 'twice');
select throws_ok($$ select pg_temp.ended(later) from f $$, 'MK409', 'pricing.rule_ended', 'twice, before its begin');
update f set next = test.rule(jsonb_build_object('sellerId', sued, 'validUntil', core.now() + interval '2 hours'));
select throws_ok($$ select pg_temp.ended(next, core.now() - interval '1 s') from f $$, 'MK422', 'pricing.rule_invalid', 'in the past');
select throws_ok($$ select pg_temp.ended(next, core.now() + interval '3 hours') from f $$, 'MK422', 'pricing.rule_invalid', 'later than it ends');
select throws_ok($$ select pg_temp.ended(sid) from f $$, 'MK404', 'pricing.rule_not_found', 'an unknown rule');
select throws_ok($$ select e.* from f, pricing.end_commission_rule(test.ctx(sam), next, null) as e $$, 'MK403', 'identity.role_required', 'a seller');
select throws_ok($$ select e.* from f, pricing.end_commission_rule(test.ctx(), next, null) as e $$, 'MK401', 'identity.unauthenticated', 'nobody');
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
