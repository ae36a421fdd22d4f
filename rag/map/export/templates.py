"""Render Jinja2 templates to HTML files that fetch nothing, with every text escaped and a strict security policy.

A template extends `page.html.jinja` and is in an `assets` folder next to its module, with its style and script.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_PAGE_ASSETS = Path(__file__).parent / "assets"
_NOT_IN_HTML = re.compile("[\x00\ud800-\udfff]")


def render_page(
    assets: Path, template: str, context: Mapping[str, object], *, title: str, style: str, script: str = ""
) -> str:
    """A whole HTML file. Its content security policy allows this style and this script, and no request.

    So even text that became markup by mistake could neither run nor fetch anything.

    Args:
        assets: the folder of the template.
        context: what the template shows; texts are escaped, `markupsafe.Markup` is inserted as it is.
        style: CSS, inserted as it is.
        script: JavaScript, inserted as it is by the template; "" allows no script at all.
    """
    page = {"title": title, "policy": _policy(style, script), "style": trusted(style), "script": trusted(script)}
    return render(assets, template, {**context, **page})


def render(assets: Path, template: str, context: Mapping[str, object]) -> str:
    """A template of the folder `assets`, with every text escaped.

    Raises:
        jinja2.UndefinedError: the template uses a name that is not in `context`.
    """
    return _environment(assets).get_template(template).render(context)


def trusted(markup: str) -> Markup:
    """Markup that this program wrote: a template inserts it without escaping it."""
    from markupsafe import Markup

    return Markup(markup)


@cache
def _environment(assets: Path) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader([assets, _PAGE_ASSETS]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_escaped,
    )


def _escaped(value: object) -> object:
    """A text as HTML that shows it unchanged; a null or a lone surrogate, which no file can hold, becomes U+FFFD."""
    from markupsafe import Markup, escape

    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    # A parser reads a carriage return as a line break, so it is written as a reference.
    return Markup(escape(_NOT_IN_HTML.sub("\ufffd", value)).replace("\r", Markup("&#13;")))


def _policy(style: str, script: str) -> str:
    """A content security policy that allows exactly this style and this script, named by their hashes."""
    allowed_script = f"script-src {_hash_source(script)}; " if script else ""
    return (
        f"default-src 'none'; style-src {_hash_source(style)}; {allowed_script}"
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash_source(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
