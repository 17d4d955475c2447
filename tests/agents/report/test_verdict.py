"""A verdict claims the differences that are there and, the negative control, none that are not."""

import dataclasses

import numpy as np

from nearsym.agents.report.estimates import Estimate
from nearsym.agents.report.records import Comparison, Record
from nearsym.agents.report.settings import ReportSettings
from nearsym.agents.report.statistics import summarise
from nearsym.agents.report.verdict import FEWEST, clear_differences, verdict


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


def judged(comparison):
    return verdict(summarise(comparison, ReportSettings("x")), 0.95)


def sentences(comparison):
    return judged(comparison).sentences


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


def test_five_networks_that_do_not_differ_are_not_called_different(tmp_path):
    """In 5% of reports at most, however many comparisons each makes; the control: in most, without correction."""
    claims = alone = 0
    for generator in range(100):
        levels = dict.fromkeys(("plain", "augmented", "exact", "rpp", "relaxed"), 500)
        alike = comparison(tmp_path, levels, seeds=5, generator=generator, perturbations=({}, {"wind": 1.0}))
        summary = summarise(alike, ReportSettings("x"))
        found = verdict(summary, 0.95)
        claims += any(one.difference for one in found.sentences)
        alone += any(n.excludes(0) for n in summary.estimates if n.quantity.endswith("difference"))
    assert claims <= 10  # of 100 at 5%: more than 10 in one of a hundred tries
    assert alone >= 40


def test_the_control_would_notice_a_difference(tmp_path):
    claims = 0
    for generator in range(5):
        unlike = comparison(tmp_path, {"plain": 500, "relaxed": 600}, seeds=8, generator=generator)
        claims += any(one.difference and "final" in one.lead for one in sentences(unlike))
    assert claims == 5


def test_too_few_seeds_claim_nothing(tmp_path):
    found = sentences(comparison(tmp_path, {"plain": 100, "relaxed": 900}, seeds=FEWEST - 1))
    assert not any(one.difference for one in found)
    assert "(4 seeds, and 5 are needed to claim one): relaxed" in found[0].text
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


def test_a_verdict_says_how_far_to_trust_it(tmp_path):
    found = judged(comparison(tmp_path, {"plain": 500, "exact": 500, "relaxed": 900}))
    last = found.sentences[-1].text
    # three pairs, at the end and over training
    assert "6 comparisons are made here, and 4 differences are clear" in last
    assert "more 95% intervals exclude no difference on their own; of 6 about 1 would by chance" in last
    assert "In simulations with 5 seeds, 95% intervals held the mean of one network in 95% of cases" in last


def test_a_headline_says_who_is_ahead_of_whom(tmp_path):
    ahead = judged(comparison(tmp_path, {"plain": 400, "exact": 700, "relaxed": 720}, spread=20))
    assert ahead.headline == [
        "dmc/x: relaxed has the highest mean final return, clearly above plain; no clear difference from exact."
    ]
    level = judged(comparison(tmp_path, {"plain": 500, "relaxed": 500}))
    (line,) = level.headline
    assert line in [
        f"dmc/x: {best} has the highest mean final return; no clear difference from {other}."
        for best, other in (("plain", "relaxed"), ("relaxed", "plain"))
    ]
    assert judged(comparison(tmp_path, {"plain": 500})).headline == []


def test_clear_is_what_holds_after_correction():
    """p-values of 0.001 and 0.02 among ten: the first holds, the second does not, nor one with too few seeds."""

    def estimate(network, p, runs=5):
        return Estimate("m, difference", "x", network, 1, 0.1, 2, runs, "plain", p_value=p)

    compared = [
        estimate("a", 0.001),
        estimate("b", 0.02),
        estimate("c", 1e-6, runs=4),
        *(estimate(str(k), 0.5) for k in range(7)),
    ]
    clear = clear_differences(compared, 0.95)
    assert [clear(one) for one in compared[:3]] == [True, False, False]
    ratio = dataclasses.replace(compared[0], quantity="m, ratio")
    assert clear(ratio) and not clear(dataclasses.replace(ratio, where="elsewhere"))
    alone = clear_differences(compared[1:2], 0.95)
    assert alone(compared[1])
