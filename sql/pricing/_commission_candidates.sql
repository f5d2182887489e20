-- Every rule whose scope is that of a line (or of a seller's shipping) at a moment: the one that WINS first, then those that
-- LOSE in the order of their rank, then those that DO_NOT_MATCH, each with the reason and with what it would charge. Of a
-- rule that was not in force at the moment only the newest version is listed. p_winner_id, p_winner_version: the rule that did
-- charge an order, when there is one; else the greatest rank wins. Private; at most 100 rows; reads only.
-- LOSES: LOWER_PRIORITY, LESS_SPECIFIC, FARTHER_CATEGORY, WITHOUT_BAND, WITHOUT_CURRENCY, CHANGED_SINCE (it came between pricing
-- and p_at). DOES_NOT_MATCH: NOT_YET_IN_FORCE, ENDED, OTHER_CURRENCY, OUTSIDE_BAND.
-- long: one query; the reasons read best as one list.
create or replace function pricing._commission_candidates(
  p_subject pricing.commission_subject, p_at timestamptz, p_winner_id uuid, p_winner_version integer
)
returns setof pricing.commission_candidate
language plpgsql
stable
as $$
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
begin
  return query
  with scoped as (
    select r as rule, pricing._commission_rank(r, p_subject.category_path) as rank,
           case when r.valid_from > p_at then 'NOT_YET_IN_FORCE'
                when r.valid_until <= p_at then 'ENDED'
                when r.currency <> p_subject.currency then 'OTHER_CURRENCY'
                when p_subject.unit_price_minor < r.band_min_minor or p_subject.unit_price_minor >= r.band_max_minor
                  then 'OUTSIDE_BAND'
           end as mismatch
    from pricing.commission_rules as r
    where r.applies_to = p_subject.applies_to
      and coalesce(r.product_id, '00000000-0000-0000-0000-000000000000') = any (array[v_nil, p_subject.product_id])
      and coalesce(r.seller_id, '00000000-0000-0000-0000-000000000000') = any (array[v_nil, p_subject.seller_id])
      and coalesce(r.category_id, '00000000-0000-0000-0000-000000000000') = any (v_nil || p_subject.category_path)
      and (tstzrange(r.valid_from, r.valid_until) @> p_at
           or (r.rule_id, r.version) = (p_winner_id, p_winner_version)
           or not exists (select from pricing.commission_rules as n where n.rule_id = r.rule_id and n.version > r.version)
              and not exists (select from pricing.commission_rules as i
                              where i.rule_id = r.rule_id and tstzrange(i.valid_from, i.valid_until) @> p_at))
  ), placed as (
    select s.*, is_winner,
           first_value(s.rank) over (order by is_winner desc, s.mismatch is null desc, s.rank desc) as best,
           row_number() over (order by is_winner desc, s.mismatch is null desc, s.rank desc, (s.rule).rule_id) as position
    from scoped as s
    cross join lateral (
      select coalesce(((s.rule).rule_id, (s.rule).version) = (p_winner_id, p_winner_version), false) as is_winner) as w
  ), judged as (
    select p.*,
           case when p.is_winner or p_winner_id is null and p.mismatch is null and p.position = 1 then 'WINS'
                when p.mismatch is null then 'LOSES'
                else 'DOES_NOT_MATCH' end as outcome
    from placed as p
  )
  select (j.rule).rule_id, (j.rule).version, (j.rule).name, (j.rule).applies_to, (j.rule).seller_id, (j.rule).category_id,
         (j.rule).product_id, (j.rule).currency::text, (j.rule).priority, (j.rule).band_min_minor, (j.rule).band_max_minor,
         (j.rule).base, (j.rule).percent_bp, (j.rule).fixed_minor, (j.rule).fixed_per, (j.rule).min_minor, (j.rule).max_minor,
         (j.rule).vat_bp, (j.rule).valid_from, (j.rule).valid_until, j.rank, j.outcome,
         case j.outcome
           when 'DOES_NOT_MATCH' then j.mismatch
           when 'LOSES' then case
             when j.rank >= j.best then 'CHANGED_SINCE'
             when j.rank[1] < j.best[1] then 'LOWER_PRIORITY'
             when j.rank[2] < j.best[2] then 'LESS_SPECIFIC'
             when j.rank[3] < j.best[3] then 'FARTHER_CATEGORY'
             when j.rank[4] < j.best[4] then 'WITHOUT_BAND'
             else 'WITHOUT_CURRENCY' end
         end,
         b.base_minor, a.amount_minor, pricing._percent_of(a.amount_minor, (j.rule).vat_bp)
  from judged as j
  cross join lateral (
    select case (j.rule).base when 'GROSS' then p_subject.gross_minor else p_subject.net_minor end as base_minor) as b
  cross join lateral (
    select pricing._commission_amount(
             b.base_minor, (j.rule).percent_bp, (j.rule).fixed_minor,
             case (j.rule).fixed_per when 'UNIT' then p_subject.quantity else 1 end,
             (j.rule).min_minor, (j.rule).max_minor, p_subject.limit_minor) as amount_minor
    where j.outcome <> 'DOES_NOT_MATCH' or j.mismatch in ('NOT_YET_IN_FORCE', 'ENDED')
    union all
    select null
    where j.outcome = 'DOES_NOT_MATCH' and j.mismatch not in ('NOT_YET_IN_FORCE', 'ENDED')) as a
  order by j.position
  limit 100;
end
$$;
comment on function pricing._commission_candidates(pricing.commission_subject, timestamptz, uuid, integer) is
  'The rules that could charge a line at a moment: which wins, which lose, which do not match, and why.';
