"""A user's own environments with faults: in the constructor, at once, or only after some steps."""

from __future__ import annotations

import random
from pathlib import Path

from case import Case, draw_for
from places import common

PARTS: dict[str, tuple[str, ...]] = {
    "observation_space": (
        "Box(-np.inf, np.inf, (3,), np.float32)",
        "Box(-1, 1, (2,), np.float64)",
        "Box(-1, 1, (2, 1), np.float32)",
        "Box(-1, 1, (), np.float32)",
        "Box(-1, 1, (0,), np.float32)",
        "Box(0, 255, (2,), np.uint8)",
        "Box(0, 255, (9, 9, 3), np.uint8)",
        "Box(-5, 5, (2,), np.int64)",
        "Dict(a=Box(-1, 1, (1,)), b=Box(-1, 1, (1,)))",
        "Dict(a=Dict(b=Box(-1, 1, (2,))))",
        "Dict()",
        "Dict(a=Discrete(3), b=Box(-1, 1, (2,)))",
        "Tuple((Box(-1, 1, (1,)), Box(-1, 1, (1,))))",
        "Discrete(3)",
        "MultiDiscrete([2, 3])",
        "MultiBinary(2)",
        "Text(5)",
        "Sequence(Box(-1, 1, (2,)))",
        "None",
        "3",
        "Box",
    ),
    "action_space": (
        "Box(-np.inf, np.inf, (1,), np.float32)",
        "Box(0, np.inf, (1,), np.float32)",
        "Box(-1, 1, (), np.float32)",
        "Box(-1, 1, (1, 1), np.float32)",
        "Box(-1, 1, (0,), np.float32)",
        "Box(-1, 1, (2,), np.float32)",
        "Box(1, 1, (1,), np.float32)",
        "Box(0, 9, (1,), np.int64)",
        "Box(-1e38, 1e38, (1,), np.float32)",
        "Box(-1, 1, (1,), np.float64)",
        "Discrete(2)",
        "MultiDiscrete([2, 3])",
        "Dict(a=Box(-1, 1, (1,)))",
        "Tuple((Box(-1, 1, (1,)),))",
        "None",
        "'left or right'",
    ),
    "built": (
        "raise RuntimeError('no motor')",
        "raise SystemExit('no licence')",
        "raise Odd",
        "self.observation_space = None",
        "del self.nothing",
        "raise RecursionError",
        "raise MemoryError",
        "raise FileNotFoundError(2, 'no such file', 'model.xml')",
    ),
    "started": (
        "raise KeyError('goal')",
        "raise SystemExit",
        "return seen",
        "return None",
        "return seen, None",
        "return seen, {}, {}",
        "return {}, seen",
        "return [seen], {}",
        "return None, {}",
        "return np.array([np.nan, 0], np.float32), {}",
        "return np.zeros(5, np.float32), {}",
        "return seen.astype(object), {}",
        "return seen.tolist(), {}",
        "return seen.astype(complex), {}",
        "return self, {}",
        "return 'left', {}",
        "return seen, {'a': np.zeros(self.np_random.integers(1, 4))}",
        "self.action_space = Box(-1, 1, (4,)); return seen, {}",
        "raise Odd('at\\nreset')",
        "return seen, {1: 2, 'x': object()}",
    ),
    "stepped": (
        "raise ZeroDivisionError",
        "raise SystemExit(0)",
        "raise StopIteration",
        "raise GeneratorExit",
        "raise InputError('a user took our error')",
        "raise OSError(28, 'no space left')",
        "raise MemoryError",
        "raise RecursionError('too deep')",
        "raise AssertionError",
        "raise Odd",
        "raise Odd('two\\nlines')",
        "raise UnicodeDecodeError('utf-8', b'x', 0, 1, 'odd')",
        "return seen, paid, ended, {}",
        "return seen, paid",
        "return None",
        "return seen, None, ended, False, {}",
        "return seen, np.ones(2), ended, False, {}",
        "return seen, 'a', ended, False, {}",
        "return seen, np.nan, ended, False, {}",
        "return seen, 1e400, ended, False, {}",
        "return seen, 1e39, ended, False, {}",
        "return seen, 10**400, ended, False, {}",
        "return seen, 1j, ended, False, {}",
        "return seen, [1.0], ended, False, {}",
        "return seen, {'a': 1}, ended, False, {}",
        "return seen, self, ended, False, {}",
        "return seen, paid, None, False, {}",
        "return seen, paid, 'no', False, {}",
        "return seen, paid, [ended], False, {}",
        "return seen, paid, np.array([1, 0]), False, {}",
        "return seen, paid, ended, np.bool_(ended), {}",
        "return seen, paid, False, False, {}",
        "return seen, paid, True, True, {}",
        "return seen, paid, ended, False, None",
        "return seen, paid, ended, False, []",
        "return seen, paid, ended, False, {'a': np.zeros(self.np_random.integers(1, 4))}",
        "return seen, paid, ended, False, {'a': self.np_random.choice(['b', 1, None, [1, 2]])}",
        "return seen, paid, ended, False, {'a': [None, 1.0, 'x', {}, np.zeros(2), {'b': 1}][self.steps % 6]}",
        "return seen, paid, ended, False, {'_a': 1, 'a': 2, 3: 4}",
        "return seen, paid, ended, False, {'a': {'b': self.steps}, 'final_observation': 'x', 'episode': 3}",
        "return None, paid, ended, False, {}",
        "return seen[:1], paid, ended, False, {}",
        "return np.zeros(5, np.float32), paid, ended, False, {}",
        "return seen.astype(np.float64), paid, ended, False, {}",
        "return (100 * seen).astype(np.int64), paid, ended, False, {}",
        "return seen.astype(complex), paid, ended, False, {}",
        "return seen.astype(str), paid, ended, False, {}",
        "return np.array([seen, None], dtype=object), paid, ended, False, {}",
        "return seen * np.nan, paid, ended, False, {}",
        "return seen + np.float32(1e38), paid, ended, False, {}",
        "return [seen[0], [seen[1]]], paid, ended, False, {}",
        "return {'a': seen}, paid, ended, False, {}",
        "return {'a': seen[:1], 'b': seen[:1]}, paid, ended, False, {}",
        "return self.observation_space.sample(), paid, ended, False, {}",
        "seen[:] = 0; return seen, paid, ended, False, {}",
        "action[:] = 7; return seen, paid, ended, False, {}",
        "action.resize(9); return seen, paid, ended, False, {}",
        "import warnings; warnings.warn('odd', Odd2); return seen, paid, ended, False, {}",
        "np.random.seed(0); np.seterr(all='raise'); return seen, paid, ended, False, {}",
        "print('\\ud800' if False else 'a word'); return seen, paid, ended, False, {}",
        "import os; os.chdir('/'); return seen, paid, ended, False, {}",
    ),
    "got": (
        "return None",
        "return {'a': 1}",
        "return 'left'",
        "return self.state[:1]",
        "raise NotImplementedError",
        "return [self.state]",
        "return np.array([np.nan, 0])",
        "return self.state, self.steps",
        "return np.zeros(0)",
        "return np.zeros((2, 2))",
        "return self",
        "return np.array(['a', 'b'])",
    ),
    "put": (
        "return None",
        "raise ValueError('no such state')",
        "return state[:1]",
        "return {}",
        "return np.array([np.nan, 0])",
        "self.state = None",
        "return self.state, {}",
        "return 'left'",
        "raise SystemExit(3)",
        "return state.astype(complex)",
    ),
    "symmetry": (
        "Symmetry.reflection([1, 1], [-1])",
        "Symmetry.reflection([-1, -1, -1], [-1])",
        "Symmetry.reflection([-1, -1], [-1, -1])",
        "Symmetry.reflection([-1, -1], [-1], state=[-1])",
        "Symmetry.reflection([-1, 1], [1], state=[-1, 1])",
        "Symmetry.generated(observation=[[1, 0]], action=[[0]])",
        "Symmetry.generated(observation=[np.eye(3)], action=[np.eye(1)])",
        "None",
        "3",
        "Symmetry",
        "property(lambda self: 1 / 0)",
        "lambda: 3",
    ),
    "elsewhere": (
        "def close(self): raise RuntimeError('cannot close')",
        "def __str__(self): raise RuntimeError('nameless')",
        "def __getattr__(self, name): raise KeyError(name)",
        "def __getattr__(self, name): return None",
        "metadata = None",
        "spec = 3",
        "render_mode = 'human'",
        "np_random = None",
        "unwrapped = None",
        "frames = 'x'",
        "split = 3\n    def set_split(self, split): raise ValueError('none')",
        "def evaluation(self): return 3",
        "capabilities = 3",
        "state = property(lambda self: 1 / 0)",
        "reset = None",
        "step = 3",
        "tickers = 3\n    splits = 3",
    ),
}

