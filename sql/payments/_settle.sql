-- Applies what providers said about payments, exactly as if one settlement after another was applied in request order.
-- A batch is cut where an order comes up again, so that each piece has every order once and can be done set-based.
-- Several pieces lock all their stock, then all their counters, beforehand: piece by piece would be out of order.
-- Private; called by confirm_payments, settle_payments and fail_payment, which hold the locks of orders and payments.
create or replace function payments._settle(p_settlements payments.settlement[], p_now timestamptz)
returns setof payments.confirmation
language plpgsql
volatile
as $$
declare
  v_from integer := 0;
  v_until integer;
  v_order_ids uuid[];
begin
  if exists (select 1 from unnest(p_settlements) as s group by s.order_id having count(*) > 1) then
    v_order_ids := array(select distinct s.order_id from unnest(p_settlements) as s);
    perform inventory._lock_stock(inventory._hold_keys(v_order_ids));
    perform pricing._lock_redemptions(v_order_ids, p_now);
  end if;
  loop
    select min(s.request_no)
      into v_until
      from (select r.request_no, r.order_id,
                   lag(r.request_no) over (partition by r.order_id order by r.request_no) as previous_no
              from unnest(p_settlements) as r) as s
     where s.previous_no >= v_from;
    return query
      select c.*
        from payments._settle_once(
               array(select s
                       from unnest(p_settlements) as s
                      where s.request_no >= v_from and (v_until is null or s.request_no < v_until)
                      order by s.request_no),
               p_now) as c;
    exit when v_until is null;
    v_from := v_until;
  end loop;
end;
$$;
comment on function payments._settle(payments.settlement[], timestamptz) is
  'Applies settlements to locked orders and payments and answers each one; the same as one call per settlement.';
