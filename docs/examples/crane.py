"""A gantry crane over a square yard as a user would write it: two rails at right angles, and a load on a rope."""

import gymnasium
import numpy as np

from nearsym.envs.symmetry import Symmetry

QUARTER, MIRROR = [[0, -1], [1, 0]], [[1, 0], [0, -1]]

# north is as good as east: quarter turns and mirrors, of four planar vectors at once
SQUARE = Symmetry.generated(
    observation=[np.kron(np.eye(4), QUARTER), np.kron(np.eye(4), MIRROR)], action=[QUARTER, MIRROR]
)


class Crane(gymnasium.Env):
    """Bring the load to the middle of the yard and keep it still there.

    Args:
        wear: how much weaker the motor of the x rail pulls than that of the y rail, 0 to 1.
    """

    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (8,), np.float32)  # trolley, its speed, sway, its speed
    action_space = gymnasium.spaces.Box(-1, 1, (2,), np.float32)  # how hard each motor pulls

    symmetry = SQUARE

    ROPE, GRAVITY, PULL, FRICTION, REACH, STEP = 1.0, 9.81, 2.0, 0.5, 2.0, 0.02

    def __init__(self, wear=0.0):
        self.strength = self.PULL * np.array([1 - wear, 1])
        self.state = np.zeros((4, 2))

    def reset(self, *, seed=None, options=None):
        """The trolley anywhere, the load at rest."""
        super().reset(seed=seed)
        self.state, self.steps = np.zeros((4, 2)), 0
        self.state[0] = self.np_random.uniform(-1.5, 1.5, 2)
        return self.observe(), {}

    def step(self, action):
        """A tenth of a second."""
        position, speed, sway, sway_speed = self.state
        for _ in range(5):
            pull = self.strength * action - self.FRICTION * speed
            speed = speed + self.STEP * pull
            position = position + self.STEP * speed
            stopped = np.abs(position) > self.REACH
            position, speed = np.clip(position, -self.REACH, self.REACH), np.where(stopped, 0, speed)
            swing = -self.GRAVITY * np.sin(sway) - pull * np.cos(sway) - 0.1 * sway_speed
            sway_speed = sway_speed + self.STEP * swing / self.ROPE
            sway = sway + self.STEP * sway_speed
        self.state = np.array([position, speed, sway, sway_speed])
        self.steps += 1
        load = position + self.ROPE * np.sin(sway)
        reward = 1 / (1 + 10 * load @ load)
        return self.observe(), float(reward), False, self.steps == 200, {}

    def observe(self):
        """What the agent sees: all there is."""
        return self.state.ravel().astype(np.float32)

    def get_state(self):
        """For the audit."""
        return self.state.ravel().copy()

    def set_state(self, state):
        """For the audit; returns the observation there."""
        self.state = np.reshape(state, (4, 2)).copy()
        return self.observe()
