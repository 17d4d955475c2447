"""One thread for each test process, and property tests that draw the same examples every time."""

import os

# Before torch and numpy are imported: many small tensors on two cores are fastest so, and sums keep their order.
os.environ["OMP_NUM_THREADS"] = "1"

from hypothesis import settings

settings.register_profile("nearsym", derandomize=True, deadline=None)
settings.load_profile("nearsym")