SOURCE = """
import gymnasium
import numpy as np
from gymnasium.spaces import *
from nearsym import Symmetry
from nearsym.envs.errors import InputError


class Odd(Exception):
    def __init__(self, *words):
        super().__init__(*words)

    def __str__(self):
        return super().__str__() or 'odd'


class Odd2(UserWarning):
    pass


class Faulty(gymnasium.Env):
    observation_space = {observation_space}
    action_space = {action_space}
    symmetry = {symmetry}
    {elsewhere}

    def __init__(self, level=1):
        self.state, self.steps = np.zeros(2, np.float32), 0
        {built}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state, self.steps = self.np_random.uniform(-1, 1, 2).astype(np.float32), 0
        seen = self.state.copy()
        {started}
        return seen, {{}}

    def step(self, action):
        self.steps += 1
        self.state = (0.9 * self.state + 0.1 * float(np.sum(action))).astype(np.float32)
        seen, paid, ended = self.state.copy(), -abs(float(self.state[0])), self.steps >= 7
        if self.steps {when}:
            {stepped}
        return seen, paid, ended, False, {{}}

    def get_state(self):
        {got}
        return np.array(self.state, np.float64)

    def set_state(self, state):
        self.state = np.array(state, np.float32)
        {put}
        return self.state.copy()


def symmetry() -> Symmetry:
    return Faulty.symmetry
"""

