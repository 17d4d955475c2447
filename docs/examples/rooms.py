"""Five rooms on one boiler as a user would write it: whichever room is whichever, so they may change places."""

import gymnasium
import numpy as np

from nearsym.envs.symmetry import Symmetry

ROOMS = 5

# any order of the rooms: the first two change places, and all move on by one; it is outside that stays outside
SWAP, ROUND = [1, 0, *range(2, ROOMS)], [*range(1, ROOMS), 0]
ANY_ORDER = Symmetry.generated(
    observation=[[*turn, *(ROOMS + i for i in turn), 2 * ROOMS] for turn in (SWAP, ROUND)], action=[SWAP, ROUND]
)


class Rooms(gymnasium.Env):
    """Keep every room at the temperature that is wished there. The boiler cannot heat all at once, and walls leak.

    Args:
        draught: by how much the first room leaks more than the others, as a multiple of their leak.
        misread: by how much the thermometer of the first room shows too much.
    """

    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (2 * ROOMS + 1,), np.float32)  # missing, inside, outside
    action_space = gymnasium.spaces.Box(-1, 1, (ROOMS,), np.float32)  # how far each valve is open: -1 shut, 1 open

    symmetry = ANY_ORDER

    HEAT, LEAK, BETWEEN, STEP = 4.0, 0.25, 0.1, 0.2

    def __init__(self, draught=0.0, misread=0.0):
        self.error = misread * np.eye(1, ROOMS)[0]
        self.leak = self.LEAK * np.array([1 + draught, *[1] * (ROOMS - 1)])
        self.inside, self.wished, self.outside = np.zeros(ROOMS), np.zeros(ROOMS), 0.0

    def reset(self, *, seed=None, options=None):
        """A cold morning, in units of ten degrees."""
        super().reset(seed=seed)
        self.inside = self.np_random.uniform(0.5, 1.5, ROOMS)
        self.wished = self.np_random.uniform(1.5, 2.5, ROOMS)
        self.outside, self.steps = self.np_random.uniform(-0.5, 1.0), 0
        return self.observe(), {}

    def step(self, action):
        """Some minutes."""
        valves = (np.clip(np.asarray(action, float), -1, 1) + 1) / 2
        heat = self.HEAT * valves / max(1.0, valves.sum())  # one boiler: what one room takes, others miss
        neighbours = self.BETWEEN * (self.inside.mean() - self.inside)
        self.inside = self.inside + self.STEP * (heat - self.leak * (self.inside - self.outside) + neighbours)
        self.steps += 1
        missing = self.wished - self.inside
        if self.steps % 20 == 0:  # somebody turns a knob
            self.wished[self.np_random.integers(ROOMS)] = self.np_random.uniform(1.5, 2.5)
        return self.observe(), float(np.exp(-4 * missing**2).mean()), False, self.steps == 100, {}

    def observe(self):
        """What the agent sees: what is missing in each room, how warm each is, and how cold it is outside."""
        shown = self.inside + self.error
        return np.array([*(self.wished - shown), *shown, self.outside], np.float32)

    def get_state(self):
        """Everything the next step depends on, but for when a knob is turned."""
        return np.concatenate([self.wished, self.inside, [self.outside]])

    def set_state(self, state):
        """Go there."""
        self.wished, self.inside, self.outside = state[:ROOMS].copy(), state[ROOMS:-1].copy(), float(state[-1])
        self.steps = 0
        return self.observe()
