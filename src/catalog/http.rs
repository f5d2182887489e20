//! `/categories`, `/products`, `/variants`: extract, call, convert, respond.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use uuid::Uuid;

use super::sql;
use super::types::{
    Attribute, AttributeChange, AttributeRequest, Category, CategoryAttribute, CategoryFilter, CategoryNode,
    CategoryRequest, CreatedVariants, NewVariants, OfferPrices, OfferPricesChange, PricePeriod, Product,
    ProductFilter, ProductRequest, ProductSummary, ReviewRequest, ShownCurrency, Variant, VariantChange,
    VariantsRequest,
};
use crate::app::App;
use crate::cache::{Change, Shared, Subject};
use crate::http::{
    Actor, AdminActor, ApiJson, ApiPath, ApiQuery, Created, Ctx, IfMatch, IfNoneMatch, Marked, MaybeActor,
    Moving, Page, Paged, SellerActor, Versioned,
};
use crate::problem::{ProblemDocument, Result};

/// Lists categories.
///
/// All of them in order of position, or the children of one. `GET /categories/tree` nests them.
#[utoipa::path(
    get, path = "/categories", tag = "catalog", operation_id = "listCategories",
    params(CategoryFilter, Page, IfNoneMatch),
    responses(
        (status = 200, description = "A page of categories.", body = Paged<Category>, headers(("ETag" = String, description = "A mark of the page, quoted."))),
        (status = 304, description = "If-None-Match names this page."),
    )
)]
pub async fn list_categories(
    State(app): State<App>,
    page: Page,
    ApiQuery(filter): ApiQuery<CategoryFilter>,
) -> Result<(Extension<Shared>, Marked<Paged<Category>>)> {
    let rows = sql::list_categories(&app.pool, filter.parent_id, &page).await?;
    let found = Paged::from_rows(&rows, page.limit, |row| Category::try_from(row))?;
    Ok((Extension(Shared::new(Subject::Categories)), Marked(found)))
}

/// The category tree.
///
/// Roots in order of position, each with everything below it.
#[utoipa::path(
    get, path = "/categories/tree", tag = "catalog", operation_id = "getCategoryTree",
    params(Page, IfNoneMatch),
    responses(
        (status = 200, description = "A page of roots with everything below them.", body = Paged<CategoryNode>, headers(("ETag" = String, description = "A mark of the page, quoted."))),
        (status = 304, description = "If-None-Match names this page."),
    )
)]
pub async fn get_category_tree(
    State(app): State<App>,
    page: Page,
) -> Result<(Extension<Shared>, Marked<Paged<CategoryNode>>)> {
    let rows = sql::get_category_tree(&app.pool, &page).await?;
    let found = Paged::from_rows(&rows, page.limit, |row| CategoryNode::try_from(row))?;
    Ok((Extension(Shared::new(Subject::Categories)), Marked(found)))
}

/// One category.
#[utoipa::path(
    get, path = "/categories/{categoryId}", tag = "catalog", operation_id = "getCategory",
    params(("categoryId" = Uuid, Path, description = "The category."), IfNoneMatch),
    responses(
        (status = 200, description = "The category.", body = Category, headers(("ETag" = String, description = "The version, quoted."))),
        (status = 304, description = "If-None-Match names this version."),
    )
)]
pub async fn get_category(
    State(app): State<App>,
    ApiPath(category_id): ApiPath<Uuid>,
) -> Result<(Extension<Shared>, Versioned<Category>)> {
    let found = sql::get_category(&app.pool, category_id).await?;
    Ok((Extension(Shared::new(Subject::Categories)), Versioned(found)))
}

