"""The time that is left, on a clock of our own."""

from nearsym.agents.runs.time_left import TimeLeft


def told(total, seconds_a_step, first_update=100, steps=400):
    now = [0.0]
    left, said = TimeLeft(total, lambda: now[0]), []
    for step in range(1, steps):
        now[0] += 0.001 if step <= first_update else seconds_a_step
        line = left.after(step, updated=step >= first_update)
        if line is not None:
            said.append((step, line))
    return said


def test_it_is_told_once_from_steps_with_updates():
    # 20 s after the first update at step 100, 200 steps of 0.1 s later, 9,700 steps are left
    assert told(10_000, 0.1) == [(300, "about 16 min to go, at 10 steps/s with updates")]
    assert told(100_000, 0.1) == [(300, "about 2.8 hours to go, at 10 steps/s with updates")]


def test_short_runs_and_runs_without_updates_say_nothing():
    assert told(800, 0.1) == []  # 50 s are left
    assert told(10_000, 0.01) == []  # 20 s are not over
    assert told(10_000, 0.1, first_update=1000) == []
