"""The page a map is taken away in: its markup and style, which fetch nothing."""

from __future__ import annotations

import base64
import hashlib
import html

from rag.map.export.script import SCRIPT

_STYLE = """
:root { color-scheme: light dark; --page: #fff; --panel: #f4f6f8; --ink: #1b2127; --quiet: #5a6672; --accent: #0072b2; }
@media (prefers-color-scheme: dark) {
  :root { --page: #12161b; --panel: #1c2229; --ink: #e6eaee; --quiet: #9aa6b2; --accent: #56b4e9; }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; height: 100vh; display: flex; flex-direction: column; background: var(--page); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
header { padding: 14px 20px 10px; }
h1 { font-size: 1.35rem; margin: 0; }
h2 { font-size: 0.95rem; margin: 18px 0 6px; }
p { margin: 4px 0; color: var(--quiet); }
main { flex: 1; min-height: 0; display: flex; }
#stage { position: relative; flex: 1; min-width: 0; min-height: 0; overflow: hidden; }
canvas { position: absolute; inset: 0; width: 100%; height: 100%; touch-action: none; cursor: grab; }
canvas:focus-visible, button:focus-visible, input:focus-visible {
  outline: 2px solid var(--accent); outline-offset: -2px; }
#tools { position: absolute; top: 8px; right: 8px; display: flex; gap: 4px; }
#tip { position: absolute; max-width: min(340px, 90%); padding: 8px 10px; border-radius: 6px; pointer-events: none;
  background: var(--panel); border: 1px solid var(--quiet); overflow-wrap: anywhere; }
aside { width: 330px; padding: 10px 16px; overflow: auto; background: var(--panel); }
label { display: block; font-weight: 600; margin-bottom: 4px; }
input { width: 100%; padding: 7px 9px; font: inherit; color: inherit; background: var(--page);
  border: 1px solid var(--quiet); border-radius: 6px; }
ul, ol { list-style: none; margin: 0; padding: 0; }
button { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--quiet); border-radius: 6px;
  padding: 3px 10px; cursor: pointer; }
li button { width: 100%; text-align: left; border: 0; background: none; padding: 3px 4px; overflow-wrap: anywhere; }
li button:hover { background: var(--page); }
#legend [aria-pressed="false"] { opacity: 0.45; text-decoration: line-through; }
#hits { max-height: 34vh; overflow: auto; }
.dot { display: inline-block; width: 11px; height: 11px; border-radius: 50%; margin-right: 8px; }
.source { color: var(--quiet); font-size: 0.88rem; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; color: var(--ink); }
@media (max-width: 760px) {
  body { height: auto; } main { flex-direction: column; } #stage { flex: none; height: 68vh; } aside { width: auto; }
}
"""


def page(*, title: str, subtitle: str, legend_title: str, payload: str) -> str:
    """The whole file; `payload` is JSON for the script, in which "<" is escaped already.

    The content security policy lets this script and this style run and nothing else: no other script, no request,
    even if a text were to become markup after all.
    """
    policy = f"default-src 'none'; script-src {_digest(SCRIPT)}; style-src {_digest(_STYLE)}; img-src data:"
    title, subtitle, legend_title = html.escape(title), html.escape(subtitle), html.escape(legend_title)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{_STYLE}</style>
</head>
<body>
<header><h1 dir="auto">{title}</h1><p>{subtitle}</p></header>
{_main(legend_title)}
<noscript>This map is drawn by a script in this file. Allow scripts to see it.</noscript>
<script type="application/json" id="map-points">{payload}</script>
<script>{SCRIPT}</script>
</body>
</html>
"""


def _main(legend_title: str) -> str:
    """The map's place and the panel beside it; the script fills both."""
    return f"""<main>
<div id="stage">
<canvas id="map" tabindex="0" role="img"
 aria-label="Map of chunks. Arrow keys move, + and - zoom, 0 shows all."></canvas>
<div id="tools"><button id="closer" aria-label="Zoom in">+</button><button id="farther" aria-label="Zoom out">−</button>
<button id="whole">Show all</button></div>
<div id="tip" dir="auto" hidden></div>
</div>
<aside>
<label for="search">Find chunks</label>
<input id="search" type="search" placeholder="words in the text, document or heading" autocomplete="off">
<p id="found" aria-live="polite"></p><ol id="hits" dir="auto"></ol>
<section id="chosen" hidden><h2>Chosen chunk</h2><p id="chosen-source"></p>
<p class="text" id="chosen-text" dir="auto"></p>
</section>
<h2>{legend_title}</h2><ul id="legend" dir="auto"></ul>
</aside>
</main>"""


def _digest(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
