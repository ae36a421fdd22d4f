"""Books (EPUB): chapters in the order of the spine, drawings, formulas, titles; books that are damaged or locked."""

from __future__ import annotations

import pytest

from rag.documents.loading import load_document
from rag.documents.readers.books.hypertext import read_hypertext
from rag.errors import DocumentError
from tests.support.good_files import SENTENCE, zipped

_XHTML = "http://www.w3.org/1999/xhtml"
_SVG = "http://www.w3.org/2000/svg"
_MATH = "http://www.w3.org/1998/Math/MathML"


def page(body: str, head: str = "") -> str:
    return f'<?xml version="1.0"?><html xmlns="{_XHTML}"><head>{head}</head><body>{body}</body></html>'


def book(chapters: dict[str, str], manifest: str = "", more: dict[str, str] | None = None, spine: str = "") -> bytes:
    """A book of these parts by name; `manifest` has further items, `more` further parts."""
    root = '<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/>'
    items = "".join(
        f'<item id="i{n}" href="{name}" '
        f'media-type="{"image/svg+xml" if name.endswith("svg") else "application/xhtml+xml"}"/>'
        for n, name in enumerate(chapters)
    )
    listed = spine or "".join(f'<itemref idref="i{n}"/>' for n in range(len(chapters)))
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": f"<container><rootfiles>{root}</rootfiles></container>",
            "OPS/book.opf": f"<package><manifest>{items}{manifest}</manifest><spine>{listed}</spine></package>",
            **{f"OPS/{name.replace('%20', ' ')}": part for name, part in chapters.items()},
            **(more or {}),
        }
    )


def test_chapters_are_in_the_order_of_the_spine_with_their_headings():
    chapters = {
        "b%20two.xhtml": page("<h1>Two</h1><h2>Owls</h2><p>y&nbsp;&mdash; z</p>"),
        "a.xhtml": page("<section><h1>O<span>n</span>e</h1></section><p>x</p>", "<title/><script/>"),
    }
    document = load_document("a.epub", book(chapters))
    assert document.text == "# Two\n\n## Owls\n\ny — z\n\n# One\n\nx"
    assert [heading.path for heading in document.headings] == ["Two", "Two > Owls", "One"]
    assert document.notes == ()


def test_a_chapter_without_a_heading_has_the_title_of_the_contents():
    ncx = (
        "<ncx><navMap><navPoint><navLabel><text>Of Owls</text>"
        '</navLabel><content src="a.xhtml"/></navPoint></navMap></ncx>'
    )
    content = book(
        {"a.xhtml": page("<p>They hunt.</p>")},
        '<item id="t" href="toc.ncx" media-type="application/x-dtbncx+xml"/>',
        {"OPS/toc.ncx": ncx},
    )
    document = load_document("a.epub", content)
    assert document.text == "# Of Owls\n\nThey hunt."
    assert [heading.path for heading in document.headings] == ["Of Owls"]


def test_drawings_and_formulas_are_their_text_and_not_their_markup():
    svg = f'<svg xmlns="{_SVG}"><title>no</title><text x="1">Pier <tspan>7</tspan></text><text>Ferry</text></svg>'
    math = (
        f'<math xmlns="{_MATH}" alttext="no"><semantics><mrow><mi>'
        f"E</mi><mo>=</mo><msup><mi>c</mi><mn>2</mn></msup></mrow>"
        '<annotation encoding="x">E=c^2</annotation></semantics></math>'
    )
    chapters = {"a.xhtml": page(f"<p>See {math} and</p><div>{svg}</div><p><img alt='A map'/></p>"), "c.svg": svg}
    text = load_document("a.epub", book(chapters)).text
    assert text == "See E = c ^ 2 and\n\nPier 7\nFerry\n\nA map\n\nPier 7\nFerry"


def test_lists_tables_preformatted_text_and_notes_are_kept():
    body = (
        '<ol start="3" type="a"><li>c</li><li><p>d</p><p>more</p><ul><li>in</li></ul></li></ol>'
        "<table><tr><th>Boat</th><th>Fee</th></tr><tr><td>Canoe</td><td>25</td></tr></table>"
        "<pre>a  b\n  c</pre><p>one<br/>two<sup><a href='#n'>1</a></sup></p><aside><p>A note.</p></aside>"
        "<p>See <a href='https://example.org/t'>the list</a>.</p><dl><dt>Oar</dt><dd>moves</dd></dl>"
    )
    assert load_document("a.epub", book({"a.xhtml": page(body)})).text == (
        "c. c\nd. d\nmore\n  - in\n\nBoat: Canoe; Fee: 25\n\na  b\n  c\n\none\ntwo1\n\nA note.\n\n"
        "See the list (https://example.org/t).\n\nOar\n\nmoves"
    )


def test_pages_that_are_not_well_formed_are_read():
    text = load_document("a.epub", book({"a.xhtml": "<html><body><h1>A & B<p>one<p>two <b>three<li>four</body>"})).text
    assert [word for word in text.split() if word not in "#"] == ["A", "&", "B", "one", "two", "three", "four"]
    assert read_hypertext("<p>&unknown; &lt;x&gt; &eacute;</p>").text == "&unknown; <x> é"
    assert read_hypertext("<div>" * 5000 + "deep").text == "deep"


def test_characters_of_several_bytes_at_any_place_are_read():
    # The parser that read books before failed on boundaries inside such characters.
    for length in range(1, 40):
        body = f"<h1>{'é' * length}</h1><p>{'日' * length}“{'😀' * length}” {SENTENCE}</p>"
        assert SENTENCE in load_document("a.epub", book({"a.xhtml": page(body)})).text


def test_a_damaged_chapter_is_named_and_the_others_are_read():
    content = book({"a.xhtml": page("<p>x</p>"), "b.xhtml": ""})
    document = load_document("a.epub", content)
    assert document.text == "x"
    assert document.notes == ("Chapters that are missing or damaged were left out: OPS/b.xhtml.",)


def test_a_book_without_a_spine_is_read_in_the_order_of_names():
    parts = {"mimetype": "application/epub+zip", "b.html": page("<p>b</p>"), "a.xhtml": page("<p>a</p>")}
    document = load_document("a.epub", zipped(parts))
    assert document.text == "a\n\nb"
    assert "in the order of their names" in document.notes[0]


def test_a_locked_book_is_named_and_locked_fonts_are_not_minded():
    lock = '<encryption><CipherReference URI="OPS/{}"/></encryption>'
    locked = book({"a.xhtml": "\x01\x02"}, more={"META-INF/encryption.xml": lock.format("a.xhtml")})
    with pytest.raises(DocumentError, match="protected against copying"):
        load_document("a.epub", locked)
    fonts = book({"a.xhtml": page("<p>x</p>")}, more={"META-INF/encryption.xml": lock.format("f.otf")})
    assert load_document("a.epub", fonts).text == "x"


def test_entities_of_a_page_do_not_explode():
    entities = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * 10}">' for n in range(1, 10))
    hostile = f'<!DOCTYPE html [<!ENTITY x0 "laugh">{entities}]>' + page("<p>&x9; end</p>").removeprefix(
        '<?xml version="1.0"?>'
    )
    document = load_document("a.epub", book({"a.xhtml": hostile}))
    assert "end" in document.text
    assert len(document.text) < 1000