/// Creates a category.
///
/// At the root, or below `parentId`. For administrators.
#[utoipa::path(
    post, path = "/categories", tag = "catalog", operation_id = "createCategory",
    security(("bearer" = [])),
    request_body = CategoryRequest,
    responses(
        (status = 201, description = "The new category.", body = Category, headers(("Location" = String, description = "Where it is."), ("ETag" = String, description = "The version, quoted."))),
        (status = 409, description = "catalog.slug_taken", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "catalog.category_unknown, category_too_deep, or a field out of its limits", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn create_category(
    State(app): State<App>,
    ctx: Ctx,
    actor: AdminActor,
    ApiJson(request): ApiJson<CategoryRequest>,
) -> Result<impl IntoResponse> {
    let category = sql::create_category(&app.pool, &ctx.call(&actor), &request).await?;
    Ok(Created(format!("/api/v1/categories/{}", category.category_id), Versioned(category)))
}

/// Replaces a category.
///
/// Another `parentId` moves it with everything below. For administrators.
#[utoipa::path(
    put, path = "/categories/{categoryId}", tag = "catalog", operation_id = "updateCategory",
    security(("bearer" = [])),
    params(("categoryId" = Uuid, Path, description = "The category."), IfMatch),
    request_body = CategoryRequest,
    responses(
        (status = 200, description = "The category as it is now.", body = Category, headers(("ETag" = String, description = "The version, quoted."))),
        (status = 409, description = "catalog.slug_taken; catalog.attribute_in_use: products would lose an inherited attribute they have", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "catalog.category_unknown, category_cycle, category_too_deep, or a field out of its limits", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn update_category(
    State(app): State<App>,
    ctx: Ctx,
    actor: AdminActor,
    ApiPath(category_id): ApiPath<Uuid>,
    IfMatch(version): IfMatch,
    ApiJson(request): ApiJson<CategoryRequest>,
) -> Result<Versioned<Category>> {
    sql::update_category(&app.pool, &ctx.call(&actor), category_id, version, &request).await.map(Versioned)
}

/// Deletes a category that nothing uses.
///
/// For administrators.
#[utoipa::path(
    delete, path = "/categories/{categoryId}", tag = "catalog", operation_id = "deleteCategory",
    security(("bearer" = [])),
    params(("categoryId" = Uuid, Path, description = "The category.")),
    responses(
        (status = 204, description = "Deleted."),
        (status = 409, description = "catalog.category_in_use: children, products, attributes or rules refer to it", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn delete_category(
    State(app): State<App>,
    ctx: Ctx,
    actor: AdminActor,
    ApiPath(category_id): ApiPath<Uuid>,
) -> Result<StatusCode> {
    sql::delete_category(&app.pool, &ctx.call(&actor), category_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The attributes of a category.
///
/// Its own and the inherited ones, from the root down; `inheritedFrom` names the category that brings one.
#[utoipa::path(
    get, path = "/categories/{categoryId}/attributes", tag = "catalog", operation_id = "listCategoryAttributes",
    params(("categoryId" = Uuid, Path, description = "The category."), Page, IfNoneMatch),
    responses(
        (status = 200, description = "A page of them.", body = Paged<CategoryAttribute>, headers(("ETag" = String, description = "A mark of the page, quoted."))),
        (status = 304, description = "If-None-Match names this page."),
    )
)]
pub async fn list_category_attributes(
    State(app): State<App>,
    ApiPath(category_id): ApiPath<Uuid>,
    page: Page,
) -> Result<(Extension<Shared>, Marked<Paged<CategoryAttribute>>)> {
    let rows = sql::list_category_attributes(&app.pool, category_id, &page).await?;
    let found = Paged::from_rows(&rows, page.limit, |row| CategoryAttribute::try_from(row))?;
    Ok((Extension(Shared::new(Subject::Categories)), Marked(found)))
}

/// Defines an attribute.
///
/// Categories link it afterwards. For administrators.
#[utoipa::path(
    post, path = "/categories/attributes", tag = "catalog", operation_id = "createAttribute",
    security(("bearer" = [])),
    request_body = AttributeRequest,
    responses(
        (status = 201, description = "The new attribute.", body = Attribute, headers(("Location" = String, description = "Where it is."), ("ETag" = String, description = "The version, quoted."))),
        (status = 409, description = "catalog.attribute_code_taken", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "catalog.attribute_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn create_attribute(
    State(app): State<App>,
    ctx: Ctx,
    actor: AdminActor,
    ApiJson(request): ApiJson<AttributeRequest>,
) -> Result<impl IntoResponse> {
    let attribute = sql::create_attribute(&app.pool, &ctx.call(&actor), &request).await?;
    Ok(Created(format!("/api/v1/categories/attributes/{}", attribute.attribute_id), Versioned(attribute)))
}

/// One attribute.
///
/// Its definition; the ETag is what `PUT` wants as If-Match.
#[utoipa::path(
    get, path = "/categories/attributes/{attributeId}", tag = "catalog", operation_id = "getAttribute",
    params(("attributeId" = Uuid, Path, description = "The attribute."), IfNoneMatch),
    responses(
        (status = 200, description = "The attribute.", body = Attribute, headers(("ETag" = String, description = "The version, quoted."))),
        (status = 304, description = "If-None-Match names this version."),
    )
)]
pub async fn get_attribute(
    State(app): State<App>,
    ApiPath(attribute_id): ApiPath<Uuid>,
) -> Result<Versioned<Attribute>> {
    sql::get_attribute(&app.pool, attribute_id).await.map(Versioned)
}

/// Replaces an attribute's definition.
///
/// While products have values, its type stays, it stays an axis, and the options they have stay. For administrators.
#[utoipa::path(
    put, path = "/categories/attributes/{attributeId}", tag = "catalog", operation_id = "updateAttribute",
    security(("bearer" = [])),
    params(("attributeId" = Uuid, Path, description = "The attribute."), IfMatch),
    request_body = AttributeChange,
    responses(
        (status = 200, description = "The attribute as it is now.", body = Attribute, headers(("ETag" = String, description = "The version, quoted."))),
        (status = 409, description = "catalog.attribute_in_use", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "catalog.attribute_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn update_attribute(
    State(app): State<App>,
    ctx: Ctx,
    actor: AdminActor,
    ApiPath(attribute_id): ApiPath<Uuid>,
    IfMatch(version): IfMatch,
    ApiJson(request): ApiJson<AttributeChange>,
) -> Result<Versioned<Attribute>> {
    sql::update_attribute(&app.pool, &ctx.call(&actor), attribute_id, version, &request).await.map(Versioned)
}

/// Gives a category an attribute.
///
/// Everything below inherits it. For administrators.
#[utoipa::path(
    post, path = "/categories/{categoryId}/attributes/{attributeId}", tag = "catalog", operation_id = "linkAttribute",
    security(("bearer" = [])),
    params(("categoryId" = Uuid, Path, description = "The category."), ("attributeId" = Uuid, Path, description = "The attribute.")),
    responses(
        (status = 201, description = "The attribute, as the category has it.", body = CategoryAttribute, headers(("Location" = String, description = "The attributes of the category."))),
        (status = 409, description = "catalog.attribute_already_linked", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn link_attribute(
    State(app): State<App>,
    ctx: Ctx,
    actor: AdminActor,
    ApiPath((category_id, attribute_id)): ApiPath<(Uuid, Uuid)>,
) -> Result<impl IntoResponse> {
    let linked = sql::link_attribute(&app.pool, &ctx.call(&actor), category_id, attribute_id).await?;
    Ok(Created(format!("/api/v1/categories/{category_id}/attributes"), Json(linked)))
}

/// Takes an attribute from a category.
///
/// Not while products there or below have values of it. For administrators.
#[utoipa::path(
    delete, path = "/categories/{categoryId}/attributes/{attributeId}", tag = "catalog", operation_id = "unlinkAttribute",
    security(("bearer" = [])),
    params(("categoryId" = Uuid, Path, description = "The category."), ("attributeId" = Uuid, Path, description = "The attribute.")),
    responses(
        (status = 204, description = "Taken."),
        (status = 409, description = "catalog.attribute_in_use", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn unlink_attribute(
    State(app): State<App>,
    ctx: Ctx,
    actor: AdminActor,
    ApiPath((category_id, attribute_id)): ApiPath<(Uuid, Uuid)>,
) -> Result<StatusCode> {
    sql::unlink_attribute(&app.pool, &ctx.call(&actor), category_id, attribute_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists products.
///
/// Everybody sees the active ones; a store also its own (`mine=true`), administrators all. A category includes what is below it.
#[utoipa::path(
    get, path = "/products", tag = "catalog", operation_id = "listProducts",
    security((), ("bearer" = [])),
    params(ProductFilter, Page, IfNoneMatch),
    responses(
        (status = 200, description = "A page of products.", body = Paged<ProductSummary>, headers(("ETag" = String, description = "A mark of the page, quoted."))),
        (status = 304, description = "If-None-Match names this page."),
        (status = 403, description = "catalog.status_not_visible", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "catalog.currency_required, currency_unknown, price_range_invalid, sort_needs_query, sort_needs_status, query_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn list_products(
    State(app): State<App>,
    ctx: Ctx,
    MaybeActor(actor): MaybeActor,
    page: Page,
    ApiQuery(filter): ApiQuery<ProductFilter>,
) -> Result<(Option<Extension<Shared>>, Marked<Paged<ProductSummary>>)> {
    let rows = sql::list_products(&app.pool, &ctx.maybe(actor.as_ref()), &filter, &page).await?;
    let found = Paged::from_rows(&rows, page.limit, |row| ProductSummary::try_from(row))?;
    // there are too many searches and later pages for any of them to be asked for twice
    let is_common = filter.q.is_none() && page.cursor.is_none();
    Ok((is_common.then_some(Extension(Shared::new(Subject::Products))), Marked(found)))
}

/// One product.
///
/// With its store, its active variants and their offers.
#[utoipa::path(
    get, path = "/products/{productId}", tag = "catalog", operation_id = "getProduct",
    security((), ("bearer" = [])),
    params(("productId" = Uuid, Path, description = "The product."), ShownCurrency, IfNoneMatch),
    responses(
        (status = 200, description = "The product.", body = Product, headers(("ETag" = String, description = "The version and a mark of the prices, quoted; also for If-Match."))),
        (status = 304, description = "If-None-Match names this version, and no price moved since."),
        (status = 422, description = "catalog.currency_unknown", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_product(
    State(app): State<App>,
    ctx: Ctx,
    MaybeActor(actor): MaybeActor,
    ApiPath(product_id): ApiPath<Uuid>,
    ApiQuery(shown): ApiQuery<ShownCurrency>,
) -> Result<(Extension<Shared>, Moving<Product>)> {
    let (ctx, currency) = (ctx.maybe(actor.as_ref()), shown.currency.as_deref());
    let is_kept = actor.is_none() && app.cache.is_on();
    let (found, until) = sql::get_product(&app.pool, &ctx, product_id, currency, is_kept).await?;
    Ok((Extension(Shared { subject: Subject::Product(product_id), until }), Moving(found)))
}

/// One product by its slug.
#[utoipa::path(
    get, path = "/products/slug/{slug}", tag = "catalog", operation_id = "getProductBySlug",
    security((), ("bearer" = [])),
    params(("slug" = String, Path, description = "The slug.", min_length = 1, max_length = 120), ShownCurrency, IfNoneMatch),
    responses(
        (status = 200, description = "The product.", body = Product, headers(("ETag" = String, description = "The version and a mark of the prices, quoted; also for If-Match."))),
        (status = 304, description = "If-None-Match names this version, and no price moved since."),
        (status = 422, description = "catalog.currency_unknown", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_product_by_slug(
    State(app): State<App>,
    ctx: Ctx,
    MaybeActor(actor): MaybeActor,
    ApiPath(slug): ApiPath<String>,
    ApiQuery(shown): ApiQuery<ShownCurrency>,
) -> Result<(Extension<Shared>, Moving<Product>)> {
    let (ctx, currency) = (ctx.maybe(actor.as_ref()), shown.currency.as_deref());
    let is_kept = actor.is_none() && app.cache.is_on();
    let (found, until) = sql::get_product_by_slug(&app.pool, &ctx, &slug, currency, is_kept).await?;
    let subject = Subject::Product(found.summary.product_id);
    Ok((Extension(Shared { subject, until }), Moving(found)))
}

/// Creates a product.
///
/// A draft of the caller's store; it may still lack required attributes. For sellers.
#[utoipa::path(
    post, path = "/products", tag = "catalog", operation_id = "createProduct",
    security(("bearer" = [])),
    request_body = ProductRequest,
    responses(
        (status = 201, description = "The draft.", body = Product, headers(("Location" = String, description = "Where it is."), ("ETag" = String, description = "The version, quoted."))),
        (status = 409, description = "catalog.slug_taken", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "catalog.category_unknown, a field out of its limits, or an attribute value that the category does not allow", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn create_product(
    State(app): State<App>,
    ctx: Ctx,
    actor: SellerActor,
    ApiJson(request): ApiJson<ProductRequest>,
) -> Result<impl IntoResponse> {
    let product = sql::create_product(&app.pool, &ctx.call(&actor), &request).await?;
    Ok(Created(format!("/api/v1/products/{}", product.summary.product_id), Versioned(product)))
}

/// Replaces what a product says.
///
/// A change of content takes an active or inactive product back to PENDING_APPROVAL, an approved or rejected one to DRAFT. For its store.
#[utoipa::path(
    put, path = "/products/{productId}", tag = "catalog", operation_id = "updateProduct",
    security(("bearer" = [])),
    params(("productId" = Uuid, Path, description = "The product."), IfMatch),
    request_body = ProductRequest,
    responses(
        (status = 200, description = "The product as it is now.", body = Product, headers(("ETag" = String, description = "The version, quoted."))),
        (status = 409, description = "catalog.product_archived, slug_taken, axes_in_use, product_without_offer", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "catalog.category_unknown, a field out of its limits, or an attribute value that the category does not allow", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn update_product(
    State(app): State<App>,
    ctx: Ctx,
    actor: SellerActor,
    ApiPath(product_id): ApiPath<Uuid>,
    IfMatch(version): IfMatch,
    ApiJson(request): ApiJson<ProductRequest>,
) -> Result<Versioned<Product>> {
    sql::update_product(&app.pool, &ctx.call(&actor), product_id, version, &request).await.map(Versioned)
}

/// Archives a product for good.
///
/// Its variants and offers with it; their SKUs become free. For its store, and for administrators once it was on sale.
#[utoipa::path(
    delete, path = "/products/{productId}", tag = "catalog", operation_id = "archiveProduct",
    security(("bearer" = [])),
    params(("productId" = Uuid, Path, description = "The product.")),
    responses(
        (status = 204, description = "Archived."),
        (status = 409, description = "catalog.transition_refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn archive_product(
    State(app): State<App>,
    ctx: Ctx,
    actor: Actor,
    ApiPath(product_id): ApiPath<Uuid>,
) -> Result<StatusCode> {
    sql::archive_product(&app.pool, &ctx.call(&actor), product_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a product before the reviewers.
///
/// It must be complete and have an offer. For its store.
#[utoipa::path(
    post, path = "/products/{productId}/submit", tag = "catalog", operation_id = "submitProduct",
    security(("bearer" = [])),
    params(("productId" = Uuid, Path, description = "The product.")),
    responses(
        (status = 200, description = "The product in its new status.", body = Product, headers(("ETag" = String, description = "The version, quoted."))),
        (status = 409, description = "catalog.transition_refused, product_without_offer", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "An attribute is missing or not valid (any more)", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn submit_product(
    State(app): State<App>,
    ctx: Ctx,
    actor: SellerActor,
    ApiPath(product_id): ApiPath<Uuid>,
) -> Result<Versioned<Product>> {
    sql::submit_product(&app.pool, &ctx.call(&actor), product_id).await.map(Versioned)
}

/// Puts an approved or inactive product on sale.
///
/// For its store.
#[utoipa::path(
    post, path = "/products/{productId}/activate", tag = "catalog", operation_id = "activateProduct",
    security(("bearer" = [])),
    params(("productId" = Uuid, Path, description = "The product.")),
    responses(
        (status = 200, description = "The product in its new status.", body = Product, headers(("ETag" = String, description = "The version, quoted."))),
        (status = 409, description = "catalog.transition_refused, product_without_offer", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "An attribute is missing or not valid (any more)", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn activate_product(
    State(app): State<App>,
    ctx: Ctx,
    actor: SellerActor,
    ApiPath(product_id): ApiPath<Uuid>,
) -> Result<Versioned<Product>> {
    sql::activate_product(&app.pool, &ctx.call(&actor), product_id).await.map(Versioned)
}

/// Takes a product off sale for a while.
///
/// For its store and administrators.
#[utoipa::path(
    post, path = "/products/{productId}/deactivate", tag = "catalog", operation_id = "deactivateProduct",
    security(("bearer" = [])),
    params(("productId" = Uuid, Path, description = "The product.")),
    responses(
        (status = 200, description = "The product in its new status.", body = Product, headers(("ETag" = String, description = "The version, quoted."))),
        (status = 409, description = "catalog.transition_refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn deactivate_product(
    State(app): State<App>,
    ctx: Ctx,
    actor: Actor,
    ApiPath(product_id): ApiPath<Uuid>,
) -> Result<Versioned<Product>> {
    sql::deactivate_product(&app.pool, &ctx.call(&actor), product_id).await.map(Versioned)
}

/// Approves or rejects a product.
///
/// The decision names the version that was read; a product that changed since is not decided. For administrators.
#[utoipa::path(
    post, path = "/products/{productId}/approve", tag = "catalog", operation_id = "reviewProduct",
    security(("bearer" = [])),
    params(("productId" = Uuid, Path, description = "The product.")),
    request_body = ReviewRequest,
    responses(
        (status = 200, description = "The product in its new status.", body = Product, headers(("ETag" = String, description = "The version, quoted."))),
        (status = 409, description = "catalog.version_conflict, transition_refused, product_without_offer", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "catalog.reason_required, or an attribute that is missing or not valid (any more)", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn review_product(
    State(app): State<App>,
    ctx: Ctx,
    actor: AdminActor,
    ApiPath(product_id): ApiPath<Uuid>,
    ApiJson(request): ApiJson<ReviewRequest>,
) -> Result<Versioned<Product>> {
    sql::review_product(&app.pool, &ctx.call(&actor), product_id, &request).await.map(Versioned)
}

/// The active variants of a product.
#[utoipa::path(
    get, path = "/products/{productId}/variants", tag = "catalog", operation_id = "listVariants",
    security((), ("bearer" = [])),
    params(("productId" = Uuid, Path, description = "The product."), ShownCurrency, Page, IfNoneMatch),
    responses(
        (status = 200, description = "A page of variants.", body = Paged<Variant>, headers(("ETag" = String, description = "A mark of the page, quoted."))),
        (status = 304, description = "If-None-Match names this page."),
        (status = 422, description = "catalog.currency_unknown", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn list_variants(
    State(app): State<App>,
    ctx: Ctx,
    MaybeActor(actor): MaybeActor,
    page: Page,
    ApiPath(product_id): ApiPath<Uuid>,
    ApiQuery(shown): ApiQuery<ShownCurrency>,
) -> Result<(Extension<Shared>, Marked<Paged<Variant>>)> {
    let (ctx, currency) = (ctx.maybe(actor.as_ref()), shown.currency.as_deref());
    let is_kept = actor.is_none() && app.cache.is_on();
    let (rows, until) = sql::list_variants(&app.pool, &ctx, product_id, currency, &page, is_kept).await?;
    let found = Paged::from_rows(&rows, page.limit, |row| Variant::try_from(row))?;
    Ok((Extension(Shared { subject: Subject::Product(product_id), until }), Marked(found)))
}

/// Creates variants.
///
/// One, or all combinations of axes at once; all or none. No new review. For its store.
#[utoipa::path(
    post, path = "/products/{productId}/variants", tag = "catalog", operation_id = "createVariants",
    security(("bearer" = [])),
    params(("productId" = Uuid, Path, description = "The product.")),
    request_body(content = NewVariants),
    responses(
        (status = 201, description = "The new variants.", body = CreatedVariants, headers(("Location" = String, description = "The variants of the product."))),
        (status = 409, description = "catalog.product_archived, variant_exists, sku_taken", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "catalog.axis_unknown, axis_value_unknown, axes_mismatch, too_many_variants, currency_mismatch, or a field out of its limits", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn create_variants(
    State(app): State<App>,
    ctx: Ctx,
    actor: SellerActor,
    ApiPath(product_id): ApiPath<Uuid>,
    ApiJson(request): ApiJson<VariantsRequest>,
) -> Result<impl IntoResponse> {
    let items = sql::create_variants(&app.pool, &ctx.call(&actor), product_id, &request).await?;
    Ok(Created(format!("/api/v1/products/{product_id}/variants"), Json(CreatedVariants { items })))
}

/// One variant.
#[utoipa::path(
    get, path = "/variants/{variantId}", tag = "catalog", operation_id = "getVariant",
    security((), ("bearer" = [])),
    params(("variantId" = Uuid, Path, description = "The variant."), ShownCurrency, IfNoneMatch),
    responses(
        (status = 200, description = "The variant with its offers.", body = Variant, headers(("ETag" = String, description = "The version and a mark of the prices, quoted; also for If-Match."))),
        (status = 304, description = "If-None-Match names this version, and no price moved since."),
        (status = 422, description = "catalog.currency_unknown", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_variant(
    State(app): State<App>,
    ctx: Ctx,
    MaybeActor(actor): MaybeActor,
    ApiPath(variant_id): ApiPath<Uuid>,
    ApiQuery(shown): ApiQuery<ShownCurrency>,
) -> Result<(Extension<Shared>, Moving<Variant>)> {
    let (ctx, currency) = (ctx.maybe(actor.as_ref()), shown.currency.as_deref());
    let is_kept = actor.is_none() && app.cache.is_on();
    let (found, until) = sql::get_variant(&app.pool, &ctx, variant_id, currency, is_kept).await?;
    Ok((Extension(Shared { subject: Subject::Product(found.product_id), until }), Moving(found)))
}

/// Replaces SKU, price and position of a variant.
///
/// No new review. For its store.
#[utoipa::path(
    put, path = "/variants/{variantId}", tag = "catalog", operation_id = "updateVariant",
    security(("bearer" = [])),
    params(("variantId" = Uuid, Path, description = "The variant."), IfMatch),
    request_body = VariantChange,
    responses(
        (status = 200, description = "The variant as it is now.", body = Variant, headers(("ETag" = String, description = "The version, quoted."))),
        (status = 409, description = "catalog.sku_taken, variant_archived, product_archived", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "catalog.currency_mismatch, or a field out of its limits", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn update_variant(
    State(app): State<App>,
    ctx: Ctx,
    actor: SellerActor,
    ApiPath(variant_id): ApiPath<Uuid>,
    IfMatch(version): IfMatch,
    ApiJson(request): ApiJson<VariantChange>,
) -> Result<(Extension<Change>, Versioned<Variant>)> {
    let changed = sql::update_variant(&app.pool, &ctx.call(&actor), variant_id, version, &request).await?;
    Ok((Extension(Change::Product(changed.product_id)), Versioned(changed)))
}

/// Archives a variant with its offers.
///
/// The last variant of a product on sale stays. For its store.
#[utoipa::path(
    delete, path = "/variants/{variantId}", tag = "catalog", operation_id = "archiveVariant",
    security(("bearer" = [])),
    params(("variantId" = Uuid, Path, description = "The variant.")),
    responses(
        (status = 204, description = "Archived."),
        (status = 409, description = "catalog.last_variant", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn archive_variant(
    State(app): State<App>,
    ctx: Ctx,
    actor: SellerActor,
    ApiPath(variant_id): ApiPath<Uuid>,
) -> Result<StatusCode> {
    sql::archive_variant(&app.pool, &ctx.call(&actor), variant_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All prices of an offer.
///
/// Sales to come included; for its seller and administrators.
#[utoipa::path(
    get, path = "/offers/{variantId}/{sellerId}/prices", tag = "catalog", operation_id = "getOfferPrices",
    security(("bearer" = [])),
    params(("variantId" = Uuid, Path, description = "The variant."), ("sellerId" = Uuid, Path, description = "Whose offer.")),
    responses(
        (status = 200, description = "The prices.", body = OfferPrices, headers(("ETag" = String, description = "The version, quoted."))),
        (status = 403, description = "catalog.not_your_offer", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_offer_prices(
    State(app): State<App>,
    ctx: Ctx,
    actor: Actor,
    ApiPath((variant_id, seller_id)): ApiPath<(Uuid, Uuid)>,
) -> Result<Versioned<OfferPrices>> {
    sql::get_offer_prices(&app.pool, &ctx.call(&actor), variant_id, seller_id).await.map(Versioned)
}

/// Replaces all prices of an offer.
///
/// Other currencies, quantity breaks, sales, and the base price with them; what is not sent goes. No new review. For the seller of
/// the offer and administrators.
#[utoipa::path(
    put, path = "/offers/{variantId}/{sellerId}/prices", tag = "catalog", operation_id = "setOfferPrices",
    security(("bearer" = [])),
    params(("variantId" = Uuid, Path, description = "The variant."), ("sellerId" = Uuid, Path, description = "Whose offer."), IfMatch),
    request_body = OfferPricesChange,
    responses(
        (status = 200, description = "The prices as they are now.", body = OfferPrices, headers(("ETag" = String, description = "The version, quoted."))),
        (status = 403, description = "catalog.not_your_offer", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "catalog.offer_archived", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "catalog.offer_prices_invalid, sale_invalid, price_invalid, currency_unknown", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn set_offer_prices(
    State(app): State<App>,
    ctx: Ctx,
    actor: Actor,
    ApiPath((variant_id, seller_id)): ApiPath<(Uuid, Uuid)>,
    IfMatch(version): IfMatch,
    ApiJson(change): ApiJson<OfferPricesChange>,
) -> Result<(Extension<Change>, Versioned<OfferPrices>)> {
    let ctx = ctx.call(&actor);
    let (prices, product_id) =
        sql::set_offer_prices(&app.pool, &ctx, variant_id, seller_id, version, &change).await?;
    Ok((Extension(Change::Product(product_id)), Versioned(prices)))
}

/// Lists what an offer cost.
///
/// One unit, for everybody, newest first, up to now.
#[utoipa::path(
    get, path = "/offers/{variantId}/{sellerId}/price-history", tag = "catalog", operation_id = "listPriceHistory",
    security((), ("bearer" = [])),
    params(("variantId" = Uuid, Path, description = "The variant."), ("sellerId" = Uuid, Path, description = "Whose offer."), ShownCurrency, Page),
    responses(
        (status = 200, description = "A page of periods.", body = Paged<PricePeriod>),
        (status = 422, description = "catalog.currency_unknown", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn list_price_history(
    State(app): State<App>,
    ctx: Ctx,
    MaybeActor(actor): MaybeActor,
    page: Page,
    ApiPath((variant_id, seller_id)): ApiPath<(Uuid, Uuid)>,
    ApiQuery(shown): ApiQuery<ShownCurrency>,
) -> Result<Json<Paged<PricePeriod>>> {
    let ctx = ctx.maybe(actor.as_ref());
    let currency = shown.currency.as_deref();
    let rows = sql::list_price_history(&app.pool, &ctx, variant_id, seller_id, currency, &page).await?;
    Ok(Json(Paged::from_rows(&rows, page.limit, |row| PricePeriod::try_from(row))?))
}
