"""Pieces of a page that several chapters of the report use."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from fer_ros.evaluation import svg
from fer_ros.evaluation.charts import colour_of

STYLE = """
:root{color-scheme:light dark;--ink:#1c1c1c;--page:#fff;--soft:#5f5f5f;--rule:#ddd;--card:#f5f5f5}
@media(prefers-color-scheme:dark){:root{--ink:#eee;--page:#161616;--soft:#aaa;--rule:#3a3a3a;
--card:#202020}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:60rem;
margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin:2.4rem 0 .3rem;border-top:1px solid var(--rule);
padding-top:1.2rem}h3{font-size:.9rem;margin:0;color:var(--soft);min-width:5.5rem}
p{margin:.3rem 0}a{color:inherit}.soft,td.none{color:var(--soft)}
svg{display:block;width:100%;height:auto;overflow:visible}svg.defs{position:absolute;width:0;height:0}
.tick{font-size:11px;fill:var(--soft)}.grid{stroke:var(--rule)}
.shade{fill:var(--ink);opacity:.2}.stripe{stroke:var(--page);stroke-width:3}
.bar{fill:#56b4e9}.rule{stroke:var(--ink);stroke-dasharray:3 3}
.figure{display:flex;flex-wrap:wrap;align-items:baseline;margin-top:1rem}
.legend{font-size:.85rem}.legend span{margin-right:1rem;white-space:nowrap}
.key{display:inline-block;width:.8em;height:.8em;border-radius:.2em;margin-right:.35em}
.note{border-left:.25rem solid #d55e00;padding-left:.7rem}
.wide{overflow-x:auto}table{border-collapse:collapse;margin:.5rem 0}
td,th{padding:.15rem 1rem .15rem 0;text-align:left;font-weight:normal;white-space:nowrap}
thead th{color:var(--soft);border-bottom:1px solid var(--rule)}
td a{display:inline-block;min-width:4em;max-width:20rem;white-space:normal}
td .soft{display:inline-block;min-width:9rem;white-space:normal}
.n{text-align:right;font-variant-numeric:tabular-nums}
.meter{display:block;width:12rem;background:var(--card)}.meter i{display:block;height:.7em}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;background:var(--card);
padding:.8rem 1rem;border-radius:.5rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.matrix td{text-align:right;padding:.25rem .6rem;font-variant-numeric:tabular-nums;
border:1px solid var(--page)}.matrix th{padding:.25rem .6rem}
.matrix thead th{text-align:right;border:0}
.matrix td.hit{outline:2px solid var(--ink);outline-offset:-2px}
.plot{max-width:30rem}.plot .tick{font-size:20px}
.ideal{stroke:var(--soft);stroke-dasharray:4 4}
.faces{display:flex;flex-wrap:wrap;gap:.8rem;margin:.8rem 0}
.faces figure{margin:0;width:7.5rem;font-size:.8rem;line-height:1.3}
.faces img{width:7rem;height:7rem;border-radius:.3rem;display:block}
@media(max-width:40rem){.tick{font-size:22px}.plot .tick{font-size:30px}.meter{width:5rem}
td,th{padding-right:.6rem}}
"""


def write_page(path: Path, title: str, body: str) -> None:
    """Write a page that needs nothing else; the file is whole or not there."""
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<title>{escape(title)}</title><style>{STYLE}</style></head>'
        f'<body>{svg.DEFINITIONS}{body}</body></html>\n'
    )
    partial = path.with_name(f'.{path.name}')
    # A file's name may hold bytes that are no text.
    partial.write_text(page, encoding='utf-8', errors='replace')
    partial.replace(path)


def notes(notes: Sequence[str]) -> str:
    """Return what people should know before they read on."""
    return ''.join(f'<p class="note">{escape(note)}</p>' for note in notes)


def named(label: str) -> str:
    """Return a label beside its colour."""
    return f'<i class="key" style="background:{colour_of(label)}"></i>{escape(label)}'


def meter(share: float, colour: str) -> str:
    """Return a bar for a share, 0..1."""
    width = min(max(share, 0.0), 1.0)
    return f'<span class="meter"><i style="width:{width:.1%};background:{colour}"></i></span>'


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of cells that are HTML already; numbers stand to the right."""
    top = ''.join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    lines = ''.join(
        '<tr>' + ''.join(f'<td{_align(cell)}>{cell}</td>' for cell in row) + '</tr>'
        for row in rows
    )
    return (
        f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>'
        '</div>'
    )


def _align(cell: str) -> str:
    return ' class="n"' if cell[:1].isdigit() or cell == 'none' else ''
