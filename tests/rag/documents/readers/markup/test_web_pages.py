"""Web pages: the main content is read, and what was left out is said; in doubt everything is kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import HTMLParser, fromstring

from rag import config
from rag.documents.encodings import decode
from rag.documents.loading import load_document
from rag.documents.readers.markup.main_content import main_content
from rag.errors import DocumentError
from tests.support.formats.source_words import missing, words

FILES = config.ROOT.parent / "shared" / "files"
ARTICLE = "".join(
    f"<p>Rule {n}: a bike of the city may be kept for at most {n + 10} days, and no longer.</p>" for n in range(6)
)
COOKIES = '<div id="cookie-banner">We use cookies to improve your visit. Accept all</div>'
NAVIGATION = '<nav><ul><li><a href="/">Home</a></li><li><a href="/p">Prices</a></li></ul></nav>'
ASIDE = "<aside>Related: Tram passes, Bus passes</aside>"
FOOTER = "<footer>© 2025 City. Imprint</footer>"
TABLE = (
    "<table><tr><th rowspan=2>Kind<th colspan=2>Fee</tr><tr><th>Member<th>Guest</tr><tr><td>City bike<td>4<td>7</table>"
)


def page(body: str, title: str = "Bike hire") -> bytes:
    return f"<!doctype html><html><head><title>{title}</title></head><body>{body}</body></html>".encode()


FULL = page(
    f"{COOKIES}<header>{NAVIGATION}</header><main><article><h1>Bike hire</h1>{ARTICLE}<h2>Fees</h2>{TABLE}"
    "<ul><li>helmets are free</li></ul><pre><code>hire --days 3\n  --kind cargo</code></pre>"
    "<p hidden>Old rule: 30 days.</p><p style='display: none'>Never shown.</p><noscript>Turn on scripts</noscript>"
    f"</article></main>{ASIDE}{FOOTER}"
)


def test_cookies_navigation_side_column_and_footer_are_left_out_and_said():
    document = load_document("page.html", FULL)
    for words_left_out in ("cookies", "Prices", "Tram", "Imprint", "Old rule", "Never shown", "Turn on"):
        assert words_left_out not in document.text
    assert document.notes == (
        "Text that the page hides was left out (6 words: 'Old rule: 30 days. Never shown.').",
        "Text for browsers without scripts was left out (3 words: 'Turn on scripts').",
        "A cookie notice was left out (9 words: 'We use cookies to improve your visit. Accept …').",
        "The page's header was left out (2 words: 'Home Prices').",
        "A side column was left out (5 words: 'Related: Tram passes, Bus passes').",
        "The footer was left out (4 words: '© 2025 City. Imprint').",
    )


def test_the_article_keeps_headings_table_list_and_code():
    document = load_document("page.html", FULL)
    assert [heading.path for heading in document.headings] == ["Bike hire", "Bike hire > Fees"]
    assert [document.text[row.start : row.end] for row in document.rows] == [
        "Kind: City bike; Fee Member: 4; Fee Guest: 7"
    ]
    assert "- helmets are free" in document.text
    assert "```\nhire --days 3\n  --kind cargo\n```" in document.text
    assert document.text.count("a bike of the city may be kept") == 6


@pytest.mark.parametrize(
    "body",
    [
        f"{NAVIGATION}<p>A short page.</p>{FOOTER}",
        f"{NAVIGATION}<main><p>A bike may be kept.</p></main><aside>{'another word ' * 60}</aside>",
        f"{NAVIGATION}<table>{'<tr><td>Kind<td>4<td>7</tr>' * 30}</table>{FOOTER}",
        f"{NAVIGATION}{FOOTER}",
    ],
    ids=["a short page", "more than half", "a page of a table", "nothing else"],
)
def test_in_doubt_everything_is_kept(body):
    document = load_document("page.html", page(body))
    assert document.notes == ()
    assert missing(re.sub(r"<[^>]*>", " ", body), [document]) == []


def test_a_form_around_the_whole_page_and_its_fields_are_read():
    form = "<form>{}<label>Name</label><select><option>Ada<option>Ben</select><button>Send</button></form>"
    document = load_document("page.html", page(form.format(ARTICLE)))
    assert missing("Name Ada Ben Send", [document]) == []
    assert document.text.count("a bike of the city") == 6


def test_hidden_answers_that_a_click_opens_are_read():
    faq = "".join(
        f'<h3><button aria-controls="a{n}">Question {n}?</button></h3><div id="a{n}" hidden>Answer {n}.</div>'
        for n in range(4)
    )
    document = load_document("faq.html", page(ARTICLE + faq))
    assert all(f"Answer {n}." in document.text for n in range(4))
    assert document.notes == ()


@pytest.mark.parametrize("sign", ["\x01", "&#1;", "\x0c", "\ufffe"])
def test_a_sign_that_xml_forbids_next_to_hidden_text_is_left_out(sign: str):
    said = "The ferry leaves at seven. " * 20
    page = f"<html><body><p>{said}</p>{sign}<p hidden>gone</p>{sign}Last<i hidden>x</i>.</body></html>"
    text = " ".join(load_document("a.html", page.encode()).text.split())
    assert text == f"{said}Last."


def test_a_page_that_a_script_would_show_is_read():
    document = load_document("app.html", page(f"<div style='display:none'>{ARTICLE}<p hidden>inner</p></div>"))
    assert "at most 15 days" in document.text
    assert "inner" in document.text


def test_a_header_with_the_title_keeps_it_and_loses_its_navigation():
    body = f"<article><header><h1>Bike hire</h1>{NAVIGATION}</header>{ARTICLE}</article>"
    document = load_document("page.html", page(body))
    assert [heading.path for heading in document.headings] == ["Bike hire"]
    assert "Prices" not in document.text
    assert document.notes == ("Navigation was left out (2 words: 'Home Prices').",)


PIECES = [
    *(COOKIES, NAVIGATION, ASIDE, FOOTER, ARTICLE, TABLE, "<p>one</p>", "<form>two", "<div hidden>three</div>"),
    *("<section class='menu'>four five six</section>", "<div><p>unclosed", "<b>bold</i></b>"),
]
PARTS = st.lists(st.sampled_from(PIECES), max_size=7)


@given(PARTS)
@settings(max_examples=60, deadline=None)
def test_every_word_of_a_page_is_in_the_text_or_counted_in_a_note(parts):
    html = page("".join(parts)).decode()
    main = main_content(html)
    counted = sum(int(number) for note in main.notes for number in re.findall(r"\((\d+) words?:", note))
    shown = re.sub(r"<title>.*?</title>|<[^>]*>", " ", html)
    kept = re.sub(r"<title>.*?</title>|<[^>]*>", " ", main.html)
    assert len(shown.split()) == len(kept.split()) + counted


@pytest.mark.skipif(not FILES.is_dir(), reason="the folder of real files is not here")
def test_no_word_of_the_real_pages_is_dropped_in_silence():
    for path in sorted(Path(FILES).rglob("*.html")):
        try:
            document = load_document(path.name, path.read_bytes())
        except DocumentError:
            continue
        root = fromstring(decode(path.name, path.read_bytes()).text.encode(), parser=HTMLParser(encoding="utf-8"))
        body = root.find(".//body")
        source = " ".join(body.xpath(".//text()[not(ancestor::script)][not(ancestor::style)]"))
        lost = missing(source, [document])
        assert len(lost) <= 0.01 * sum(words(source).values()), (path.name, lost[:20])
