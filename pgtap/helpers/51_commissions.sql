-- A commission rule made by an administrator from a document of the API; the name may be left out.
create or replace function test.rule(p_document jsonb) returns uuid
language sql
as $$
  select r.rule_id
  from pricing.create_commission_rule(test.ctx(test.admin()), '{"name": "a rule"}'::jsonb || p_document) as r
$$;

-- An amount in USD as the API writes it.
create or replace function test.usd(p_minor bigint) returns jsonb
language sql
as $$
  select jsonb_build_object('amountMinor', p_minor, 'currency', 'USD')
$$;
