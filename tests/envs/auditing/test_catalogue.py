"""The audit over the whole catalogue: exact entries are exact, and the models' flaws are found."""

import mujoco
import pytest

from nearsym.envs import audit, catalogue, make
from nearsym.envs.catalogue_tables import audit_entry


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.id)
def test_every_catalogue_entry_holds_as_it_says(entry):
    report = audit_entry(entry, samples=30)
    errors = (report.observation_error, report.epsilon_reward, report.epsilon_transition)
    if entry.exact:
        assert report.verdict == "exact" and max(errors) < 1e-8, report
    else:
        assert report.verdict in ("exact", "approximate"), report


@pytest.mark.parametrize(("id", "least"), [("InvertedPendulum-v5", 1e-3), ("InvertedDoublePendulum-v5", 1e-7)])
def test_flaws_of_the_models_are_found(id, least):
    """One pole leans by a millimetre, the other's gravity by 1e-5."""
    report = audit(make(id), samples=50)
    assert report.verdict == "approximate" and report.epsilon_transition > least
    assert report.observation_error < 1e-12


def test_the_flaws_of_the_humanoid_are_named():
    """A spring in the left knee, a heavier left hip, and a solver that stops early: without them it is exact."""
    env = make("Humanoid-v5")
    flawed = audit(env, samples=30)
    assert flawed.verdict == "approximate" and flawed.epsilon_transition > 1e-3
    model = env.unwrapped.model
    model.jnt_stiffness[model.joint("left_knee").id] = 0
    hips = [model.jnt_dofadr[model.joint(name).id] for name in ("left_hip_y", "right_hip_y")]
    model.dof_armature[hips[0]] = model.dof_armature[hips[1]]
    mujoco.mj_setConst(model, env.unwrapped.data)
    model.opt.solver, model.opt.tolerance, model.opt.iterations = mujoco.mjtSolver.mjSOL_NEWTON, 1e-15, 200
    assert audit(env, samples=30).verdict == "exact"
