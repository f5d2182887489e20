-- Stock of an offer as its seller would have set it, with its movement and its event.
create or replace function test.stock_row(p_seller_id uuid, p_variant_id uuid, p_stock integer) returns void
language plpgsql
as $$
begin
  insert into inventory.stock_levels (seller_id, variant_id, on_hand, low_stock_threshold, is_low, updated_at)
  values (p_seller_id, p_variant_id, p_stock, 0, p_stock = 0, core.now());
  if p_stock > 0 then
    insert into inventory.movements
      (seller_id, movement_id, variant_id, kind, quantity_delta, on_hand_after, created_at)
    values (p_seller_id, core.new_id(), p_variant_id, 'SET', p_stock, p_stock, core.now());
  end if;
  perform events._append(
    'stock', inventory._stock_id(p_seller_id, p_variant_id), 1, 'inventory.stock_changed', null, 'test', array[p_seller_id],
    jsonb_build_object('variantId', p_variant_id, 'sellerId', p_seller_id, 'mode', 'SET', 'delta', p_stock, 'onHand', p_stock,
                       'reserved', 0, 'version', 1, 'threshold', 0));
end
$$;

-- Something to sell in one line: category, ACTIVE product, variant, offer and stock, as a finished approval would have
-- left them. Answers the variant. For tests that are not about the catalogue.
create or replace function test.offer(
  p_seller_id uuid,
  p_price_minor bigint,
  p_stock integer,
  p_currency text default 'USD'
) returns uuid
language plpgsql
as $$
declare
  v_category_id constant uuid := core.new_id();
  v_product_id constant uuid := core.new_id();
  v_variant_id constant uuid := core.new_id();
  v_action text;
begin
  insert into catalog.categories (category_id, path, name, slug, created_at, updated_at)
  values (v_category_id, array[v_category_id], 'Things', 'things-' || v_category_id, core.now(), core.now());
  insert into catalog.products (product_id, seller_id, category_id, title, slug, created_at, updated_at)
  values (v_product_id, p_seller_id, v_category_id, 'A thing', 'thing-' || v_product_id, core.now(), core.now());
  insert into catalog.variants (variant_id, product_id, created_at, updated_at)
  values (v_variant_id, v_product_id, core.now(), core.now());
  insert into catalog.offers (seller_id, variant_id, sku, price_minor, currency, created_at, updated_at)
  values (p_seller_id, v_variant_id, 'SKU-' || v_variant_id, p_price_minor, p_currency, core.now(), core.now());
  perform catalog._refresh_price_range(v_product_id, 0);
  foreach v_action in array array['submit', 'approve', 'activate'] loop
    insert into catalog.product_history (product_id, version, from_status, to_status, action, created_at)
    select p.product_id, p.version + 1, t.from_status, t.to_status, t.action, core.now()
      from catalog.products as p
      join catalog.product_transitions as t on t.from_status = p.status and t.action = v_action
     where p.product_id = v_product_id;
    update catalog.products as p
       set status = h.to_status, version = h.version
      from catalog.product_history as h
     where p.product_id = v_product_id and h.product_id = v_product_id and h.version = p.version + 1;
  end loop;
  perform test.stock_row(p_seller_id, v_variant_id, p_stock);
  return v_variant_id;
end
$$;
