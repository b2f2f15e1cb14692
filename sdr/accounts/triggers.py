"""What the database itself notes when preferences change, whoever writes: the API, the admin or SQL."""

import pgtrigger

_SHOPPER = "{row}.external_id IS NOT NULL AND {row}.preferences <> '{{}}'::jsonb"
_NOTE = """
    INSERT INTO accounts_preferenceschange (tenant_id, external_id) VALUES ({row}.tenant_id, {row}.external_id);
"""


def _trigger(operation: pgtrigger.Operation, condition: str, *rows: str) -> pgtrigger.Trigger:
    notes = "".join(f"IF {row}.external_id IS NOT NULL THEN {_NOTE.format(row=row)} END IF;" for row in rows)
    return pgtrigger.Trigger(
        name=f"note_preferences_{str(operation).lower()}",
        when=pgtrigger.After,
        operation=operation,
        condition=pgtrigger.Condition(condition),
        func=f"{notes} RETURN NULL;",
    )


# Conditions stand in the triggers, not in what they run: the archive adds shoppers by the thousand, who have none.
PREFERENCES_TRIGGERS = [
    _trigger(pgtrigger.Insert, _SHOPPER.format(row="NEW"), "NEW"),
    _trigger(
        pgtrigger.Update,
        "((OLD.tenant_id, OLD.external_id, OLD.preferences) IS DISTINCT FROM "
        "(NEW.tenant_id, NEW.external_id, NEW.preferences))",
        "OLD",
        "NEW",
    ),
    _trigger(pgtrigger.Delete, _SHOPPER.format(row="OLD"), "OLD"),
]
