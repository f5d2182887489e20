begin;
select plan(26);

create function pg_temp.change(p_id uuid, p_title text default 'New title', p_slug text default null, p_attributes jsonb default '{"material": "linen"}',
                               p_version integer default null, p_user uuid default test.seller('sam'), p_category uuid default test.shirts())
returns setof catalog.product language sql as $$
  select * from catalog.update_product(test.ctx(p_user), p_id, coalesce(p_version, test.version(p_id)), p_category, p_title, p_slug, 'Woven.', p_attributes);
$$;
-- what a change of content does in each status
select results_eq(
  format('select status from pg_temp.change(test.product(test.seller(%L), %L))', 'sam', s.status),
  format('select %L::text', s.after), s.status || ' becomes ' || s.after)
  from (values ('DRAFT', 'DRAFT'), ('PENDING_APPROVAL', 'PENDING_APPROVAL'), ('APPROVED', 'DRAFT'), ('REJECTED', 'DRAFT'),
               ('ACTIVE', 'PENDING_APPROVAL'), ('INACTIVE', 'PENDING_APPROVAL')) as s (status, after);
select test.keep('archived', test.product(test.seller('sam'), 'ARCHIVED'));
select throws_ok($$ select pg_temp.change(test.kept('archived')) $$, 'MK409', 'catalog.product_archived', 'ARCHIVED stays as it is');
-- versions, slugs and events
select test.keep('active', test.product(test.seller('sam'), 'ACTIVE', 'Old title'));
select results_eq($$ select version, slug, title from pg_temp.change(test.kept('active')) $$, $$ values (6, 'old-title', 'New title') $$,
  'one step of the version; the slug stays');
select ok(test.events_of(test.kept('active')) @> '{catalog.product_revised,catalog.product_updated}', 'events of both');
select is((select from_status || '>' || to_status || ':' || action from catalog.product_history where product_id = test.kept('active') and version = 6),
  'ACTIVE>PENDING_APPROVAL:revise', 'a row of history');
select test.keep('on_sale', test.product(test.seller('sam'), 'ACTIVE', 'On sale'));
select results_eq($$ select status, slug, version from pg_temp.change(test.kept('on_sale'), 'On sale', 'sale-now') $$,
  $$ values ('ACTIVE', 'sale-now', 6) $$, 'a slug is no content');
select results_eq($$ select status, version from pg_temp.change(test.kept('on_sale'), ' On sale ') $$, $$ values ('ACTIVE', 6) $$, 'nothing changed, nothing happens');
-- refused
select test.keep('draft', test.draft(test.seller('sam')));
select throws_ok($$ select pg_temp.change(test.kept('draft'), 'ab') $$, 'MK422', 'catalog.title_invalid', 'a short title');
select throws_ok($$ select pg_temp.change(test.kept('draft'), 'Title', 'sale-now') $$, 'MK409', 'catalog.slug_taken', 'a slug of another product');
select throws_ok($$ select pg_temp.change(test.kept('draft'), 'Title', null, '{"shoe": 1}') $$, 'MK422', 'catalog.attribute_unknown', 'an unknown attribute');
select lives_ok($$ select pg_temp.change(test.kept('draft'), 'Title', null, '{}') $$, 'a draft may lose a required attribute');
select throws_ok($$ select pg_temp.change(test.kept('on_sale'), 'Title', null, '{}') $$, 'MK422', 'catalog.attribute_required', 'what goes to review may not');
select throws_ok($$ select pg_temp.change(test.kept('draft'), 'Title', null, '{}', 1) $$, 'MK412', 'core.version_stale', 'a stale version');
select throws_ok($$ select * from catalog.update_product(test.ctx(test.seller('sam')), test.kept('draft'), null, test.shirts(), 'Title', null, '', '{}') $$,
  'MK428', 'core.if_match_required', 'no version');
select throws_ok($$ select pg_temp.change(test.kept('draft'), 'Title', null, '{}', null, test.seller('sam'), core.new_id()) $$, 'MK422', 'catalog.category_unknown', 'an unknown category');
select throws_ok($$ select pg_temp.change(core.new_id(), 'Title', null, '{}', 1) $$, 'MK404', 'catalog.product_not_found', 'an unknown product');
-- a category in which the variants mean nothing
select test.variant(test.seller('sam'), test.kept('draft'), 'AX-1', 1000, '{"color": "red"}');
select test.keep('other', test.category('Other'));
select throws_ok($$ select pg_temp.change(test.kept('draft'), 'Title', null, '{}', null, test.seller('sam'), test.kept('other')) $$, 'MK409', 'catalog.axes_in_use', 'variants hold a product in its category');
-- not yours
select throws_ok($$ select pg_temp.change(test.kept('draft'), 'Title', null, '{}', null, test.seller('eve')) $$, 'MK404', 'catalog.product_not_found', 'another''s draft does not exist');
select throws_ok($$ select pg_temp.change(test.kept('on_sale'), 'Title', null, '{}', null, test.seller('eve')) $$, 'MK403', 'catalog.not_your_product', 'another''s active product is another''s');
select throws_ok($$ select pg_temp.change(test.kept('draft'), 'Title', null, '{}', null, test.admin()) $$, 'MK403', 'identity.role_required', 'an administrator may not');
select is_empty($$ select * from catalog._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
