"""Small simulators whose symmetry is known."""

import gymnasium
import numpy as np


class World(gymnasium.Env):
    """s' = step(s, a), r = reward(s, a), o = observe(s); episodes begin at normal states."""

    def __init__(self, state_dim, action_dim, step, reward=None, observe=None, noise=0.0):
        self._step, self._noise = step, noise
        self._reward = reward or (lambda s, a: -float(s @ s) - 0.1 * float(a @ a))
        self._observe = observe or (lambda s: s)
        self.dim = state_dim
        size = len(self._observe(np.zeros(state_dim)))
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (size,), np.float64)
        self.action_space = gymnasium.spaces.Box(-1, 1, (action_dim,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = self.np_random.normal(size=self.dim)
        return self._observe(self.state), {}

    def step(self, action):
        action = np.asarray(action, dtype=np.float64)
        reward = self._reward(self.state, action)
        self.state = self._step(self.state, action) + self._noise * self.np_random.normal(size=self.dim)
        return self._observe(self.state), float(reward), False, False, {}

    def get_state(self):
        return self.state

    def set_state(self, state):
        self.state = np.array(state)
        return self._observe(self.state)


def masses(weights, coupling=0.3):
    """Masses on a line, drawn to the middle and to each other and pushed one by one; equal ones may change places."""
    weights = np.asarray(weights, dtype=float)
    count = len(weights)

    def step(s, a):
        x, v = s[:count], s[count:]
        force = a - x**3 - coupling * (x - x.mean()) - 0.2 * v
        v = v + 0.1 * force / weights
        return np.concatenate([x + 0.1 * v, v])

    return World(2 * count, count, step)


def plane(pull=(1.0, 1.0), observe=None):
    """A point in the plane, drawn to the middle and damped by the cube of its speed."""

    def step(s, a):
        x, v = s[:2], s[2:]
        v = v + 0.1 * (a - np.array(pull) * x - 0.1 * (v @ v) * v)
        return np.concatenate([x + 0.1 * v, v])

    return World(4, 2, step, observe=observe)
