"""Settings of `nearsym bench`."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.algorithms.settings import check_range
from nearsym.agents.runs.build import device_named
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.envs.errors import InputError, did_you_mean
from nearsym.networks import Family, Relaxed

from .suites import SUITES

LEARNING = "learning"
"""What is no suite: it trains, and draws what is learned."""

RENAMED = {"speed": "sac", "pixels": "encoder, what=drqv2, what=render and what=replay"}
"""Earlier names of suites."""


@dataclass(frozen=True)
class BenchSettings:
    """One suite of timings, or learning curves of our SAC and stable-baselines3's.

    Attributes:
        env: the environment (``sac``, ``learning``, and one more of ``environments``).
        agent: hyperparameters, the same for all (``sac``, ``learning``); its batch size is that of every suite.
        network: width and depth, the same for all; the family is varied, but for ``learning`` and ``seeds``.
        what: ``sac`` times training steps and updates beside stable-baselines3 (and SBX), ``layers`` single layers
            beside `torch.nn.Linear`, ``encoder`` encoders of images beside escnn's, ``drqv2`` its whole updates,
            ``render`` drawing, ``replay`` buffers beside stable-baselines3's, ``environments`` several in processes of
            their own and the loop around one, ``seeds`` updates of several seeds at once beside one after another,
            ``ppo`` PPO on ``env.count`` environments; ``learning`` trains and evaluates.
        symmetry: as for training.
        rounds: turns each contender gets.
        steps: training steps, updates or frames in each turn.
        compile: compile our updates and actions first, as long runs do; otherwise they run as they stand.
        sbx: Python of an environment with SBX, which then takes turns in ``sac``.
        groups: of ``layers`` (C2, D4, S20: turns, turns and mirrors, permutations) and ``encoder`` (D1, C4, D4).
        widths: of ``layers`` and ``seeds``; empty takes that of the network.
        batches: of ``layers`` and ``seeds``; empty takes that of the agent.
        seeds: of ``learning`` and ``seeds``.
        total_steps: environment steps of each learning curve.
        eval_every: steps between its points.
        eval_episodes: episodes for each point.
        threads: torch threads.
        device: of the networks, ``cpu`` or ``cuda`` (``sac``, ``encoder``, ``drqv2``, ``seeds``, ``learning``).
        out: timings are also written to <out>.json; ``learning`` writes <out>.csv and <out>.png.

    Raises:
        InputError: a value is out of range.
    """

    env: EnvSettings = field(default_factory=EnvSettings)
    agent: SACSettings = field(default_factory=SACSettings)
    network: Family = field(default_factory=Relaxed)
    what: str = "sac"
    symmetry: str | None = None
    rounds: int = 5
    steps: int = 200
    compile: bool = True
    sbx: str | None = None
    groups: list[str] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    seeds: list[int] = field(default_factory=lambda: [0, 1, 2])
    total_steps: int = 12_000
    eval_every: int = 1000
    eval_episodes: int = 5
    threads: int = 1
    device: str = "cpu"
    out: str | None = None

    def __post_init__(self) -> None:
        known = (*SUITES, LEARNING)
        if self.what in RENAMED:
            raise InputError(f"what={self.what} is called what={RENAMED[self.what]}")
        if self.what not in known:
            meant = did_you_mean(self.what, known)
            raise InputError(f"what is {self.what!r}{meant}, expected {', '.join(known[:-1])} or {known[-1]}")
        if not self.seeds or min(self.seeds) < 0:
            raise InputError(f"seeds is {self.seeds}, expected whole numbers >= 0 such as [0,1,2]")
        for name in ("widths", "batches"):
            if any(size < 1 for size in getattr(self, name)):
                raise InputError(f"{name} is {getattr(self, name)}, expected whole numbers >= 1 such as [128,256]")
        check_range("", self, 1, ("rounds", "steps"))
        self.training(0)

    @property
    def machine(self) -> str:
        """What a table's title says of it: the GPU where one is used, and the threads.

        Raises:
            InputError: the device is not there.
        """
        device = device_named(self.device)
        gpu = f"{torch.cuda.get_device_name(device)}, " if device.type == "cuda" else ""
        return f"{gpu}{self.threads} thread(s)"

    def training(self, seed: int) -> TrainSettings:
        """The training run that all contenders get."""
        return TrainSettings(
            env=self.env,
            agent=self.agent,
            network=self.network,
            symmetry=self.symmetry,
            seed=seed,
            total_steps=self.total_steps,
            eval_every=self.eval_every,
            eval_episodes=self.eval_episodes,
            threads=self.threads,
            device=self.device,
            compile=str(self.compile).lower(),
        )
