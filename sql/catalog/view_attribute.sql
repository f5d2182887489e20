-- An attribute definition as the API shows it. Read by the attribute functions and by the reporting role.
create or replace view catalog.attribute as
select a.attribute_id, a.code, a.name, a.type, a.unit, a.is_required, a.is_variant_axis, to_jsonb(a.options) as options,
       to_jsonb(a.min_value) as min_value, to_jsonb(a.max_value) as max_value, a.version, a.created_at, a.updated_at
  from catalog.attributes as a;
comment on view catalog.attribute is 'Attribute definitions as the API shows them; options, min_value and max_value are JSON or null.';
grant select on catalog.attribute to tradepost_readonly;
