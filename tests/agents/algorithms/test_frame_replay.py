"""Frames stored once, against a buffer that keeps every episode whole."""

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearsym.agents.algorithms.replay import FrameReplayBuffer
from nearsym.envs.errors import InputError

FRAMES, CHANNELS, SIZE = 3, 2, 4
SPACE = gymnasium.spaces.Box(0, 255, (FRAMES * CHANNELS, SIZE, SIZE), np.uint8)
ACTIONS = gymnasium.spaces.Box(-1, 1, (1,))


def build(size, n_steps=3, discount=0.5):
    return FrameReplayBuffer(size, SPACE, ACTIONS, "cpu", frames=FRAMES, n_steps=n_steps, discount=discount)


class Whole:
    """The naive buffer: every stack of every episode, kept for ever."""

    def __init__(self):
        self.episodes = []

    def begin(self, frame):
        self.episodes.append({"frames": [frame], "actions": [], "rewards": [], "terminated": False})

    def step(self, frame, action, reward, terminated):
        episode = self.episodes[-1]
        episode["frames"].append(frame)
        episode["actions"].append(action)
        episode["rewards"].append(reward)
        episode["terminated"] = terminated

    def stack(self, episode, k):
        frames = self.episodes[episode]["frames"]
        return np.concatenate([frames[max(0, k - back)] for back in range(FRAMES - 1, -1, -1)])

    def transition(self, episode, k, n_steps, discount):
        kept = self.episodes[episode]
        last = min(k + n_steps, len(kept["frames"]) - 1)
        reward = sum(discount**i * kept["rewards"][k + i] for i in range(last - k))
        over = kept["terminated"] and last == len(kept["frames"]) - 1
        return (
            self.stack(episode, k),
            kept["actions"][k],
            self.stack(episode, last),
            reward,
            (not over) * discount ** (last - k),
        )


def frame(number):
    """A frame whose first pixels tell which it is."""
    values = np.zeros((CHANNELS, SIZE, SIZE), dtype=np.uint8)
    values[0, 0, :2] = divmod(number, 256)
    return values


def fill(buffer, whole, lengths, endings):
    """Episodes of given lengths, ended by termination or truncation, the last one left unfinished."""
    number = 0
    for length, terminated in zip(lengths, endings, strict=True):
        whole.begin(frame(number))
        stack = np.concatenate([frame(number)] * FRAMES)
        number += 1
        for k in range(length):
            following = np.concatenate([stack[CHANNELS:], frame(number)])
            action, reward = np.array([number / 1000], dtype=np.float32), float(number % 7)
            last = k == length - 1 and length != lengths[-1]
            info = {"TimeLimit.truncated": last and not terminated}
            buffer.add(stack[None], following[None], action[None], np.array([reward]), np.array([last]), [info])
            whole.step(frame(number), action, reward, last and terminated)
            stack, number = following, number + 1


def known(whole):
    """(episode, step) by the number of the frame a transition starts from."""
    return {
        int(f[0, 0, 0]) * 256 + int(f[0, 0, 1]): (e, k)
        for e, episode in enumerate(whole.episodes)
        for k, f in enumerate(episode["frames"])
    }


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(6, 60),
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=8, unique=True),
    endings=st.lists(st.booleans(), min_size=8, max_size=8),
    n_steps=st.integers(1, 4),
)
def test_samples_are_those_of_a_naive_buffer(size, lengths, endings, n_steps):
    """At episode starts, terminations, truncations, an unfinished last episode, and round the buffer's end."""
    np.random.seed(0)
    buffer, whole = build(size, n_steps), Whole()
    fill(buffer, whole, lengths, endings[: len(lengths)])
    where = known(whole)
    if not buffer._starts(np.arange(buffer.size())).any():
        return  # one long episode has overwritten itself down to nothing
    batch = buffer.sample(200)
    for seen, action, reward, following, discount in zip(*(part.numpy() for part in batch), strict=True):
        newest = seen[-CHANNELS:]
        episode, k = where[int(newest[0, 0, 0]) * 256 + int(newest[0, 0, 1])]
        expected = whole.transition(episode, k, n_steps, 0.5)
        np.testing.assert_array_equal(seen, expected[0])
        np.testing.assert_array_equal(action, expected[1])
        np.testing.assert_array_equal(following, expected[2])
        assert reward == pytest.approx(expected[3]) and discount == pytest.approx(expected[4])


def test_every_transition_that_is_left_can_be_drawn_equally_often():
    np.random.seed(0)
    buffer, whole = build(40), Whole()
    fill(buffer, whole, [5, 7, 20], [True, False, False])
    starts, counts = np.unique(buffer.draw(20_000), return_counts=True)
    assert len(starts) == 5 + 7 + 20
    assert counts.min() > 0.8 * counts.mean() and counts.max() < 1.2 * counts.mean()


def test_a_wrapped_buffer_forgets_the_oldest():
    np.random.seed(0)
    buffer, whole = build(12), Whole()
    fill(buffer, whole, [9, 10], [True, True])
    newest = buffer.sample(300).observations.numpy()[:, -CHANNELS:]
    numbers = newest[:, 0, 0, 0].astype(int) * 256 + newest[:, 0, 0, 1]
    # 21 frames were seen and 12 are left; the last one starts nothing
    assert set(numbers) == set(range(10, 20))


def test_memory_is_that_of_the_frames():
    buffer = FrameReplayBuffer(1000, gymnasium.spaces.Box(0, 255, (9, 85, 85), np.uint8), ACTIONS, "cpu")
    held = sum(getattr(buffer, name).nbytes for name in ("frames", "actions", "rewards", "terminated", "number"))
    assert held <= 1.1 * 1000 * 3 * 85 * 85


def test_a_reset_that_nobody_announced_starts_an_episode():
    """learn() called again resets the environment in the middle of an episode."""
    buffer, whole = build(30), Whole()
    fill(buffer, whole, [4], [False])
    fresh = np.concatenate([frame(500)] * FRAMES)
    following = np.concatenate([fresh[CHANNELS:], frame(501)])
    buffer.add(fresh[None], following[None], np.zeros((1, 1)), np.zeros(1), np.zeros(1, dtype=bool), [{}])
    assert buffer.number[: buffer.size()].tolist() == [0, 1, 2, 3, 4, 0, 1]


def test_it_can_be_saved_and_put_back():
    for size in (50, 12):
        buffer, whole = build(size), Whole()
        fill(buffer, whole, [5, 9], [True, False])
        copy = build(size)
        copy.restore({name: array.copy() for name, array in buffer.arrays().items()})
        for one in (buffer, copy):
            np.random.seed(1)
            one.batch = one.sample(64)
        for a, b in zip(buffer.batch, copy.batch, strict=True):
            np.testing.assert_array_equal(a, b)
    with pytest.raises(InputError, match="replayed frames have shape"):
        build(5).restore(buffer.arrays())


def test_what_it_cannot_hold_is_said():
    with pytest.raises(InputError, match="are no stack of 4 frames"):
        FrameReplayBuffer(10, SPACE, ACTIONS, "cpu", frames=4)
    with pytest.raises(InputError, match="holds no transition yet"):
        build(10).sample(1)
