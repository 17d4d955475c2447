"""Measures every table and figure of docs/speed.md again.

    python docs/results/speed.py docs/results/speed --sbx .venv-sbx/bin/python
    python docs/results/speed.py docs/results/speed --only layers-assets profile
    python docs/results/speed.py docs/results/speed --draw
    python docs/results/speed.py docs/results/speed-gpu --device cuda

Each measurement is a file in the folder, which is written anew; the third form measures nothing. Then the figures are
drawn, and docs/speed.md, where tables stand between marks, is given what was found. The last form measures what is of
use on a GPU, and leaves figures and page as they are.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, StrMethodFormatter

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "speed.md"
BEFORE = "d071ec5"
"""The commit whose update is profiled as that of before."""

SAC = "steps=50 rounds=5"
SMALL = "network.width=128 agent.batch_size=128"
SEEDS = "network=relaxed rounds=3 seeds=[0,1,2,3,4,5,6,7,8,9] widths=[32,64,128] batches=[128]"
SUITES = {
    "sac-cartpole-256": SAC,
    "sac-cartpole-128": f"{SAC} {SMALL}",
    "sac-cartpole-128-eager": f"{SAC} {SMALL} compile=false",
    "sac-point-mass-256": f"{SAC} env=dmc/point_mass-easy",
    "sac-portfolio-256": "steps=10 rounds=3 env=trading/portfolio",
    "sac-pendulum-256": f"{SAC} env=Pendulum-v1",
    "sac-pendulum-128": f"{SAC} env=Pendulum-v1 {SMALL}",
    "layers": "what=layers",
    "layers-width": "what=layers groups=[C2,D4] widths=[64,128,256,512,1024]",
    "layers-batch": "what=layers groups=[C2,D4] batches=[32,64,128,256,512,1024]",
    "layers-order": "what=layers groups=[C2,C4,C8,C16,D16] widths=[512]",
    "layers-assets": "what=layers groups=[S5,S10,S20,S40,S80] widths=[640]",
    "layers-least": "what=layers groups=[C2,C4,D4,S20] widths=[64,128,256] batches=[64,128,256]",
    "encoder": "what=encoder rounds=3 agent.batch_size=128",
    "drqv2": "what=drqv2 rounds=3 compile=false",
    "render": "what=render rounds=3",
    "replay": "what=replay",
    "seeds": f"what=seeds {SEEDS}",
    "seeds-eager": f"what=seeds {SEEDS} compile=false",
    "environments": "what=environments steps=100 rounds=3",
}
"""Arguments of `nearsym bench` for each file."""

GPU = {
    **{name: SUITES[name] for name in ("sac-cartpole-256", "sac-cartpole-128", "sac-cartpole-128-eager")},
    "sac-point-mass-256": SUITES["sac-point-mass-256"],
    "encoder": "what=encoder agent.batch_size=256",
    "encoder-float32": "what=encoder agent.batch_size=256 agent.precision=float32",
    "drqv2": "what=drqv2",
    "drqv2-float32": "what=drqv2 agent.precision=float32",
    "drqv2-eager": "what=drqv2 compile=false",
    "seeds": SUITES["seeds"],
    "seeds-eager": SUITES["seeds-eager"],
}
"""The same on a GPU."""

PROFILES = [
    (network, size, when)
    for network in ("plain", "relaxed")
    for size in (128, 256)
    for when in ("before", "eager", "compiled")
]
PARTS = ("matrix products", "layers", "penalties", "Adam", "losses, targets", "rest")
COLOURS = ("#0072B2", "#56B4E9", "#E69F00", "#CC79A7", "#009E73", "#BBBBBB")


def bench(folder, name, arguments, sbx=None):
    """One suite, into a file of the folder."""
    words = ["nearsym", "bench", *arguments.split(), f"out={os.path.relpath(folder / name)}"]
    if name.startswith("sac-pendulum") and sbx:
        words.append(f"sbx={sbx}")
    print("$", *words, flush=True)
    subprocess.run(words, check=True)


def profile(folder):
    """An update in its parts, of before and of now, into profile.json."""
    with tempfile.TemporaryDirectory() as temporary:
        old = Path(temporary) / "nearsym"
        old.mkdir()
        archive = subprocess.run(["git", "archive", BEFORE], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", str(old)], input=archive, check=True)
        found = []
        for network, size, when in PROFILES:
            script = ROOT / "docs" / "results" / "speed_profile.py"
            words = [sys.executable, str(script), network, str(size), str(size)]
            words += ["compiled"] if when == "compiled" else []
            # from elsewhere than the repository, so that `nearsym` is the package of before
            env = {**os.environ, "PYTHONPATH": temporary} if when == "before" else None
            done = subprocess.run(words, env=env, cwd=temporary, check=True, capture_output=True, text=True)
            parts = json.loads(done.stdout.splitlines()[-1])
            found.append({"network": network, "size": size, "when": when, **parts})
            print(f"{network}, {size}/{size}, {when}: {parts['total']:.2f} ms", flush=True)
    (folder / "profile.json").write_text(json.dumps({"before": BEFORE, "updates": found}, indent=1) + "\n")


def draw_profile(folder):
    """Bars of what an update is made of."""
    updates = json.loads((folder / "profile.json").read_text())["updates"]
    figure = Figure(figsize=(8.5, 3.8), layout="constrained")
    for axes, size in zip(figure.subplots(1, 2), (128, 256), strict=True):
        shown = [update for update in updates if update["size"] == size]
        labels = [f"{update['network']}, {update['when']}" for update in shown]
        left = [0.0] * len(shown)
        for part, colour in zip(PARTS, COLOURS, strict=True):
            values = [update.get(part, 0.0) for update in shown]
            axes.barh(labels, values, left=left, color=colour, label=part)
            left = [a + b for a, b in zip(left, values, strict=True)]
        axes.invert_yaxis()
        axes.set(title=f"width {size}, batch {size}", xlabel="ms of one update")
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside lower center", ncols=len(PARTS), frameon=False, fontsize=8
    )
    save(figure, folder / "profile.svg")


def draw_growth(folder):
    """A layer's time over width, batch, order of the group and number of assets."""
    figure = Figure(figsize=(9, 6.4), layout="constrained")
    panels = zip(figure.subplots(2, 2).flat, ("width", "batch", "order", "assets"), strict=True)
    for axes, what in panels:
        curves = {}
        tables = json.loads((folder / f"layers-{what}.json").read_text())["tables"]
        for table in tables:
            given = table["conditions"]
            for row in table["rows"]:
                if row["name"] in (table["peer"], "exact", "relaxed", "relaxed, expanded"):
                    group = "" if what in ("order", "assets") or row["name"] == table["peer"] else f" {given['group']}"
                    x = given["order" if what == "assets" else what]
                    curves.setdefault(row["name"] + group, {}).setdefault(x, row["median"])
        for label, points in curves.items():
            x = sorted(points)
            style = "--" if "expanded" in label else "k-" if label.startswith("torch") else "-"
            axes.plot(x, [points[key] for key in x], style, marker="o", markersize=3, label=label)
        axes.set(xscale="log", yscale="log", ylabel="ms, forward and backward")
        axes.set_xlabel({"order": "order of the group, width 512", "assets": "assets, width 640"}.get(what, what))
        axes.set_xticks(x, [str(key) for key in x])
        axes.minorticks_off()
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, fontsize=7)
    save(figure, folder / "layers.svg")


