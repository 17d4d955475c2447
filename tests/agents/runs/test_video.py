"""Films of a policy."""

import gymnasium
import imageio.v2 as imageio
import numpy as np
import pytest

from nearsym.agents.runs import video
from nearsym.agents.runs.build import build_learner, build_world
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.video import film
from nearsym.envs.errors import InputError
from nearsym.networks import family


def settings(id, **kwargs):
    return TrainSettings(env=EnvSettings(id, kwargs), network=family("plain", width=16), total_steps=100)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # imageio-ffmpeg's pipes
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(
    ("id", "kwargs", "size", "steps", "fps"),
    [
        ("dmc/cartpole-balance", {"action_repeat": 50}, (480, 480), 20, 2),
        ("Reacher-v5", {}, (480, 480), 50, 50),
    ],
)
def test_an_episode_is_filmed_at_its_own_speed(tmp_path, id, kwargs, size, steps, fps):
    run = settings(id, **kwargs)
    film(build_learner(run, build_world(run, 0)), run, 0, tmp_path / "film.mp4")
    with imageio.get_reader(tmp_path / "film.mp4") as reader:
        frames = [np.asarray(frame) for frame in reader]
        assert reader.get_meta_data()["fps"] == pytest.approx(fps)
    assert len(frames) == steps + 1 and frames[0].shape[:2] == size
    assert max(np.abs(frame.astype(int) - frames[0]).mean() for frame in frames) > 0.1  # it moves


def test_the_episode_filmed_is_the_first_that_is_evaluated(tmp_path, monkeypatch):
    run, observed = settings("Reacher-v5"), []

    def watched(learner, envs, count):
        observed.append(envs.reset()[0])
        return np.zeros(count)

    monkeypatch.setattr(video, "returns_of", watched)
    for seed in (1, 2):
        film(None, run, seed, tmp_path / "film.mp4")
    np.testing.assert_array_equal(observed[0], build_world(run, 1).envs.reset()[0])
    assert not np.array_equal(observed[0], observed[1])


class Blind(gymnasium.Env):
    metadata = {"render_modes": ["rgb_array"]}
    observation_space = gymnasium.spaces.Box(-1, 1, (2,))
    action_space = gymnasium.spaces.Box(-1, 1, (1,))

    def __init__(self, render_mode=None):
        pass

    def reset(self, *, seed=None, options=None):
        return np.zeros(2, dtype=np.float32), {}

    def step(self, action):
        return np.zeros(2, dtype=np.float32), 0.0, False, True, {}


def test_an_environment_that_draws_nothing_is_named(tmp_path):
    gymnasium.register("Blind-v0", Blind, disable_env_checker=True)
    run = settings("Blind-v0")
    with pytest.raises(InputError, match="Blind-v0 draws no frames for a video"):
        film(build_learner(run, build_world(run, 0)), run, 0, tmp_path / "film.mp4")
