"""The site is built of two environments, its links lead somewhere, and a browser shows it without the network."""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = ("dmc/cartpole-swingup", "Pendulum-v1")
PACKAGES = ("nearsym", "nearsym.envs", "nearsym.envs.symmetry", "nearsym.networks", "nearsym.agents")
LOOKS = r"src|href"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    words = ["-m", "mkdocs", "build", "--strict", "--quiet", "-f", ROOT / "docs/site/mkdocs.yml", "-d", folder]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "NEARSYM_SITE_ENVIRONMENTS": ",".join(ENVIRONMENTS)}
    done = subprocess.run([sys.executable, *map(str, words)], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Links(HTMLParser):
    """What a page links to or shows, and the places in it that may be linked to."""

    def __init__(self, text):
        super().__init__()
        self.targets, self.places, self.fetched = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.places |= {found[name] for name in ("id", "name") if found.get(name)}
        targets = [found[name] for name in ("href", "src") if found.get(name)]
        self.targets += targets
        if tag in ("script", "img", "iframe") or (tag == "link" and found.get("rel") != "canonical"):
            self.fetched += targets


def dead(page, text, pages):
    """Links of a page that lead to no file and no place of the site."""
    for target in Links(text).targets:
        path, _, place = unquote(target).partition("#")
        if re.match(r"\w+:", target) or target == ".":
            continue
        to = (page.parent / path).resolve() if path else page
        if not to.is_file() or (place and to in pages and place not in pages[to] and not place.startswith("__")):
            yield target


def test_every_link_of_every_page_leads_somewhere(site):
    texts = {
        path.resolve(): path.read_text(encoding="utf-8") for path in site.rglob("*.html") if path.name != "404.html"
    }
    places = {path: Links(text).places for path, text in texts.items()}
    assert len(texts) > 30
    assert {path.name: found for path, text in texts.items() if (found := list(dead(path, text, places)))} == {}
    page = (site / "index.html").resolve()
    wrong = '<a href="nowhere.html"></a><a href="audit.html#nothing"></a><a href="audit.html#images"></a>'
    assert list(dead(page, wrong, places)) == ["nowhere.html", "audit.html#nothing"]


def test_nothing_is_fetched_from_elsewhere(site):
    for path in site.rglob("*.html"):
        assert [each for each in Links(path.read_text(encoding="utf-8")).fetched if re.match(r"(\w+:)?//", each)] == []
    for path in site.rglob("*.css"):
        assert not re.findall(r"url\(\"?https?:", path.read_text(encoding="utf-8")), path
    assert Links('<script src="https://elsewhere.org/x.js"></script>').fetched == ["https://elsewhere.org/x.js"]


def test_the_reference_describes_what_packages_export(site):
    import importlib

    described = set()
    for package in PACKAGES:
        page = (site / "reference" / f"{package}.html").read_text(encoding="utf-8")
        described |= {place.rpartition(".")[2] for place in Links(page).places}
        exported = {name for name in importlib.import_module(package).__all__ if not name.startswith("__")}
        assert exported <= described, package
    assert "Symmetry" in described and "NoSuchName" not in described


def test_a_page_says_how_an_environment_was_audited(site):
    cartpole = (site / "environments" / "dmc-cartpole-swingup.html").read_text(encoding="utf-8")
    assert re.search(r"<td[^>]*>s</td>.*?<td[^>]*>exact</td>", cartpole, flags=re.DOTALL)
    gallery = (site / "environments" / "index.html").read_text(encoding="utf-8")
    assert "dmc-cartpole-swingup.html" in gallery and "Pendulum-v1.html" in gallery and "Ant-v5.html" not in gallery


def test_a_film_shows_two_worlds_that_mirror_each_other(site):
    path = site / "environments" / "dmc-cartpole-swingup.gif"
    if not path.exists():
        assert "No film" in (site / "environments" / "dmc-cartpole-swingup.html").read_text(encoding="utf-8")
        pytest.skip("OpenGL does not work here: nearsym doctor")
    with Image.open(path) as film:
        assert film.n_frames >= 10
        for number in (0, film.n_frames - 1):
            film.seek(number)
            red, _, blue = np.moveaxis(np.asarray(film.convert("RGB"), dtype=int), -1, 0)
            orange = red > blue  # cart and pole; sky and floor are not mirrored
            width = (orange.shape[1] - 8) // 2
            first, second = orange[:, :width], orange[:, -width:]
            assert first.sum() > 500
            assert (second[:, ::-1] != first).sum() < 0.5 * (second != first).sum()


def opened(page, profile, query=""):
    """The page as a browser leaves it, with the sizes of its images as its title, and what its console said."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not here, and continuous integration opens pages in it: apt-get install chromium")
        pytest.skip("chromium is not installed")
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    words += [
        f"--user-data-dir={profile}",
        "--window-size=1300,3000",
        "--enable-logging=stderr",
        "--virtual-time-budget=5000",
        "--dump-dom",
    ]
    done = subprocess.run(
        [chromium, *words, page.as_uri() + query], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout, re.findall(r":CONSOLE[:(].*", done.stderr)


MEASURE = """<script>addEventListener('load', () => {
    document.title = 'sizes ' + [...document.images].map(i => i.naturalWidth).join(' ');
    BROKEN
})</script>"""


@pytest.mark.parametrize(
    ("name", "words", "figures"),
    [
        ("index.html", ("Does it help?", "nearsym audit"), 1),
        ("environments/dmc-cartpole-swingup.html", ("Does the symmetry hold?", "left and right along the track"), 1),
    ],
)
def test_a_browser_shows_text_and_figures(site, tmp_path, name, words, figures):
    page = site / name
    for broken in ("", "console.error('broken on purpose');"):  # the second shows that an error would be seen
        copy = page.with_name(f"opened-{page.name}")
        measure = MEASURE.replace("BROKEN", broken)
        copy.write_text(page.read_text(encoding="utf-8").replace("</body>", f"{measure}</body>"), encoding="utf-8")
        shown, said = opened(copy, tmp_path / "profile")
        copy.unlink()
        assert [line for line in said if "broken on purpose" not in line] == []
        assert bool(said) == bool(broken)
    text = re.sub(r"<[^>]+>", "", shown)
    assert all(word in text for word in words)
    sizes = [int(size) for size in re.search(r"<title>sizes ([\d ]*)</title>", shown)[1].split()]
    if "environments" not in name or (site / name).with_suffix(".gif").exists():
        assert len(sizes) >= figures and all(size > 200 for size in sizes)


def test_search_works_in_pages_opened_from_the_disk(site, tmp_path):
    shown, said = opened(site / "index.html", tmp_path / "profile", "?q=equivariance")
    assert said == []
    assert re.search(r'class="md-search-result__item"', shown)
    shown, _ = opened(site / "index.html", tmp_path / "profile", "?q=zzzyx")
    assert not re.search(r'class="md-search-result__item"', shown)
