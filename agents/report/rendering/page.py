"""A report as one HTML page that needs nothing but itself, and as Markdown with figures beside it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from ..verdict import Sentence
from .figures import Drawing
from .tables import Table

STYLE = """
body { margin: 0 auto; max-width: 1060px; padding: 1.5rem; font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a;
  background: #fff; }
h1 { margin-bottom: 0; font-size: 1.9rem; }
h2 { margin: 2.5rem 0 0.5rem; font-size: 1.35rem; border-bottom: 1px solid #ccc; }
.headline { font-size: 1.2rem; font-weight: 600; margin: 0.6rem 0; }
h3 { margin: 1.2rem 0 0.2rem; font-size: 1.05rem; }
.about, figcaption, .caption { color: #555; font-size: 0.92rem; }
figure { margin: 0.5rem 0; }
figure img { display: block; max-width: 100%; height: auto; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.8rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.5rem; text-align: left; border-bottom: 1px solid #e2e2e2; vertical-align: top; }
.numbers td:not(.place) { white-space: nowrap; }
tr.next td { border-top: 2px solid #999; }
.warning, .verdict { margin: 1rem 0; padding: 0.6rem 1rem; }
.warning { background: #fff6e5; border-left: 5px solid #E69F00; }
.warning h2, .verdict h2 { margin-top: 0; border: 0; }
.verdict { background: #eef5fb; border-left: 5px solid #0072B2; }
.verdict ul { margin: 0.2rem 0; padding-left: 1.2rem; }
.open { color: #555; }
"""


@dataclass(frozen=True)
class Report:
    """What a report says, however it is set.

    Attributes:
        name: of the comparison.
        about: one line: how many runs, how it was made.
        absent: runs that are left out, if any.
        headline: what it comes to, a line for each group of conditions.
        first: the tables of results and comparisons.
        sentences: all comparisons in words.
        drawings: the figures.
        last: the other tables.
        notes: how to read it.
    """

    name: str
    about: str
    absent: Table | None
    headline: Sequence[str]
    first: Sequence[Table]
    sentences: Sequence[Sentence]
    drawings: Sequence[Drawing]
    last: Sequence[Table]
    notes: Sequence[str]


def html(report: Report) -> str:
    """The page: figures inside, no script, nothing fetched."""
    body = [f"<h1>{escape(report.name)}</h1>", f'<p class="about">{escape(report.about)}</p>']
    if report.absent is not None:
        body.append(f'<section class="warning">{_html_table(report.absent, "text")}</section>')
    body += [f'<p class="headline">{escape(line)}</p>' for line in report.headline]
    body += [_html_table(table, "numbers") for table in report.first]
    body.append(f'<section class="verdict"><h2>Verdict</h2>{_html_verdict(report.sentences)}</section>')
    for drawing in report.drawings:
        data = base64.b64encode(drawing.svg.encode()).decode()
        body += [
            f"<h2>{escape(drawing.title)}</h2>",
            f'<figure><img alt="{escape(drawing.title)}" src="data:image/svg+xml;base64,{data}">',
            f"<figcaption>{escape(drawing.caption)}</figcaption></figure>",
        ]
    body += [_html_table(table, "numbers") for table in report.last]
    body += ["<h2>Notes</h2><ul>", *(f"<li>{escape(note)}</li>" for note in report.notes), "</ul>"]
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(report.name)}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
            *body,
            "</body>\n</html>\n",
        ]
    )


def markdown(report: Report) -> str:
    """The same in Markdown, its figures in files called <name>.svg."""
    lines = [f"# {report.name}", "", report.about, ""]
    if report.absent is not None:
        lines += _markdown_table(report.absent)
    lines += [line for one in report.headline for line in (f"**{one}**", "")]
    for table in report.first:
        lines += _markdown_table(table)
    lines += ["## Verdict", ""]
    for where, sentences in _by_place(report.sentences).items():
        lines += [*([f"### {where}", ""] if where else [])]
        lines += [*(f"- {_bold(one.lead) if one.difference else one.lead}{one.rest}" for one in sentences), ""]
    for drawing in report.drawings:
        lines += [f"## {drawing.title}", "", f"![{drawing.title}]({drawing.name}.svg)", "", drawing.caption, ""]
    for table in report.last:
        lines += _markdown_table(table)
    return "\n".join([*lines, "## Notes", "", *(f"- {note}" for note in report.notes), ""])


def _html_verdict(sentences: Sequence[Sentence]) -> str:
    blocks = []
    for where, same in _by_place(sentences).items():
        if not where:
            blocks += [f"<p>{escape(one.text)}</p>" for one in same]
            continue
        items = (
            f"<li><b>{escape(one.lead)}</b>{escape(one.rest)}</li>"
            if one.difference
            else f'<li class="open">{escape(one.text)}</li>'
            for one in same
        )
        blocks.append(f"<h3>{escape(where)}</h3><ul>{''.join(items)}</ul>")
    return "\n".join(blocks)


def _html_table(table: Table, look: str) -> str:
    """A table whose rows with the same first cell share it."""
    body = []
    for first, block in groupby(table.rows, key=lambda row: row[0]):
        rows = ["".join(f"<td>{_html_cell(cell)}</td>" for cell in row[1:]) for row in block]
        body.append(f'<tr class="next"><td class="place" rowspan="{len(rows)}">{escape(first)}</td>{rows[0]}</tr>')
        body += [f"<tr>{row}</tr>" for row in rows[1:]]
    head = "".join(f"<th>{escape(name)}</th>" for name in table.head)
    return (
        f'<h2>{escape(table.title)}</h2>\n<p class="caption">{escape(table.caption)}</p>\n'
        f'<div class="table"><table class="{look}"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _html_cell(cell: str) -> str:
    return f"<b>{escape(cell[1:])}</b>" if cell.startswith("*") else escape(cell)


def _markdown_table(table: Table) -> list[str]:
    def row(cells: Sequence[str]) -> str:
        escaped = [cell.replace("|", r"\|").replace("\n", " ") for cell in cells]
        return f"| {' | '.join(f'**{cell[1:]}**' if cell.startswith('*') else cell for cell in escaped)} |"

    rule = f"|{'---|' * len(table.head)}"
    return [f"## {table.title}", "", table.caption, "", row(table.head), rule, *map(row, table.rows), ""]


def _by_place(sentences: Sequence[Sentence]) -> dict[str, list[Sentence]]:
    places: dict[str, list[Sentence]] = {}
    for sentence in sentences:
        places.setdefault(sentence.where, []).append(sentence)
    return places


def _bold(lead: str) -> str:
    return f"**{lead.strip()}** "
