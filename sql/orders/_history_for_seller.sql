-- An order's history as one of its sellers sees it: what happened and when, but only its own hand and nobody's free words.
-- Private. p_user_id is the seller's member who asks.
create or replace function orders._history_for_seller(p_history jsonb, p_user_id uuid)
returns jsonb
language sql
immutable
as $$
  select coalesce(jsonb_agg(h.entry || '{"reason": null}'
           || case when h.entry ->> 'actorId' = p_user_id::text then '{}' else '{"actorId": null}' end::jsonb order by h.n), '[]')
  from jsonb_array_elements(p_history) with ordinality as h (entry, n)
$$;
comment on function orders._history_for_seller(jsonb, uuid) is
  'History entries without reasons and without the ids of other people.';
