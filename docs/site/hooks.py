"""What mkdocs adds to the pages of docs/: the README, the notebook, the API reference, and the environments.

`make site` builds it all; mkdocs.yml beside this file names the plugins and the order of the pages.
"""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from environments import GALLERY, pages_of
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from nearsym.envs import catalogue

ROOT = Path(__file__).resolve().parents[2]
FROM_ROOT = {"index.md": "README.md", "contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}
NOTEBOOK = "first_steps"


def on_config(config: MkDocsConfig) -> None:
    """Fill the sections of the navigation whose pages are generated, and add pages that it does not name."""
    sections = {name: pages for entry in config.nav or [] for name, pages in entry.items()}
    sections["Environments"][:] = [GALLERY, *({entry.id: _page(entry.id)} for entry in _entries(config))]
    sections["Reference"][:] = [{module: f"reference/{module}.md"} for module in config.extra["reference"]]
    there = {path.name for path in Path(config.docs_dir).glob("*.md")}
    if more := sorted(there.difference(_named(config.nav))):
        assert config.nav is not None
        config.nav.append({"More": more})


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for uri, source in FROM_ROOT.items():
        files.append(File.generated(config, uri, content=_from_docs((ROOT / source).read_text(encoding="utf-8"))))
    for name in ("CITATION.cff", "LICENSE"):
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    for name in ("site.css", "iframe-worker.js"):
        files.append(File.generated(config, name, abs_src_path=str(Path(__file__).with_name(name))))
    notebook = json.loads((Path(config.docs_dir) / f"{NOTEBOOK}.ipynb").read_text(encoding="utf-8"))
    files.append(File.generated(config, f"{NOTEBOOK}.md", content="\n\n".join(map(_cell, notebook["cells"]))))
    for name, page in _reference(config.extra["reference"]).items():
        files.append(File.generated(config, f"reference/{name}.md", content=page))
    for uri, content in pages_of(_entries(config), ROOT / "build" / "films"):
        source = {"abs_src_path": str(content)} if isinstance(content, Path) else {"content": content}
        files.append(File.generated(config, uri, **source))
    return files


def _entries(config: MkDocsConfig) -> list[Any]:
    """Entries of the catalogue that get a page."""
    wanted = [id for id in config.extra["environments"].split(",") if id]
    return [entry for entry in catalogue() if not wanted or entry.id in wanted]


def _page(id: str) -> str:
    return f"environments/{id.replace('/', '-')}.md"


def _named(nav: Any) -> set[str]:
    """Every page of a navigation."""
    if isinstance(nav, str):
        return {nav}
    return set().union(*map(_named, nav.values() if isinstance(nav, dict) else nav)) if nav else set()


def _from_docs(page: str) -> str:
    """A page of the repository's root, with its links as from docs/."""
    page = page.replace("](docs/", "](").replace("](CONTRIBUTING.md", "](contributing.md")
    return page.replace("](CHANGELOG.md", "](changelog.md").replace("](README.md", "](index.md")


def _cell(cell: dict[str, Any]) -> str:
    """A cell of the notebook as Markdown."""
    source = "".join(cell["source"])
    return source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```"


def _reference(modules: list[str]) -> dict[str, str]:
    """A page for each package; a name that several export is described on the first one's."""
    described: dict[int, str] = {}
    pages = {}
    for module in modules:
        package = import_module(module)
        own, elsewhere = [], []
        for name in _public(package):
            found = getattr(package, name)
            if id(found) in described:
                elsewhere.append(f"[`{name}`][{described[id(found)]}]")
            else:  # where it is defined, for a package may export a function under the name of its module
                home = getattr(found, "__module__", "")
                described[id(found)] = f"{home if home.startswith('nearsym.') else module}.{name}"
                own.append(f"::: {described[id(found)]}")
        also = f"Described elsewhere: {', '.join(elsewhere)}." if elsewhere else ""
        about = (package.__doc__ or "").strip()
        pages[module] = "\n\n".join([f"# {module}", about, also, *own])
    return pages


def _public(package: ModuleType) -> list[str]:
    """Names that a package exports, but for its version."""
    return [name for name in package.__all__ if not re.fullmatch(r"__\w+__", name)]
