-- For each category the attributes that its products have, own and inherited, as the API shows them.
create or replace view catalog.category_attribute as
select c.category_id, e.inherited_from, e.line_no, a.*
  from catalog.categories as c
 cross join lateral catalog._effective_attributes(c.category_id) as e
  join catalog.attribute as a on a.attribute_id = (e.definition).attribute_id;
comment on view catalog.category_attribute is
  'The attributes of each category; inherited_from names the ancestor that brings one, null = its own.';
grant select on catalog.category_attribute to tradepost_readonly;
