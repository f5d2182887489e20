-- Events that the catalog domain appends. Those of products go to their store; the others to administrators.
insert into events.event_types (type, description, payload_schema) values
  ('catalog.category_created', 'A category was created.', '{
     "type": "object", "additionalProperties": false, "required": ["categoryId", "parentId"],
     "properties": {
       "categoryId": {"type": "string", "format": "uuid"},
       "parentId": {"type": ["string", "null"], "format": "uuid"}}}'),
  ('catalog.category_updated', 'A category was renamed, reordered or moved (with everything below it).', '{
     "type": "object", "additionalProperties": false, "required": ["categoryId", "parentId", "isMoved"],
     "properties": {
       "categoryId": {"type": "string", "format": "uuid"},
       "parentId": {"type": ["string", "null"], "format": "uuid"},
       "isMoved": {"type": "boolean"}}}'),
  ('catalog.category_deleted', 'A category was deleted.', '{
     "type": "object", "additionalProperties": false, "required": ["categoryId"],
     "properties": {
       "categoryId": {"type": "string", "format": "uuid"}}}'),
  ('catalog.attribute_created', 'An attribute was defined.', '{
     "type": "object", "additionalProperties": false, "required": ["attributeId", "code"],
     "properties": {
       "attributeId": {"type": "string", "format": "uuid"},
       "code": {"type": "string"}}}'),
  ('catalog.attribute_updated', 'An attributes definition changed.', '{
     "type": "object", "additionalProperties": false, "required": ["attributeId", "code"],
     "properties": {
       "attributeId": {"type": "string", "format": "uuid"},
       "code": {"type": "string"}}}'),
  ('catalog.attribute_linked', 'A category, and everything below it, got an attribute.', '{
     "type": "object", "additionalProperties": false, "required": ["categoryId", "attributeId"],
     "properties": {
       "categoryId": {"type": "string", "format": "uuid"},
       "attributeId": {"type": "string", "format": "uuid"}}}'),
  ('catalog.attribute_unlinked', 'A category lost an attribute of its own.', '{
     "type": "object", "additionalProperties": false, "required": ["categoryId", "attributeId"],
     "properties": {
       "categoryId": {"type": "string", "format": "uuid"},
       "attributeId": {"type": "string", "format": "uuid"}}}'),
  ('catalog.product_created', 'A store created a product.', '{
     "type": "object", "additionalProperties": false, "required": ["productId", "sellerId", "status", "version", "categoryId"],
     "properties": {
       "productId": {"type": "string", "format": "uuid"},
       "sellerId": {"type": "string", "format": "uuid"},
       "status": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]},
       "version": {"type": "integer"},
       "categoryId": {"type": "string", "format": "uuid"}}}'),
  ('catalog.product_updated', 'What a product says changed.', '{
     "type": "object", "additionalProperties": false, "required": ["productId", "sellerId", "status", "version", "categoryId"],
     "properties": {
       "productId": {"type": "string", "format": "uuid"},
       "sellerId": {"type": "string", "format": "uuid"},
       "status": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]},
       "version": {"type": "integer"},
       "categoryId": {"type": "string", "format": "uuid"}}}'),
  ('catalog.product_submitted', 'A product was put before the reviewers.', '{
     "type": "object", "additionalProperties": false, "required": ["productId", "sellerId", "status", "version", "fromStatus"],
     "properties": {
       "productId": {"type": "string", "format": "uuid"},
       "sellerId": {"type": "string", "format": "uuid"},
       "status": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]},
       "version": {"type": "integer"},
       "fromStatus": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]}}}'),
  ('catalog.product_approved', 'A product was approved; its store may put it on sale.', '{
     "type": "object", "additionalProperties": false, "required": ["productId", "sellerId", "status", "version", "fromStatus"],
     "properties": {
       "productId": {"type": "string", "format": "uuid"},
       "sellerId": {"type": "string", "format": "uuid"},
       "status": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]},
       "version": {"type": "integer"},
       "fromStatus": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]}}}'),
  ('catalog.product_rejected', 'A product was rejected; the product tells its store why.', '{
     "type": "object", "additionalProperties": false, "required": ["productId", "sellerId", "status", "version", "fromStatus"],
     "properties": {
       "productId": {"type": "string", "format": "uuid"},
       "sellerId": {"type": "string", "format": "uuid"},
       "status": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]},
       "version": {"type": "integer"},
       "fromStatus": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]}}}'),
  ('catalog.product_activated', 'A product went on sale.', '{
     "type": "object", "additionalProperties": false, "required": ["productId", "sellerId", "status", "version", "fromStatus"],
     "properties": {
       "productId": {"type": "string", "format": "uuid"},
       "sellerId": {"type": "string", "format": "uuid"},
       "status": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]},
       "version": {"type": "integer"},
       "fromStatus": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]}}}'),
  ('catalog.product_deactivated', 'A product was taken off sale.', '{
     "type": "object", "additionalProperties": false, "required": ["productId", "sellerId", "status", "version", "fromStatus"],
     "properties": {
       "productId": {"type": "string", "format": "uuid"},
       "sellerId": {"type": "string", "format": "uuid"},
       "status": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]},
       "version": {"type": "integer"},
       "fromStatus": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]}}}'),
  ('catalog.product_revised', 'A reviewed product changed and goes back: to review, or to a draft.', '{
     "type": "object", "additionalProperties": false, "required": ["productId", "sellerId", "status", "version", "fromStatus"],
     "properties": {
       "productId": {"type": "string", "format": "uuid"},
       "sellerId": {"type": "string", "format": "uuid"},
       "status": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]},
       "version": {"type": "integer"},
       "fromStatus": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]}}}'),
  ('catalog.product_archived', 'A product was archived with its variants.', '{
     "type": "object", "additionalProperties": false, "required": ["productId", "sellerId", "status", "version", "fromStatus"],
     "properties": {
       "productId": {"type": "string", "format": "uuid"},
       "sellerId": {"type": "string", "format": "uuid"},
       "status": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]},
       "version": {"type": "integer"},
       "fromStatus": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]}}}'),
  ('catalog.variants_created', 'A product got variants with offers, all at once.', '{
     "type": "object", "additionalProperties": false, "required": ["productId", "sellerId", "status", "version", "variantIds"],
     "properties": {
       "productId": {"type": "string", "format": "uuid"},
       "sellerId": {"type": "string", "format": "uuid"},
       "status": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]},
       "version": {"type": "integer"},
       "variantIds": {"type": "array", "items": {"type": "string", "format": "uuid"}}}}'),
  ('catalog.variant_updated', 'A variant changed its place.', '{
     "type": "object", "additionalProperties": false, "required": ["productId", "sellerId", "status", "version", "variantId"],
     "properties": {
       "productId": {"type": "string", "format": "uuid"},
       "sellerId": {"type": "string", "format": "uuid"},
       "status": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]},
       "version": {"type": "integer"},
       "variantId": {"type": "string", "format": "uuid"}}}'),
  ('catalog.variant_archived', 'A variant was archived with its offers.', '{
     "type": "object", "additionalProperties": false, "required": ["productId", "sellerId", "status", "version", "variantId"],
     "properties": {
       "productId": {"type": "string", "format": "uuid"},
       "sellerId": {"type": "string", "format": "uuid"},
       "status": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]},
       "version": {"type": "integer"},
       "variantId": {"type": "string", "format": "uuid"}}}'),
  ('catalog.offer_changed', 'The price or the SKU of an offer changed.', '{
     "type": "object", "additionalProperties": false, "required": ["productId", "sellerId", "status", "version", "variantId", "sku", "priceMinor", "currency", "previousPriceMinor"],
     "properties": {
       "productId": {"type": "string", "format": "uuid"},
       "sellerId": {"type": "string", "format": "uuid"},
       "status": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]},
       "version": {"type": "integer"},
       "variantId": {"type": "string", "format": "uuid"},
       "sku": {"type": "string"},
       "priceMinor": {"type": "integer"},
       "currency": {"type": "string"},
       "previousPriceMinor": {"type": "integer"}}}'),
  ('catalog.offer_prices_changed', 'The prices of an offer were replaced: other currencies, sales, quantity breaks, the base price.', '{
     "type": "object", "additionalProperties": false, "required": ["productId", "sellerId", "status", "version", "variantId", "prices"],
     "properties": {
       "productId": {"type": "string", "format": "uuid"},
       "sellerId": {"type": "string", "format": "uuid"},
       "status": {"enum": ["DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACTIVE", "INACTIVE", "ARCHIVED"]},
       "version": {"type": "integer"},
       "variantId": {"type": "string", "format": "uuid"},
       "prices": {"type": "array", "items": {
         "type": "object", "additionalProperties": false,
         "required": ["currency", "minQuantity", "priceMinor", "saleMinor", "saleFrom", "saleUntil"],
         "properties": {
           "currency": {"type": "string"},
           "minQuantity": {"type": "integer"},
           "priceMinor": {"type": "integer"},
           "saleMinor": {"type": ["integer", "null"]},
           "saleFrom": {"type": ["string", "null"], "format": "date-time"},
           "saleUntil": {"type": ["string", "null"], "format": "date-time"}}}}}}')
on conflict (type) do update
  set description = excluded.description, payload_schema = excluded.payload_schema;
