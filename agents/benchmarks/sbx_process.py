"""SBX's SAC in a process of its own, whose Python has sbx-rl and need not have nearsym.

Each line of standard input is an order (`learn 200`, `update 200`), each line of standard output says that it is done.
JAX works while Python goes on, so every order waits for the parameters.
"""

import json
import os
import sys
from typing import Any


def main(given: dict[str, Any]) -> None:
    """Build SAC from the arguments of `sbx.SAC`, and do what is ordered."""
    threads = given.pop("threads")
    if hasattr(os, "sched_setaffinity"):  # JAX has no number of threads to set; Linux has one of cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    several = str(threads > 1).lower()
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={several} intra_op_parallelism_threads={threads}"
    os.environ["JAX_PLATFORMS"] = "cpu"
    try:
        import jax  # only now: it reads these when it is imported
        import sbx
    except ModuleNotFoundError as error:
        sys.exit(str(error))

    policy_kwargs = {"net_arch": given.pop("net_arch")}
    model = sbx.SAC("MlpPolicy", given.pop("env"), policy_kwargs=policy_kwargs, **given)

    def update(count: int) -> None:
        """Updates on one batch."""
        sample = model.replay_buffer.sample
        batch = sample(model.batch_size)
        model.replay_buffer.sample = lambda *_, **__: batch
        for _ in range(count):
            model.train(1, model.batch_size)
        model.replay_buffer.sample = sample

    for line in sys.stdin:
        order, _, count = line.partition(" ")
        if order == "learn":
            model.learn(int(count), reset_num_timesteps=False)
        elif order == "update":
            update(int(count))
        jax.block_until_ready((model.policy.qf_state.params, model.policy.actor_state.params))
        print("done", flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
