-- Lists of a category, of a store and of all categories, in every order, by an index of their own: the size of the category or store no
-- longer counts. Products are read far more often than they are written.
create index products_category_title_idx on catalog.products (category_id, status, title, product_id);
create index products_category_price_idx on catalog.products (category_id, status, currency, price_from_minor, product_id);
create index products_seller_title_idx on catalog.products (seller_id, title, product_id);
create index products_seller_price_idx on catalog.products (seller_id, currency, price_from_minor, product_id);
create index categories_position_idx on catalog.categories (position, category_id);
