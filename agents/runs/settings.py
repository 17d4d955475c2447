"""Typed settings of the commands that train, evaluate, audit and time agents."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.algorithms.settings import AgentSettings, check_range
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import PerturbationSettings
from nearsym.networks import Family, Relaxed

from .noise_kinds import NOISE_KINDS

LONGEST = 10_000
"""Steps after which an episode is cut off that would go on for ever: ten times what most environments last."""

POSITIVE = ("total_steps", "eval_every", "eval_episodes", "eval_steps", "checkpoint_every")

MOST_THREADS, MOST_ENVIRONMENTS = 256, 4096
"""More than any machine makes use of, and fewer than bring it down."""

LARGEST_SEED = 2**32 - 1
"""Of numpy's older generators, which stable-baselines3 seeds too."""


@dataclass(frozen=True)
class EnvSettings:
    """Which environment.

    Attributes:
        id: what `nearsym.envs.make` finds: ``dmc/cartpole-swingup``, ``Pendulum-v1``, ``my_module:MyEnv``.
        kwargs: passed to the environment's constructor.
        count: environments that are stepped together in training.
        processes: whether each of several has a process of its own: ``true``, ``false``, or ``auto`` for those that
            take so long for a step that it pays, where a core is free. Results are the same.

    Raises:
        InputError: a value is out of range.
    """

    id: str = "dmc/cartpole-swingup"
    kwargs: dict[str, Any] = field(default_factory=dict)
    count: int = 1
    processes: str = "auto"

    def __post_init__(self) -> None:
        check_range("env", self, 1, ("count",), MOST_ENVIRONMENTS)
        if str(self.processes).lower() not in ("auto", "true", "false"):
            raise InputError(f"env.processes is {self.processes!r}, expected auto, true or false")


@dataclass(frozen=True)
class TrainSettings:
    """One training run.

    Attributes:
        env: the environment.
        agent: the algorithm and its hyperparameters.
        network: how actor and critic use the symmetry.
        perturbation: what disturbs the environment, in training and evaluation alike.
        pixels: observe a camera instead of numbers (dm_control); images that an environment observes of itself need no
            such thing.
        symmetry: ``my_module:name`` of a `Symmetry` or a function making one, or ``my_file.yaml``; None takes the
            environment's own.
        seed: seeds networks, exploration, replay and every episode.
        total_steps: environment steps (agent decisions) to train for.
        run_dir: folder of the run.
        resume: continue the run in `run_dir` from its last checkpoint.
        eval_every: steps between evaluations, each a row of metrics.csv.
        eval_episodes: episodes in each evaluation.
        eval_steps: longest episode of an evaluation; one that goes on is cut off there, with a warning. In training
            that happens after 10,000 steps, or as many as these where they are more.
        checkpoint_every: steps between checkpoints.
        threads: torch threads.
        device: ``cpu``, ``cuda``, ``mps`` or ``auto``.
        compile: ``true`` compiles updates to machine code when the run starts, which takes up to half a minute and is
            remembered; ``auto`` does where the run is long enough to gain by it. Results differ by rounding alone.
        wandb: a project of Weights & Biases that gets what TensorBoard gets; null for none.

    Raises:
        InputError: a value is out of range.
    """

    env: EnvSettings = field(default_factory=EnvSettings)
    agent: AgentSettings = field(default_factory=SACSettings)
    network: Family = field(default_factory=Relaxed)
    perturbation: PerturbationSettings = field(default_factory=PerturbationSettings)
    pixels: bool = False
    symmetry: str | None = None
    seed: int = 0
    total_steps: int = 20_000
    run_dir: str = "runs/run"
    resume: bool = False
    eval_every: int = 2000
    eval_episodes: int = 5
    eval_steps: int = LONGEST
    checkpoint_every: int = 5000
    threads: int = 1
    device: str = "cpu"
    compile: str = "auto"
    wandb: str | None = None

    def __post_init__(self) -> None:
        if self.compile.lower() not in ("auto", "true", "false"):
            raise InputError(f"compile is {self.compile!r}, expected auto, true or false")
        check_range("", self, 1, POSITIVE)
        check_range("", self, 1, ("threads",), MOST_THREADS)
        check_range("", self, 0, ("seed",), LARGEST_SEED)
        if self.device.split(":")[0] not in ("cpu", "cuda", "mps", "auto"):
            raise InputError(f"device is {self.device!r}, expected cpu, cuda, mps or auto")


