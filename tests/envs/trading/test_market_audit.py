"""Audits of markets whose symmetry is known because they are made up."""

from collections.abc import Callable

from nearsym.envs import audit
from nearsym.envs.trading import Portfolio
from nearsym.envs.trading.prices import Prices

SPLIT = {"validation_years": 1, "test_years": 1}


def verdicts(prices: Prices) -> dict[str, str]:
    env = Portfolio(prices=prices, window=20, short=True, **SPLIT)
    return {element.element: element.verdict for element in audit(env, samples=60, seed=0).elements}


def test_assets_of_one_law_are_interchangeable(walks: Callable[..., Prices]) -> None:
    found = verdicts(walks(4000))
    assert set(found) == {"A<->B", "B<->C", "C<->D", "flip"}
    assert set(found.values()) == {"consistent"}


def test_a_nervous_asset_is_found_and_no_other(walks: Callable[..., Prices]) -> None:
    found = verdicts(walks(4000, volatility=[0.01, 0.01, 0.03, 0.01]))
    assert found["A<->B"] == found["flip"] == "consistent"
    assert found["B<->C"] != "consistent" and found["C<->D"] != "consistent"


def test_a_drift_breaks_the_flip_alone(walks: Callable[..., Prices]) -> None:
    found = verdicts(walks(4000, drift=0.003))
    assert found.pop("flip") != "consistent"
    assert set(found.values()) == {"consistent"}
