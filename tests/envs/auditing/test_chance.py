"""Audits of random worlds whose distance from their mirror image is known."""

import numpy as np
import pytest

from nearsym.envs import audit
from nearsym.envs.symmetry import Symmetry
from tests.envs.auditing.test_audit import Line

MIRROR = Symmetry.reflection(observation=[-1], action=[-1])


class Slippery(Line):
    """A jump to the right with some probability, on the right side alone or on both."""

    def __init__(self, chance, both=False):
        super().__init__()
        self.chance, self.both = chance, both

    def step(self, action):
        side = np.sign(self.x) if self.both else self.x > 0
        before, jumps = self.x, self.np_random.random() < self.chance
        result = super().step(action)
        self.x = before + action + jumps * side
        return self.seen(), *result[1:]


@pytest.mark.parametrize(("chance", "least"), [(0.1, 4), (0.03, 3)])
def test_an_event_on_one_side_is_not_missed(chance, least):
    """W₁ is the chance itself wherever one of s and gs is on the right: everywhere."""
    found = []
    for seed in range(4):
        report = audit(Slippery(chance), MIRROR, samples=200, seed=seed)
        interval = report.elements[0].intervals.transition
        assert report.verdict != "exact" and interval.low <= chance <= interval.high
        found.append(report.verdict)
    assert sum(verdict in ("approximate", "broken") for verdict in found) >= least


def test_an_event_on_both_sides_breaks_nothing():
    """Negative control: as random, and symmetric."""
    for seed in range(4):
        report = audit(Slippery(0.1, both=True), MIRROR, samples=200, seed=seed)
        assert report.verdict == "consistent" and report.elements[0].intervals.transition.low < 1e-3


def test_no_two_steps_are_taken_with_one_seed():
    seeds = []

    class Counted(Line):
        def reset(self, *, seed=None, options=None):
            seeds.append(seed)
            return super().reset(seed=seed)

    audit(Counted(noise=0.1), MIRROR, samples=20)
    assert len(seeds) > 20 * 64 and len(set(seeds)) == len(seeds)


@pytest.mark.parametrize("wind", [0.0, 0.01, 0.05])
def test_the_interval_holds_the_distance(wind):
    """x' ~ N(x + a + w, 0.1): the distance is 2w, and the reading without chance is nearer to it than the raw one."""
    report = audit(Line(noise=0.1, wind=wind), MIRROR, samples=200)
    (element,) = report.elements
    interval = element.intervals.transition
    assert interval.low <= 2 * wind <= interval.high
    assert abs(interval.estimate - 2 * wind) <= abs(element.transition.mean - 2 * wind) + 1e-3
    assert (report.verdict == "consistent") == (
        wind == 0
    ) or wind == 0.01  # 0.02 is a fifth of the noise: see docs/audit.md
