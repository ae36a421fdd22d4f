"""The page that a story is saved as: its style, its escaping and its pictures, which fetch nothing and run nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Callable, Sequence

from rag.map.colours import SCALE
from rag.report.figures import Part

_NOT_IN_HTML = re.compile("[\x00\ud800-\udfff]")
_DARK_STEPS = 5
_BAR_WIDTH, _BAR_HEIGHT = 1000, 26
_STEPS = "\n".join(
    f".s{step} {{ background: {colour}; color: {'#fff' if step < _DARK_STEPS else '#12161b'}; }}"
    for step, colour in enumerate(SCALE)
)
_STYLE = f"""
:root {{ color-scheme: light dark; --page: #fff; --panel: #f4f6f8; --ink: #1b2127; --quiet: #5a6672; --line: #d5dbe1;
  --accent: #0072b2; --mark: rgba(230, 159, 0, .32); --ring: #d5006d; }}
@media (prefers-color-scheme: dark) {{ :root {{ --page: #12161b; --panel: #1c2229; --ink: #e6eaee; --quiet: #9aa6b2;
  --line: #37414b; --accent: #56b4e9; --ring: #ff5ca8; }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; max-width: 1500px; padding: 24px; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.7rem; line-height: 1.25; margin: 4px 0 8px; }}
h2 {{ font-size: 1.2rem; margin: 0 0 4px; }}
h3 {{ font-size: 1rem; margin: 26px 0 4px; }}
p {{ margin: 4px 0; }}
.quiet, figcaption {{ color: var(--quiet); font-size: .9rem; }}
.warning {{ border-left: 4px solid #e69f00; padding-left: 10px; }}
main {{ display: grid; gap: 24px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); }}
article {{ min-width: 0; border: 1px solid var(--line); border-radius: 8px; padding: 18px; }}
.alone {{ max-width: 900px; margin-left: auto; margin-right: auto; width: 100%; }}
.answer {{ font-size: 1.1rem; white-space: pre-wrap; margin: 12px 0; }}
.unsupported {{ text-decoration: underline dotted var(--ring) 2px; text-underline-offset: 4px; }}
.chip {{ font-size: .8rem; color: var(--accent); text-decoration: none; padding: 0 3px; }}
.chip .card {{ display: none; position: fixed; z-index: 1; left: 16px; right: 16px; bottom: 16px; max-width: 700px;
  max-height: 60vh; overflow: auto; margin: 0 auto; padding: 12px 14px; background: var(--panel); color: var(--ink);
  border: 1px solid var(--quiet); border-radius: 8px; font-size: .92rem; white-space: pre-wrap; text-align: left; }}
.chip:hover .card, .chip:focus .card {{ display: block; }}
.card b {{ display: block; }}
mark {{ background: var(--mark); color: inherit; border-radius: 3px; }}
.passage:target {{ outline: 3px solid var(--accent); outline-offset: 4px; }}
pre {{ white-space: pre-wrap; margin: 4px 0 10px; padding: 10px 12px; max-height: 340px; overflow: auto;
  background: var(--panel); border-radius: 6px; font: .82rem/1.5 ui-monospace, monospace; }}
.passage pre {{ font: .92rem/1.5 system-ui, sans-serif; }}
.bar {{ display: block; width: 100%; border-radius: 4px; margin: 6px 0; }}
.key {{ display: inline-block; margin-right: 16px; font-size: .88rem; }}
.key svg {{ margin-right: 5px; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; font-size: .88rem; overflow-wrap: normal; }}
th, td {{ text-align: left; vertical-align: top; padding: 5px 8px; border-bottom: 1px solid var(--line); }}
td.number, th.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
.matrix {{ overflow-wrap: anywhere; }}
.matrix td.number {{ text-align: center; white-space: nowrap; min-width: 52px; border: 1px solid var(--page); }}
.matrix td.best {{ outline: 3px solid var(--ring); outline-offset: -3px; font-weight: 700; }}
{_STEPS}
figure {{ margin: 8px 0 0; }}
figure svg {{ height: auto; border: 1px solid var(--line); border-radius: 8px; }}
figure .names text {{ fill: var(--ink); stroke: var(--page); }}
footer {{ margin-top: 28px; }}
@media (max-width: 600px) {{ body {{ padding: 14px; }} article {{ padding: 14px; }}
  figure .names {{ display: none; }} figure .number {{ scale: 1.8; }} }}
@media print {{ :root {{ color-scheme: light; --page: #fff; --panel: #fff; --ink: #000; --quiet: #444; --line: #bbb; }}
  body {{ padding: 0; font-size: 11pt; }} pre {{ max-height: none; overflow: visible; border: 1px solid #bbb; }}
  .chip .card {{ display: none !important; }} h3, tr {{ break-after: avoid; break-inside: avoid; }}
  * {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }} }}
"""


def story_page(title: str, body: str) -> str:
    """The whole file; `title` is plain text, `body` is markup that was made by this module and `rag.report.story`.

    The content security policy allows this style and nothing else: no script and no request, even if a text were to
    become markup after all.
    """
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text(title)}</title>
<link rel="icon" href="data:,">
<style>{_STYLE}</style>
</head>
<body>
{body}
</body>
</html>
"""


def text(content: str) -> str:
    """A text as HTML that shows it as it is; what no file can hold (a lone surrogate, a null) is shown as "\ufffd"."""
    return html.escape(_NOT_IN_HTML.sub("\ufffd", content)).replace("\r", "&#13;")


def apart(content: str) -> str:
    """A text within a line, whose direction of writing does not reach beyond it."""
    return f"<bdi>{text(content)}</bdi>"


def paragraph(sentence: str, kind: str = "") -> str:
    """A sentence of this project's own or of a person's; empty for an empty one."""
    return f'<p class="{kind}" dir="auto">{text(sentence)}</p>' if sentence else ""


def verbatim(content: str, about: str) -> str:
    """A text letter by letter in a box of its own that the keyboard can scroll."""
    # A parser drops the first line break after <pre>, so one is put there to be dropped.
    return f'<pre dir="auto" tabindex="0" aria-label="{text(about)}">\n{text(content)}</pre>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]], n_words: int) -> str:
    """A table of plain texts; the first `n_words` columns are words, the others numbers."""
    kinds = ["" if i < n_words else "number" for i in range(len(head))]
    top = "".join(f'<th class="{kind}">{text(name)}</th>' for kind, name in zip(kinds, head, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f'<td class="{kind}">{apart(cell)}</td>' for kind, cell in zip(kinds, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><tr>{top}</tr>{body}</table></div>'


def matrix(sentences: Sequence[str], scores: Sequence[Sequence[float]], supporting: Sequence[int]) -> str:
    """A row for each sentence, a column for each passage, shaded by similarity from 0 to 1.

    Args:
        supporting: the passage that supports each sentence, from 1; 0 where none does.
    """
    n_passages = max((len(row) for row in scores), default=0)
    top = "".join(f'<th class="number">[{number}]</th>' for number in range(1, n_passages + 1))
    rows = "".join(
        f'<tr><td dir="auto">{text(sentence)}</td>'
        + "".join(_cell(score, is_best=number == best) for number, score in enumerate(row, start=1))
        + "</tr>"
        for sentence, row, best in zip(sentences, scores, supporting, strict=True)
    )
    return f'<div class="wide"><table class="matrix"><tr><th>Sentence</th>{top}</tr>{rows}</table></div>'


def bar(parts: Sequence[Part], said: Callable[[float], str], *, about: str) -> str:
    """One bar of what a whole is made of, and a legend of the parts that are not empty.

    Args:
        said: an amount as it is written in the legend.
        about: what the bar shows, for those who do not see it.
    """
    shown = [part for part in parts if part.amount > 0]
    total, x, pieces, legend = sum(part.amount for part in shown), 0.0, [], []
    for part in shown:
        width, colour = part.amount / total * _BAR_WIDTH, f'height="{_BAR_HEIGHT}" fill="{part.colour}"'
        pieces.append(f'<rect x="{x:.2f}" width="{width:.2f}" {colour}/>')
        swatch = f'<svg width="11" height="11" aria-hidden="true"><rect width="11" {colour}/></svg>'
        legend.append(f'<span class="key">{swatch}{text(part.name)} {text(said(part.amount))}</span>')
        x += width
    return (
        f'<svg class="bar" viewBox="0 0 {_BAR_WIDTH} {_BAR_HEIGHT}" height="{_BAR_HEIGHT}" preserveAspectRatio="none" '
        f'role="img" aria-label="{text(about)}">{"".join(pieces)}</svg><div>{"".join(legend)}</div>'
    )


def _cell(score: float, *, is_best: bool) -> str:
    step = round(min(max(score, 0.0), 1.0) * (len(SCALE) - 1))
    return f'<td class="number s{step}{" best" if is_best else ""}">{score:.2f}</td>'