@dataclass(frozen=True)
class EvaluateSettings:
    """Evaluation of a finished or interrupted run.

    Attributes:
        run: folder of the run.
        episodes: episodes at each noise level.
        noise: levels of noise on every observation; of a trading run, on observed prices: standard deviations of their
            logarithms.
        noise_kind: ``gaussian``, whose levels are standard deviations in the observation's own units (of an image,
            fractions of full scale), or ``salt_and_pepper``, fractions of an image's pixels that are black or white.
        video: also film the first episode, without noise.
        split: of an environment whose data are divided in time, the period: ``train``, ``validation`` or, by default,
            ``test``.
        trials: of a trading run, how many strategies were tried before this one was chosen, itself included: the more,
            the less its Sharpe ratio says (`deflated_sharpe`).
        seed: seeds episodes and noise.
        threads: torch threads.
        trust: import the modules that the run names from wherever they are; otherwise only from the current folder.

    Raises:
        InputError: a value is out of range.
    """

    run: str
    episodes: int = 10
    noise: list[float] = field(default_factory=lambda: [0.0])
    noise_kind: str = "gaussian"
    video: bool = False
    split: str | None = None
    trials: int = 1
    seed: int = 1
    threads: int = 1
    trust: bool = False

    def __post_init__(self) -> None:
        check_range("", self, 1, ("episodes", "trials"))
        check_range("", self, 1, ("threads",), MOST_THREADS)
        check_range("", self, 0, ("seed",), LARGEST_SEED)
        if not self.noise or not all(math.isfinite(level) and level >= 0 for level in self.noise):
            raise InputError(f"noise is {self.noise}, expected levels >= 0 such as [0,0.1,0.2]")
        if self.noise_kind not in NOISE_KINDS:
            raise InputError(f"noise_kind is {self.noise_kind!r}, expected {' or '.join(NOISE_KINDS)}")
        object.__setattr__(self, "noise", [level + 0.0 for level in self.noise])  # -0 is 0, in files too


@dataclass(frozen=True)
class AuditSettings:
    """Measuring how well a symmetry holds.

    Attributes:
        env: the environment, with a state that can be set.
        perturbation: what disturbs it.
        pixels: observe a camera instead of numbers (dm_control).
        symmetry: ``my_module:name`` of the symmetry, or a file ``my_file.yaml``; None takes the environment's own.
        map: ``my_module:name`` of a function of observations and actions to be audited instead: ``(obs, act) -> (obs,
            act)``, or a data_augmentation_func of rsl_rl or Isaac Lab. The symmetry then says how states move.
        samples: pairs of state and action.
        seed: of the sampling.
        run: folder of a trained run; its environment, perturbation and symmetry are audited, its critic gives a
            Lipschitz constant for the bound, and its relaxed weights are read.
        discount: γ of the bound on the value gap.
        lipschitz: Lipschitz constant of the optimal value function in the state's Euclidean norm, for the bound;
            None takes the run's estimate, or leaves the bound out.
        out: JSON file for the whole report, with a figure beside it; or None.
        trust: of an audit of a run: import the modules that it names from wherever they are; otherwise only from the
            current folder.

    Raises:
        InputError: a value is out of range.
    """

    env: EnvSettings = field(default_factory=EnvSettings)
    perturbation: PerturbationSettings = field(default_factory=PerturbationSettings)
    pixels: bool = False
    symmetry: str | None = None
    map: str | None = None
    samples: int = 1000
    seed: int = 0
    run: str | None = None
    discount: float = 0.99
    lipschitz: float | None = None
    out: str | None = None
    trust: bool = False

    def __post_init__(self) -> None:
        check_range("", self, 1, ("samples",))
        check_range("", self, 0, ("seed",), LARGEST_SEED)
        if not 0 <= self.discount < 1:
            raise InputError(f"discount is {self.discount}, expected 0 <= discount < 1")
        if self.lipschitz is not None and not self.lipschitz >= 0:
            raise InputError(f"lipschitz is {self.lipschitz}, expected null or a number >= 0")


@dataclass(frozen=True)
class TradeSettings:
    """A run of a trading environment, and the prices and holdings of today.

    Attributes:
        run: folder of the run; may be given first, without ``run=``.
        prices: ``yfinance``, or a CSV or parquet file with at least `window` days of every asset, the last one today;
            null takes the prices that the run was trained on.
        start: first day, for yfinance.
        end: day after the last; null for the last there is.
        held: what is held now, fractions of the account's value such as ``[AAPL:0.1,KO:0.2]``; the rest is cash.
        value: of the account, to say numbers of shares.
        out: the same as a CSV.
        trust: import the modules that the run names from wherever they are.

    Raises:
        InputError: the value is not positive, or what is held is no fraction of a ticker.
    """

    run: str
    prices: str | None = None
    start: str | None = None
    end: str | None = None
    held: list[str] = field(default_factory=list)
    value: float = 1_000_000.0
    out: str | None = None
    trust: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.value < math.inf:
            raise InputError(f"value is {self.value:g}, expected what the account is worth, a positive number")
        self.weights()

    def weights(self) -> dict[str, float]:
        """What is held, by ticker."""
        found = {}
        for each in map(str, self.held):
            ticker, _, fraction = each.rpartition(":")
            try:
                found[ticker] = float(fraction)
            except ValueError:
                ticker = ""
            if not ticker:
                raise InputError(f"held has {each!r}, expected a ticker and a fraction such as AAPL:0.1")
        return found