def save(figure, path):
    """As an SVG that is the same for the same numbers."""
    figure.savefig(path, metadata={"Date": None})


def sac_rows(folder):
    """Steps and updates of every SAC measurement: one row for each contender."""
    yield "| | SAC | steps/s | to stock | updates/s | to stock |"
    yield "|---|---|---:|---:|---:|---:|"
    for name in (name for name in SUITES if name.startswith("sac-") and (folder / f"{name}.json").exists()):
        steps, updates = json.loads((folder / f"{name}.json").read_text())["tables"]
        label = name.removeprefix("sac-")
        for row, other in zip(steps["rows"], updates["rows"], strict=True):
            state = f" ({row['state']})" if row["state"].startswith("eager") and "eager" not in name else ""
            state = "" if row["name"] == steps["peer"] else state
            yield f"| {label} | {row['name']}{state} | {' | '.join(cells(row))} | {' | '.join(cells(other))} |"
            label = ""


def other_rows(folder, *names):
    """Every table of other suites."""
    yield "| | | median [quartiles] | ratio |"
    yield "|---|---|---:|---:|"
    for name in (name for name in names if (folder / f"{name}.json").exists()):
        for table in json.loads((folder / f"{name}.json").read_text())["tables"]:
            title = f"{table['title'].split(', 1 thread')[0]}, {table['unit']}"
            title += ", eager" if name.endswith("-eager") else ""
            for row in table["rows"]:
                yield f"| {title} | {row['name']} | {' | '.join(cells(row))} |"
                title = ""


def cells(row):
    """Median and ratio, with quartiles."""
    low, high = row["quartiles"]
    return f"{number(row['median'])} [{number(low)}, {number(high)}]", f"{row['ratio']:.2f}"


def number(value):
    """Three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def fill(folder, page):
    """The page with its tables as they were found."""
    machine = json.loads((folder / "sac-cartpole-256.json").read_text())["machine"]
    parts = {
        "machine": [
            f"{machine['cpu']}, {machine['cores']} cores, torch {machine['torch']} on {machine['threads']} thread."
        ],
        "sac": sac_rows(folder),
        "layers": other_rows(folder, "layers"),
        "pixels": other_rows(folder, "encoder", "drqv2", "render", "replay"),
        "environments": other_rows(folder, "environments"),
        "seeds": other_rows(folder, "seeds", "seeds-eager"),
    }
    for name, lines in parts.items():
        mark, text = f"<!-- {name} -->", "\n".join(lines)
        page = re.sub(
            f"{mark}\n.*?<!-- end -->", lambda _, m=mark, t=text: f"{m}\n{t}\n<!-- end -->", page, flags=re.DOTALL
        )
    return page


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of the measurements")
    parser.add_argument("--sbx", help="Python of an environment with sbx-rl")
    parser.add_argument("--only", nargs="+", choices=[*SUITES, "profile"], default=[*SUITES, "profile"])
    parser.add_argument("--draw", action="store_true", help="measure nothing")
    parser.add_argument("--device", default="cpu", help="cuda: measure there what is of use there")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.device != "cpu":
        for name, arguments in GPU.items():
            bench(given.folder, name, f"{arguments} device={given.device}")
        sys.exit()
    for name in () if given.draw else given.only:
        if name == "profile":
            profile(given.folder)
        else:
            bench(given.folder, name, SUITES[name], given.sbx)
    draw_profile(given.folder)
    draw_growth(given.folder)
    PAGE.write_text(fill(given.folder, PAGE.read_text()))
