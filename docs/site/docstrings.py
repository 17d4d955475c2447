"""Docstrings as their reader expects them: it knows ``Examples:`` alone, and Markdown's code blocks without ``::``."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object


class Markdown(Extension):
    """Renames the section, and ends a line before a block with one colon."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Before the docstring is parsed."""
        if obj.docstring is not None:
            text = re.sub(r"^(\s*)Example:$", r"\1Examples:", obj.docstring.value, flags=re.MULTILINE)
            obj.docstring.value = re.sub(r"(\w|\))::$", r"\1:", text, flags=re.MULTILINE)
