"""Files that were sent in to be looked at, and that nobody let in or took back."""

from datetime import timedelta

from django.core.files.storage import Storage, storages

from sdr import clock

# Where django-import-export keeps them between the preview and the confirmation.
FOLDER = "django-import-export"
# Nobody looks at a preview for longer, and a session lasts two weeks.
KEPT_FOR = timedelta(days=1)


def forget_old() -> int:
    """Delete those that are older than a day; return how many that were. Each new upload does this first."""
    storage = storages["default"]
    names = [f"{FOLDER}/{name}" for name in _names(storage)]
    old = [name for name in names if clock.now() - storage.get_modified_time(name) > KEPT_FOR]
    for name in old:
        storage.delete(name)
    return len(old)


def _names(storage: Storage) -> list[str]:
    try:
        return storage.listdir(FOLDER)[1]
    except FileNotFoundError:  # nobody has sent any yet
        return []
