"""Groups, their representations, and the symmetry an environment declares (numpy and scipy only)."""

from .assembled import Each, Grid, History
from .blocks import chain
from .declaration import from_parts
from .group import Group
from .image import image_representation
from .isometry import Isometry, exchange, mirror, turn
from .observation import Image, Observation, Parts, Vector, Window
from .orbits import Orbits, coordinate_orbits, cover_orbits, equivariant_orbits, invariant_orbits, mixed_coordinates
from .products import with_products
from .representation import Representation, direct_sum
from .restriction import PRODUCTS, restricted
from .statistics import OrbitStatistics
from .subgroups import generated_subgroup, largest_subgroup
from .symmetry import Symmetry
from .words import (
    Angles,
    EulerAngles,
    Hinges,
    Part,
    Phases,
    Pseudoscalars,
    Pseudovectors,
    Quaternions,
    Rotations,
    Scalars,
    Slides,
    Vectors,
)
from .written import read_symmetry, symmetry_python, symmetry_yaml

__all__ = [
    "PRODUCTS",
    "Angles",
    "Each",
    "EulerAngles",
    "Grid",
    "Group",
    "Hinges",
    "History",
    "Image",
    "Isometry",
    "Observation",
    "OrbitStatistics",
    "Orbits",
    "Part",
    "Parts",
    "Phases",
    "Pseudoscalars",
    "Pseudovectors",
    "Quaternions",
    "Representation",
    "Rotations",
    "Scalars",
    "Slides",
    "Symmetry",
    "Vector",
    "Vectors",
    "Window",
    "chain",
    "coordinate_orbits",
    "cover_orbits",
    "direct_sum",
    "equivariant_orbits",
    "exchange",
    "from_parts",
    "generated_subgroup",
    "image_representation",
    "invariant_orbits",
    "largest_subgroup",
    "mirror",
    "mixed_coordinates",
    "read_symmetry",
    "restricted",
    "symmetry_python",
    "symmetry_yaml",
    "turn",
    "with_products",
]
