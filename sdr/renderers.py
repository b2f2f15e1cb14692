"""JSON by orjson, which also takes ready-made pieces (``orjson.Fragment``) as they are."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder


class OrjsonRenderer(JSONRenderer):
    """Drop-in for DRF's renderer; indents for the browsable API."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        if data is None:
            return b""
        indent = self.get_indent(accepted_media_type or self.media_type, dict(renderer_context or {}))
        return orjson.dumps(data, default=JSONEncoder().default, option=orjson.OPT_INDENT_2 if indent else None)
