"""A storage as buckets are: keys and bytes, no folders, no paths, and no overwriting unless one deletes first."""

from django.core.files.base import ContentFile
from django.core.files.storage import Storage

KEYS: dict[str, bytes] = {}


class Bucket(Storage):
    def _open(self, name, mode="rb"):
        if name not in KEYS:
            raise FileNotFoundError(name)
        return ContentFile(KEYS[name])

    def _save(self, name, content):
        KEYS[name] = content.read()
        return name

    def delete(self, name):
        KEYS.pop(name, None)

    def exists(self, name):
        return name in KEYS

    def listdir(self, path):
        rest = [key.removeprefix(f"{path}/") for key in KEYS if key.startswith(f"{path}/")]
        return sorted({key.split("/")[0] for key in rest if "/" in key}), sorted(key for key in rest if "/" not in key)

    def size(self, name):
        return len(KEYS[name])
