"""Does the same seed give the same digits elsewhere? The same run under other instructions, libraries and threads.

python docs/results/digits.py docs/results/digits.csv     # 11 runs; about five minutes on one core
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

RUN = (
    "env=dmc/cartpole-swingup network=relaxed network.relaxation_penalty=3e-4 network.width=128 seed=0 "
    "total_steps=1600 eval_every=200 eval_episodes=2"
)
SETTINGS = {
    "as here": {},
    "again": {},
    "torch without vectors": {"ATEN_CPU_CAPABILITY": "default"},
    "torch with AVX2": {"ATEN_CPU_CAPABILITY": "avx2"},
    "MKL with AVX2": {"MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "MKL as on any processor": {"MKL_CBWR": "COMPATIBLE"},
    "two threads": {"threads": "2"},
    "compiled": {"compile": "true"},
    "compiled, again": {"compile": "true"},
    "compiled with AVX2": {"compile": "true", "ATEN_CPU_CAPABILITY": "avx2"},
    "another seed": {"seed": "1"},
}


def rows_of(folder: Path, settings: dict[str, str]) -> list[dict[str, str]]:
    """metrics.csv of the run."""
    words = dict(word.split("=", 1) for word in RUN.split()) | {"threads": "1", "compile": "false"}
    words |= {"eval_episodes": "2"} | {key: value for key, value in settings.items() if key.islower()}
    command = [str(Path(sys.executable).with_name("nearsym")), "train", f"run_dir={folder}"]
    command += [f"{key}={value}" for key, value in words.items()]
    environment = os.environ | {key: value for key, value in settings.items() if key.isupper()}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with (folder / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


def main(out: Path) -> None:
    """Run all, compare every column with the first's, and write a table."""
    table = [["setting", "first step that differs", "its largest relative difference", "last eval_return"]]
    first: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory() as place:
        for i, (name, settings) in enumerate(SETTINGS.items()):
            rows = rows_of(Path(place, str(i)), settings)
            first = first or rows
            step, size = "none", 0.0
            for here, there in zip(first, rows, strict=True):
                if here != there:
                    step, size = here["step"], max(map(relative, here.values(), there.values()))
                    break
            table.append([name, step, f"{size:.1e}", rows[-1]["eval_return"]])
            print(*table[-1], sep=", ", flush=True)
    with out.open("w", newline="") as file:
        csv.writer(file).writerows(table)


def relative(here: str, there: str) -> float:
    """|a - b| / |a|; 0 for columns that are still empty."""
    return abs(float(here) - float(there)) / max(abs(float(here)), 1e-12) if here and there else 0.0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="where to write the table")
    main(parser.parse_args().out)
