-- Events that the payments domain appends, on the payment as aggregate. Amounts and statuses, nothing about the payer.
insert into events.event_types (type, description, payload_schema)
select 'payments.' || t.type, t.description,
       jsonb_build_object('type', 'object', 'additionalProperties', false,
                          'required', jsonb_build_array('paymentId', 'orderId', 'amountMinor', 'currency', 'status'),
                          'properties', p.properties || case when t.is_refund then r.properties else '{}' end)
  from (values
    ('payment_started', 'A buyer began to pay an order; the provider has not answered yet.', false),
    ('payment_succeeded', 'The provider has the money. Whether the order could still be sold, its own event tells.', false),
    ('payment_failed', 'The provider declined; the order can be paid again within its window.', false),
    ('payment_abandoned', 'The order ended before its payment was resolved. A late success will be refunded or served.', false),
    ('refund_requested', 'Money is to go back: an order was cancelled, could not be served, or an administrator decided.', true),
    ('refund_succeeded', 'The provider has returned the money.', true),
    ('refund_failed', 'The provider refused the refund, or did not answer for too long. A person has to look.', true)
  ) as t (type, description, is_refund)
  cross join (select '{
      "paymentId": {"type": "string", "format": "uuid"},
      "orderId": {"type": "string", "format": "uuid"},
      "amountMinor": {"type": "integer", "minimum": 1},
      "refundedMinor": {"type": "integer", "minimum": 0},
      "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
      "status": {"enum": ["PENDING", "SUCCEEDED", "FAILED", "ABANDONED"]},
      "provider": {"type": "string"},
      "failureCode": {"type": ["string", "null"]}}'::jsonb as properties) as p
  cross join (select '{
      "refundId": {"type": "string", "format": "uuid"},
      "refundAmountMinor": {"type": "integer", "minimum": 1},
      "refundStatus": {"enum": ["PENDING", "SUCCEEDED", "FAILED"]},
      "refundFailureCode": {"type": ["string", "null"]}}'::jsonb as properties) as r
on conflict (type) do update
  set description = excluded.description, payload_schema = excluded.payload_schema;
