"""The files beside are a program, `python tests/fuzz`, whose parts import each other by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
