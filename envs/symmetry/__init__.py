"""Groups, their representations, and the symmetry an environment declares (numpy and scipy only)."""

from .blocks import chain
from .group import Group
from .image import image_representation
from .observation import Image, Observation, Parts, Vector, Window
from .orbits import Orbits, coordinate_orbits, cover_orbits, equivariant_orbits, invariant_orbits, mixed_coordinates
from .representation import Representation, direct_sum
from .statistics import OrbitStatistics
from .symmetry import Symmetry
from .written import read_symmetry, symmetry_python, symmetry_yaml

__all__ = [
    "Group",
    "Image",
    "Observation",
    "OrbitStatistics",
    "Orbits",
    "Parts",
    "Representation",
    "Symmetry",
    "Vector",
    "Window",
    "chain",
    "coordinate_orbits",
    "cover_orbits",
    "direct_sum",
    "equivariant_orbits",
    "image_representation",
    "invariant_orbits",
    "mixed_coordinates",
    "read_symmetry",
    "symmetry_python",
    "symmetry_yaml",
]
