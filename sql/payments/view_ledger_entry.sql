-- The ledger as it stands, for reporting and for accountants: debits positive, each transaction sums to zero.
create or replace view payments.view_ledger_entry as
select e.transaction_id, e.entry_id, e.created_at, e.order_id, e.seller_id, e.account, e.amount_minor,
       e.currency::text as currency
from payments.ledger_entries as e;
comment on view payments.view_ledger_entry is 'Ledger entries, append-only. Amounts in minor units; seller_id is nil for the marketplace''s own accounts.';
grant select on payments.view_ledger_entry to tradepost_readonly;
