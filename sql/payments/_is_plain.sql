-- Whether the answer about a payment is the one that almost all get: this request made it succeed, and its order is paid. Such an
-- answer is not stored, because payments._plain_answer builds it again from what does not change.
-- Private.
create or replace function payments._is_plain(p_answer payments.confirmation, p_now timestamptz) returns boolean
language sql
immutable
as $$
  select p_answer.problem_code is null and p_answer.status = 'SUCCEEDED' and p_answer.order_status = 'PAID'
     and p_answer.refunded_minor = 0 and p_answer.version = 2 and p_answer.updated_at = p_now
$$;
comment on function payments._is_plain(payments.confirmation, timestamptz) is
  'Whether the answer is of a payment that this very request made succeed, which pays its order.';
