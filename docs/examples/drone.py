"""A drone with four rotors as a user would write it: which of them points north makes no difference."""

import gymnasium
import numpy as np

from nearsym.envs.symmetry import Symmetry

QUARTER, MIRROR = [[0, -1], [1, 0]], [[1, 0], [0, -1]]
ROTORS = (
    [3, 0, 1, 2],
    [0, 3, 2, 1],
)  # east, north, west, south: where each stands after a quarter turn, and in the mirror


def observed(turn):
    """Position, velocity, tilt and its rate are planar vectors; height and climb stay what they are."""
    return [[*row, 0, 0] for row in np.kron(np.eye(4), turn).tolist()] + [[0] * 8 + [1, 0], [0] * 8 + [0, 1]]


SQUARE = Symmetry.generated(observation=[observed(QUARTER), observed(MIRROR)], action=list(ROTORS))


class Drone(gymnasium.Env):
    """Fly to a point and stay there. The drone levels itself, and something else holds its heading.

    Args:
        worn: how much weaker the rotor in the east pulls than the others, 0 to 1.
    """

    # position, velocity, tilt and its rate in the plane, height above the point, climb
    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (10,), np.float32)
    action_space = gymnasium.spaces.Box(-1, 1, (4,), np.float32)  # how hard each rotor pulls; at 0 together, the weight

    symmetry = SQUARE

    GRAVITY, TURN, LEVEL, DAMPING, DRAG, STEP = 9.81, 1.0, 8.0, 4.0, 0.3, 0.02

    def __init__(self, worn=0.0):
        self.strength = self.GRAVITY / 4 * np.array([1 - worn, 1, 1, 1])
        self.plane, self.height = np.zeros((4, 2)), np.zeros(2)

    def reset(self, *, seed=None, options=None):
        """Somewhere near, level and at rest."""
        super().reset(seed=seed)
        self.plane, self.height, self.steps = np.zeros((4, 2)), np.zeros(2), 0
        self.plane[0], self.height[0] = self.np_random.uniform(-2, 2, 2), self.np_random.uniform(-1, 1)
        return self.observe(), {}

    def step(self, action):
        """A tenth of a second."""
        pulls = self.strength * (1 + 0.5 * np.clip(np.asarray(action, float), -1, 1))
        lift = pulls.sum()
        torque = self.TURN * np.array([pulls[2] - pulls[0], pulls[3] - pulls[1]])  # more in the west tilts it eastwards
        position, velocity, tilt, rate = self.plane
        height, climb = self.height
        for _ in range(5):
            rate = rate + self.STEP * (4 * torque - self.LEVEL * tilt - self.DAMPING * rate)
            tilt = tilt + self.STEP * rate
            velocity = velocity + self.STEP * (lift * np.sin(tilt) - self.DRAG * velocity)
            position = position + self.STEP * velocity
            climb = climb + self.STEP * (lift * np.cos(tilt).prod() - self.GRAVITY - self.DRAG * climb)
            height = height + self.STEP * climb
        self.plane, self.height = np.array([position, velocity, tilt, rate]), np.array([height, climb])
        self.steps += 1
        far = position @ position + height**2
        return self.observe(), float(1 / (1 + 4 * far)), False, self.steps == 100, {}

    def observe(self):
        """What the agent sees: all there is."""
        return self.get_state().astype(np.float32)

    def get_state(self):
        """For the audit."""
        return np.concatenate([self.plane.ravel(), self.height])

    def set_state(self, state):
        """For the audit; returns the observation there."""
        self.plane, self.height, self.steps = np.reshape(state[:8], (4, 2)).copy(), np.array(state[8:]), 0
        return self.observe()
