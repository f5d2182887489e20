-- What one seller sees of an event that concerns several: its own lines and part, itself among the sellers, and no sums of the whole.
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
  end || coalesce((
    select jsonb_object_agg(k.key, (
             select coalesce(jsonb_agg(i.item order by i.n), '[]')
             from jsonb_array_elements(p_payload -> k.key) with ordinality as i (item, n)
             where i.item ->> 'sellerId' is not distinct from p_seller_id::text))
    from unnest(array['lines', 'parts']) as k (key)
    where jsonb_typeof(p_payload -> k.key) = 'array'), '{}')
$$;
comment on function events._payload_for_seller(jsonb, uuid) is
  'The payload without other sellers'' lines and parts and without sums that include them.';
