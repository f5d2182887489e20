-- Writes down what one unit of an offer costs everybody in a currency, if that is not what was written down last. A sale is
-- written with its window, so that nobody has to be awake when it begins or ends. Times never run back: a change that waited for
-- another one counts from where that one did.
-- Called by the triggers of prices only. Locks: the offer (its writers hold it already). Events: none. Problems: none.
create or replace function catalog._record_price(p_seller_id uuid, p_variant_id uuid, p_currency char(3), p_now timestamptz)
returns void
language plpgsql
volatile
as $$
declare
  v_last catalog.price_history;
  v_new catalog.price_history;
begin
  select least(case when o.currency = p_currency then o.price_minor end, u.price_minor), u.sale_minor, u.sale_from, u.sale_until
    into v_new.price_minor, v_new.sale_minor, v_new.sale_from, v_new.sale_until
    from (select q.* from catalog.offers as q
           where q.seller_id = p_seller_id and q.variant_id = p_variant_id
             for no key update) as o
    left join catalog.offer_prices as u
      on u.seller_id = o.seller_id and u.variant_id = o.variant_id and u.currency = p_currency and u.min_quantity = 1
   where o.status = 'ACTIVE';
  if v_new.price_minor is null then
    v_new := null;
  end if;
  select h.* into v_last
    from catalog.price_history as h
   where h.seller_id = p_seller_id and h.variant_id = p_variant_id and h.currency = p_currency
   order by h.valid_from desc, h.change_no desc
   limit 1;
  if (v_last.price_minor, v_last.sale_minor, v_last.sale_from, v_last.sale_until)
     is not distinct from (v_new.price_minor, v_new.sale_minor, v_new.sale_from, v_new.sale_until) then
    return;
  end if;
  v_new.valid_from := greatest(p_now, v_last.valid_from);
  if v_last.sale_minor = v_new.sale_minor
     and v_last.sale_from <= v_new.valid_from and v_last.sale_until > v_new.valid_from
     and v_new.sale_from <= v_new.valid_from and v_new.sale_until > v_new.valid_from then
    v_new.reduced_since := coalesce(v_last.reduced_since, greatest(v_last.valid_from, v_last.sale_from));
  end if;
  insert into catalog.price_history
    (seller_id, variant_id, currency, valid_from, change_no, price_minor, sale_minor, sale_from, sale_until, reduced_since)
  values (p_seller_id, p_variant_id, p_currency, v_new.valid_from, coalesce(v_last.change_no, 0) + 1, v_new.price_minor,
          v_new.sale_minor, v_new.sale_from, v_new.sale_until, v_new.reduced_since);
end;
$$;
comment on function catalog._record_price(uuid, uuid, character, timestamptz) is
  'Writes down what one unit of an offer costs, if that changed.';
