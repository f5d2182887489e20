-- What one seller sees of an event that concerns several: its own lines, itself among the sellers, and no sums of the whole.
-- Private. A payload that names no other seller is shown as it is.
create or replace function events._payload_for_seller(p_payload jsonb, p_seller_id uuid)
returns jsonb
language sql
immutable
as $$
  select case
    when p_payload ? 'sellerIds' and p_payload -> 'sellerIds' <> to_jsonb(array[p_seller_id])
      then p_payload - array['subtotalMinor', 'discountMinor', 'shippingMinor', 'totalMinor']
           || jsonb_build_object('sellerIds', to_jsonb(array[p_seller_id]))
    else p_payload
  end || case
    when jsonb_typeof(p_payload -> 'lines') = 'array' then jsonb_build_object('lines', (
      select coalesce(jsonb_agg(l.line order by l.n), '[]')
      from jsonb_array_elements(p_payload -> 'lines') with ordinality as l (line, n)
      where l.line ->> 'sellerId' is not distinct from p_seller_id::text))
    else '{}'
  end
$$;
comment on function events._payload_for_seller(jsonb, uuid) is
  'The payload without other sellers'' lines and without sums that include them.';
