-- Books a refund that the provider has paid out. What was not sold leaves BUYER_PAYABLE. What was sold is taken back from
-- the sellers in proportion to what each has left of the order (largest remainder, ties by seller_id), or from those alone whose
-- cancelled parts it is for. Within a seller,
-- commission, VAT and the discounts that the platform bore go back in proportion to all that was refunded of its part, rounded
-- cumulatively: at the rate that was charged, and the last refund closes every account to zero. A part that cost the buyer
-- nothing follows the whole order, and keeps what it has given back (it was cancelled alone).
-- Private; the caller holds the locks of order, payment and refund, and has not yet added the refund to the payment.
-- long: one statement; each step needs the sums of the one before.
create or replace function payments._book_refund(p_refund payments.refunds, p_now timestamptz) returns void
language sql
volatile
as $$
  with sellers as (
    select p.seller_id, p.total_minor, p.commission_minor::numeric as commission_minor, p.vat_minor::numeric as vat_minor,
           p.promotion_minor::numeric as promotion_minor,
           coalesce(b.refunded_minor, 0) as refunded_minor,
           coalesce(b.commission_back_minor, 0) as commission_back_minor,
           coalesce(b.vat_back_minor, 0) as vat_back_minor,
           coalesce(b.promotion_back_minor, 0) as promotion_back_minor
      from payments._seller_parts(array[p_refund.order_id]) as p
      left join lateral (
        select sum(e.amount_minor) as refunded_minor,
               sum(e.amount_minor) filter (where e.account = 'COMMISSION_REVENUE') as commission_back_minor,
               sum(e.amount_minor) filter (where e.account = 'COMMISSION_VAT') as vat_back_minor,
               -sum(e.amount_minor) filter (where e.account = 'PROMOTION_COST') as promotion_back_minor
          from payments.ledger_entries as e
         where e.order_id = p.order_id and e.seller_id = p.seller_id and e.transaction_id <> p_refund.payment_id
      ) as b on true
     where not exists (select 1
                         from payments.ledger_entries as e
                        where e.order_id = p_refund.order_id and e.transaction_id = p_refund.payment_id and e.account = 'BUYER_PAYABLE')
       and case when p_refund.seller_ids is not null then p.seller_id = any (p_refund.seller_ids)
                else not exists (select 1
                                   from payments.refunds as r
                                  where r.payment_id = p_refund.payment_id and p.seller_id = any (r.seller_ids)) end
  ), exact as (
    select s.*, p_refund.amount_minor * (s.total_minor - s.refunded_minor) as product,
           sum(s.total_minor - s.refunded_minor) over () as all_left_minor,
           sum(s.total_minor) over () as all_total_minor
      from sellers as s
  ), floored as (
    select x.*, div(x.product, x.all_left_minor) as floor_minor,
           row_number() over (order by mod(x.product, x.all_left_minor) desc, x.seller_id) as remainder_rank
      from exact as x
  ), shares as (
    select f.*, f.floor_minor
           + (f.remainder_rank <= p_refund.amount_minor - sum(f.floor_minor) over ())::integer as share_minor
      from floored as f
  ), progress as (
    -- how much of the part has gone back after this refund, as a fraction
    select s.*,
           case when s.total_minor > 0 then s.refunded_minor + s.share_minor
                else s.all_total_minor - s.all_left_minor + p_refund.amount_minor end as done_minor,
           case when s.total_minor > 0 then s.total_minor else s.all_total_minor end as of_minor
      from shares as s
  ), backs as (
    select p.seller_id, p.share_minor,
           greatest(round(p.commission_minor * p.done_minor / p.of_minor), p.commission_back_minor) - p.commission_back_minor
             as commission_minor,
           greatest(round(p.vat_minor * p.done_minor / p.of_minor), p.vat_back_minor) - p.vat_back_minor as vat_minor,
           greatest(round(p.promotion_minor * p.done_minor / p.of_minor), p.promotion_back_minor) - p.promotion_back_minor
             as promotion_minor
      from progress as p
  ), entries as (
    select '00000000-0000-0000-0000-000000000000'::uuid as seller_id, 'PROVIDER_CLEARING' as account,
           -p_refund.amount_minor::numeric as amount_minor
    union all
    select '00000000-0000-0000-0000-000000000000', 'BUYER_PAYABLE', p_refund.amount_minor
     where not exists (select 1 from sellers)
    union all
    select b.seller_id, 'SELLER_PAYABLE', b.share_minor + b.promotion_minor - b.commission_minor - b.vat_minor from backs as b
    union all
    select b.seller_id, 'COMMISSION_REVENUE', b.commission_minor from backs as b
    union all
    select b.seller_id, 'COMMISSION_VAT', b.vat_minor from backs as b
    union all
    select b.seller_id, 'PROMOTION_COST', -b.promotion_minor from backs as b
  )
  insert into payments.ledger_entries
    (seller_id, entry_id, transaction_id, order_id, account, amount_minor, currency, created_at)
  select e.seller_id, core.new_id(), p_refund.refund_id, p_refund.order_id, e.account, e.amount_minor::bigint,
         p_refund.currency, p_now
    from entries as e
   where e.amount_minor <> 0
$$;
comment on function payments._book_refund(payments.refunds, timestamptz) is
  'Ledger entries of a paid-out refund, split over sellers, commission, VAT and subsidies without losing a minor unit.';
