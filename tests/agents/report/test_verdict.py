"""A verdict claims the differences that are there and, the negative control, none that are not."""

import numpy as np
import pytest

from nearsym.agents.report.records import Comparison, Record
from nearsym.agents.report.settings import ReportSettings
from nearsym.agents.report.statistics import summarise
from nearsym.agents.report.verdict import FEWEST, verdict


def comparison(tmp_path, levels, seeds=6, generator=0, noise=None, perturbations=({},), spread=30.0):
    """Runs that end around a level, with a spread between seeds."""
    rng = np.random.default_rng(generator)
    records = []
    for perturbation in perturbations:
        for network, level in levels.items():
            if callable(level):
                level = level(perturbation)
            for seed in range(seeds):
                returns = np.array([0.0, 0.5, 1.0]) * (level + spread * rng.normal())
                heard = {x: float(returns[-1] * (1 - x * noise[network])) for x in (0.0, 0.5)} if noise else {}
                steps = np.array([0, 1000, 2000])
                path = tmp_path / network
                records.append(Record(path, "dmc/x", perturbation, network, seed, steps, returns, noise=heard))
    return Comparison("test", records, [])


def sentences(comparison, resamples=300):
    settings = ReportSettings("x", resamples=resamples)
    return verdict(summarise(comparison, settings), settings.level)


def test_a_network_that_is_better_is_said_to_be(tmp_path):
    found = sentences(comparison(tmp_path, {"plain": 400, "exact": 400, "relaxed": 700}))
    claimed = [one.text for one in found if one.difference]
    assert all("relaxed" in text for text in claimed)
    for lead in ("Higher return over training than", "Higher final return than"):
        for reference in ("plain", "exact"):
            assert any(text.startswith(f"{lead} {reference}: relaxed 1.") for text in claimed)
    unclear = " ".join(one.text for one in found if not one.difference)
    assert "No clear difference from plain in final return (6 seeds): exact" in unclear


def test_a_network_that_is_worse_is_said_to_be(tmp_path):
    found = sentences(comparison(tmp_path, {"plain": 700, "relaxed": 400}))
    assert any(one.text.startswith("Lower final return than plain: relaxed 0.") for one in found if one.difference)
    assert not any("Higher" in one.text for one in found)


def test_where_nothing_differs_no_difference_is_claimed(tmp_path):
    """A rate over many comparisons of equals: 5% of intervals may leave out zero, and no more than chance allows."""
    claims = 0
    for generator in range(25):
        alike = comparison(tmp_path, {"plain": 500, "relaxed": 500}, seeds=8, generator=generator)
        claims += any(one.difference and "final" in one.lead for one in sentences(alike, resamples=100))
    assert claims <= 4  # of 25 at 5%: more than 4 in one of a hundred tries


def test_the_control_would_notice_a_difference(tmp_path):
    claims = 0
    for generator in range(5):
        unlike = comparison(tmp_path, {"plain": 500, "relaxed": 600}, seeds=8, generator=generator)
        claims += any(one.difference and "final" in one.lead for one in sentences(unlike, resamples=200))
    assert claims == 5


def test_too_few_seeds_claim_nothing(tmp_path):
    found = sentences(comparison(tmp_path, {"plain": 100, "relaxed": 900}, seeds=FEWEST - 1))
    assert not any(one.difference for one in found)
    assert "(3 seeds, and 4 are needed to claim one): relaxed" in found[0].text
    assert any(one.difference for one in sentences(comparison(tmp_path, {"plain": 100, "relaxed": 900}, seeds=FEWEST)))


def test_noise_and_strength_are_judged(tmp_path):
    fragile = comparison(tmp_path, {"plain": 600, "relaxed": 600}, noise={"plain": 1.5, "relaxed": 0.2}, spread=5)
    claimed = [one.text for one in sentences(fragile) if one.difference]
    assert any(text.startswith("Higher return under observation noise than plain: relaxed") for text in claimed)

    def breaks(perturbation):
        return 300 if perturbation else 800

    broken = comparison(tmp_path, {"exact": breaks, "relaxed": 800}, perturbations=({}, {"wind": 1.0}), spread=5)
    found = {one.lead: one for one in sentences(broken)}
    assert found["Final score lowered by wind 1: "].rest.startswith("exact by 0.")
    assert found["No clear effect of wind 1 on the final score (6 seeds): "].rest.startswith("relaxed by")


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_a_verdict_says_how_many_differences_are_chance(tmp_path, level):
    settings = ReportSettings("x", resamples=20, level=level)
    summary = summarise(comparison(tmp_path, {"plain": 500, "exact": 500, "relaxed": 500}), settings)
    last = verdict(summary, level)[-1].text
    # three pairs in three measures: over training, at the end, steps to threshold
    assert f"rest on 9 intervals of {level:.0%}" in last
    assert f"about {max(1, round(9 * (1 - level)))} of them" in last
