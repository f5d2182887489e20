-- The purge of idempotency keys walks through their table by blocks. A BRIN index on the time did not serve it: its ranges only
-- ever widen, and blocks whose rows were purged are filled with new ones, so that after some days every range looks old.
drop index core.idempotency_keys_created_at_idx;

-- A word outside the most common ones counts as half as frequent as the rarest of those. With a hundred of them per unit of
-- target the planner took the number of a model for a word of one product in 200, and walked the catalogue to find it.
alter table catalog.products alter column search set statistics 500;

-- What a search costs grows with what is ranked: 500 products are 25 pages.
update core.settings
   set value = 500
 where name = 'catalog.search_candidates_max' and value = 2000;
