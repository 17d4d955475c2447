"""A page for each environment of the catalogue: its declaration, its audit, and a film of s and g·s."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from films import film_path
from rich.table import Table

from nearsym.envs import Entry
from nearsym.envs.auditing import AuditReport
from nearsym.envs.auditing.tables import tables
from nearsym.envs.catalogue_tables import audit_entry
from nearsym.envs.symmetry import symmetry_python

GALLERY = "environments/index.md"
SAMPLES = 50
LONG = 40
"""Coordinates of which a declaration is folded."""

NO_FILM = "*No film: it needs OpenGL (`nearsym doctor`), or a package that draws this environment.*"


def name_of(entry: Entry) -> str:
    """Of its files."""
    return entry.id.replace("/", "-")


def pages_of(entries: list[Entry], films: Path) -> Iterator[tuple[str, str | Path]]:
    """Names of pages and films with their text or file; films are kept in a folder and drawn when missing."""
    _draw(entries, films)
    cards = []
    for entry in entries:
        film = film_path(films, entry)
        if film.exists():
            yield f"environments/{name_of(entry)}.gif", film
        report = audit_entry(entry, SAMPLES)
        yield f"environments/{name_of(entry)}.md", _page(entry, report, film.exists())
        cards.append(_card(entry, report, film.exists()))
    yield GALLERY, _gallery(cards)


def _draw(entries: list[Entry], films: Path) -> None:
    """Draw what is missing in a process of its own, which a failing GL library may end."""
    missing = [entry.id for entry in entries if not film_path(films, entry).exists()]
    if missing:
        script = Path(__file__).with_name("films.py")
        env = {"MUJOCO_GL": "egl", **os.environ} if sys.platform == "linux" else None
        subprocess.run([sys.executable, str(script), str(films), *missing], env=env, check=False)


def _page(entry: Entry, report: AuditReport, filmed: bool) -> str:
    symmetry, name = entry.symmetry, name_of(entry)
    generators = symmetry.group.generators
    images = " and ".join(f"*{symmetry.group.names[g]}*" for g in generators)
    film = (
        f"![A film of the environment and its images]({name}.gif)\n\nLeft the environment from one of its states, then "
        f"from the image of that state under {images}. Each is stepped by the simulator on its own, by the same random "
        "actions, moved by the same element: the closer they stay images of each other, the better the symmetry holds."
        if filmed
        else NO_FILM
    )
    table, *lines = tables(report, entry.id)
    assert isinstance(table, Table)
    printed = "\n".join(str(line) for line in lines)
    declared = f"```text\n{symmetry.table()}\n```\n\n```python\n{symmetry_python(symmetry).strip()}\n```"
    if symmetry.observation.dim > LONG:
        indented = declared.replace("\n", "\n    ")
        declared = f'??? note "{symmetry.observation.dim} coordinates"\n    {indented}'
    return f"""# {entry.id}

{entry.about[0].upper()}{entry.about[1:]}.

| group | elements | generators | holds | observation | action |
|---|---|---|---|---|---|
| {symmetry.group.name} | {symmetry.group.order} | {", ".join(symmetry.group.names[g] for g in generators)} \
| {"exactly" if entry.exact else "nearly"} | {symmetry.observation.dim} numbers | {symmetry.action.dim} numbers |

{film}

## Does the symmetry hold?

```sh
nearsym audit env={entry.id} samples={SAMPLES}
```

{_markdown(table)}

```text
{printed}
```

ε_R and ε_P are the errors of reward and transition; [Measuring a symmetry](../audit.md) says how to read this.

## Declaration

Where each generator takes each coordinate, and its sign. Below, the same in Python.

{declared}

## Train

```sh
nearsym train env={entry.id} network=relaxed
```
"""


def _markdown(table: Table) -> str:
    """A table of rich as Markdown."""
    heads = [str(column.header) for column in table.columns]
    aligned = ["---:" if column.justify == "right" else "---" for column in table.columns]
    rows = zip(*(map(str, column.cells) for column in table.columns), strict=True)
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, aligned, *rows))


def _card(entry: Entry, report: AuditReport, filmed: bool) -> str:
    name = name_of(entry)
    film = f"    [![{entry.id}]({name}.gif){{ loading=lazy }}]({name}.md)\n\n" if filmed else ""
    return f"-   **[{entry.id}]({name}.md)**\n\n{film}    {entry.symmetry.group.name}, {report.verdict}: {entry.about}"


def _gallery(cards: list[str]) -> str:
    listed = "\n\n".join(cards)
    return f"""# Environments

The environments whose symmetry comes with nearsym: `nearsym envs`. Each film begins in a state and in its image
under each generator of the group, and the simulator steps them side by side. The word after the group is the verdict of
[the audit](../audit.md) over {SAMPLES} samples.

<div class="grid cards" markdown>

{listed}

</div>
"""
