-- The answers of a batch are numbered the wrong way round: everybody gets a neighbour's order.
-- scenario: same_key
-- function: orders._answer_placings
-- replace
  select p.request_no, p.is_replayed,
-- by
  select (cardinality(p_placings) + 1 - p.request_no)::integer, p.is_replayed,
