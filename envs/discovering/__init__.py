"""Finding the symmetry of an environment: from its simulator, from its model, from recorded transitions."""

from .discover import Discovery, Found, discover
from .elements import Element

__all__ = ["Discovery", "Element", "Found", "discover"]
