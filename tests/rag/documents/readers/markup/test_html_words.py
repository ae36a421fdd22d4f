"""The quick bound of a page's words is never below their number, whatever the page looks like."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.documents.readers.markup.html_words import most_words_of_html, words_of_html

PIECES = [
    "<a", ">", "<b>", "</b>", " ", "x y", "'", '"', "=", "/", "<!--", "-->", "<script>", "</script>", "&nbsp;", "&lt;",
    "&gt", "<p class='a b'>", '<p title="a > b">', "<?", "?>", "<![CDATA[", "]]>", "</", "< ", "<td x=1>", "<title>",
    "</title>", "<head>", "<style>", "</style>", "&#32;", "\n", "href=", "`", "\0", "<!DOCTYPE html>", "<br/>", "<a/b>",
    "<textarea>", "</textarea>", "<template>",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example('<!--<p title="a > b">')
@example("x<a/b>y")
@example("<a href='x>y</a>")
def test_the_bound_is_never_too_low(html):
    most = most_words_of_html(html)
    assert most is None or most >= len(words_of_html(html))


def test_the_bound_of_an_ordinary_page_is_the_number_of_its_words():
    html = '<html><body class="a"><h1>City bikes</h1><p id=x>Rule 1:&nbsp;keep <b>it</b> short.<br/></p></body></html>'
    assert most_words_of_html(html) == len(words_of_html(html)) == 7


@pytest.mark.parametrize("html", ["<textarea><b>", "<!-- a <p title='x > y'>"])
def test_there_is_no_bound_where_what_looks_like_a_tag_may_be_text(html):
    assert most_words_of_html(html) is None
