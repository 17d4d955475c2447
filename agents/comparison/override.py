"""Settings as ``key=value`` overrides of a command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def override(key: str, value: Any) -> str:
    """``key=value`` in the grammar of `nearsym train`."""
    return f"{key}={_text(value)}"


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case float() if value.is_integer():
            return f"{value:g}"
        case int() | float():
            return repr(value)
        case list() | tuple():
            return f"[{','.join(map(_text, value))}]"
        case Mapping():
            return f"{{{','.join(f'{key}:{_text(one)}' for key, one in value.items())}}}"
    text = str(value)
    if re.fullmatch(r"[A-Za-z_][\w./-]*", text) and text.lower() not in ("true", "false", "null", "nan", "inf"):
        return text
    doubled = re.sub(r"(\\+)(?='|$)", r"\1\1", text)  # a backslash counts as one unless a quote follows
    quoted = doubled.replace("'", r"\'")
    return f"'{quoted}'"
