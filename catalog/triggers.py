"""What the database itself does when a product changes, whoever writes: ORM, bulk load or SQL."""

import pgtrigger

# Written by the triggers, or of no interest to anyone who shows products.
_BOOKKEEPING = ("revision", "created_at", "updated_at", "search_vector")

BUMP_REVISION = pgtrigger.Trigger(
    name="bump_revision",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.AnyChange(exclude=_BOOKKEEPING),
    func="NEW.revision = OLD.revision + 1; NEW.updated_at = clock_timestamp(); RETURN NEW;",
)

LOG_CHANGE = pgtrigger.Trigger(
    name="log_change",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    declare=[("changed", "catalog_product%ROWTYPE")],
    func="""
        IF TG_OP = 'UPDATE' AND NEW.revision = OLD.revision THEN RETURN NULL; END IF;
        IF TG_OP = 'DELETE' THEN changed = OLD; ELSE changed = NEW; END IF;
        INSERT INTO catalog_productchange
            (tenant_id, product_id, revision, is_deleted, transaction_id, changed_at)
        VALUES (changed.tenant_id, changed.id, changed.revision,
                TG_OP = 'DELETE' OR changed.deleted_at IS NOT NULL,
                pg_current_xact_id()::text::bigint, clock_timestamp());
        RETURN NULL;
    """,
)

TOUCH_PRODUCTS = pgtrigger.Trigger(
    # A category that is renamed or moved changes what its products' cards say.
    name="touch_products",
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    condition=pgtrigger.AnyChange("path"),
    func="""
        UPDATE catalog_product SET revision = revision + 1, updated_at = clock_timestamp() WHERE category_id = NEW.id;
        RETURN NULL;
    """,
)
