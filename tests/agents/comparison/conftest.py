"""A suite of a few short runs, as the launching tests carry it out or pretend to."""

import pytest

from nearsym.agents.comparison.launch import orders_of, states_at_start
from nearsym.agents.comparison.ledger import Ledger
from nearsym.agents.comparison.settings import CompareSettings
from nearsym.agents.comparison.suite import Network, Suite, Task

CHOICES = ["exact", "plain", "relaxed", "rpp"]
TINY = Suite(
    name="tiny",
    tasks=(Task("Pendulum-v1", 200, {"max_episode_steps": 25}),),
    networks=(Network("relaxed", "relaxed"), Network("plain", "plain")),
    seeds=(0, 1),
    overrides=(
        "network.width=16",
        "agent.batch_size=16",
        "agent.learning_starts=20",
        "eval_every=40",
        "eval_episodes=1",
        "checkpoint_every=50",
    ),
    episodes=2,
    noise=(0.0, 0.1),
)


@pytest.fixture
def tiny():
    return TINY


@pytest.fixture
def ledger_of():
    """Opens the ledger of a folder."""
    return lambda out, suite=TINY: Ledger(out, suite, CHOICES)


@pytest.fixture
def prepare(ledger_of):
    """The ledger of a folder, the orders of its runs, and where they stand."""

    def prepared(out, suite=TINY, **settings):
        ledger = ledger_of(out, suite)
        orders = orders_of(ledger, CompareSettings(**settings))
        return ledger, orders, states_at_start(orders, ledger)

    return prepared