FINE = {
    "observation_space": "Box(-np.inf, np.inf, (2,), np.float32)",
    "action_space": "Box(-1, 1, (1,), np.float32)",
    "symmetry": "Symmetry.reflection([-1, -1], [-1], state=[-1, -1])",
    "elsewhere": "",
    "built": "pass",
    "started": "pass",
    "stepped": "pass",
    "got": "pass",
    "put": "pass",
}
OFTEN = ("stepped",) * 6 + ("started",) * 2 + tuple(PARTS)
SMALL = ("env=faulty:Faulty", "network.width=8", "agent.batch_size=4", "agent.learning_starts=6", "total_steps=14")
SMALL += ("eval_every=8", "eval_episodes=1", "eval_steps=20", "checkpoint_every=8", "run_dir=runs/new")


def case(number: int, made: Path) -> Case:
    """A command on an environment with one fault, or a few."""
    draw = draw_for("environments", number)
    parts = dict(FINE)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        name = draw.choice(OFTEN)
        parts[name] = draw.choice(PARTS[name])
    when = draw.choice(("", "", "== 3", ">= 4", "== 7", "% 2 == 0"))
    source = SOURCE.format(**parts, when=when or ">= 1")
    words = _words(draw)
    about = "; ".join(f"{name}: {part}" for name, part in parts.items() if part != FINE[name]) + f"; step {when}"

    def prepare(folder: Path) -> None:
        common(folder)
        (folder / "faulty.py").write_text(source)

    return Case(words, prepare, about, ("runs/new", "audit.json", "audit"))


def _words(draw: random.Random) -> tuple[str, ...]:
    if draw.random() < 0.35:
        given = ("audit", "env=faulty:Faulty", "samples=6")
        return (*given, "out=audit.json") if draw.random() < 0.3 else given
    words = ["train", *SMALL, f"network={draw.choice(('plain', 'plain', 'relaxed', 'exact', 'augmented'))}"]
    if draw.random() < 0.4:
        words += ["env.count=2", f"env.processes={draw.choice(('false',) * 9 + ('true',))}"]
    if draw.random() < 0.2:
        words.append(f"env.kwargs.{draw.choice(('level=2', 'levle=2', 'action_repeat=2', 'max_episode_steps=3'))}")
    if draw.random() < 0.15:
        words.append(
            draw.choice(("perturbation.sensor_noise=0.1", "perturbation.actuator_repeat=1", "perturbation.wind=1"))
        )
    if draw.random() < 0.1:
        words.append("symmetry=faulty:symmetry")
    if draw.random() < 0.05:
        words += ["agent=drqsac"]
    return tuple(words)
