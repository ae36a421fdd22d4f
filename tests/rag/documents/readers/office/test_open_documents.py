"""OpenDocument texts, sheets and slides: spans, spaces, lists, notes, comments, changes, frames, objects, pages."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import pytest

from rag.documents.loading import load_document
from tests.support.good_files import ODF_TYPE, SENTENCE, zipped

_PATHS = {
    "office": "office", "text": "text", "table": "table", "draw": "drawing", "presentation": "presentation",
    "style": "style", "fo": "xsl-fo-compatible", "svg": "svg-compatible", "chart": "chart",
}  # fmt: skip
_SPACES = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{path}:1.0"' for name, path in _PATHS.items())
_SPACES += ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
_CELL = f"<table:table-cell><text:p>{SENTENCE}</text:p></table:table-cell>"
_BOX = f"<draw:text-box><text:p>{SENTENCE}</text:p></draw:text-box>"
_MATH = "http://www.w3.org/1998/Math/MathML"


def packed(kind: str, body: str, styles: str = "", parts: Mapping[str, str] | None = None, shared: str = "") -> bytes:
    """A file of this kind ("text"); `styles` are its own, `shared` those of styles.xml."""
    content = f"<office:automatic-styles>{styles}</office:automatic-styles>"
    content += f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
    return zipped(
        {
            "mimetype": f"{ODF_TYPE}.{kind}",
            "content.xml": f"<office:document-content {_SPACES}>{content}</office:document-content>",
            "styles.xml": f"<office:document-styles {_SPACES}>{shared}</office:document-styles>",
            **(parts or {}),
        }
    )


def text_of(body: str, styles: str = "", **more: str) -> str:
    return load_document("a.odt", packed("text", body, styles, **more)).text


def test_words_in_spans_in_links_in_spans_and_all_spaces_are_kept():
    body = (
        '<text:p>The <text:span>deposit <text:a xlink:href="#x">is <text:span>300</text:span></text:a> euro</text:span>'
        '<text:s text:c="3"/>and<text:tab/>due<text:line-break/>at\n   once<text:s/>.</text:p>'
    )
    assert text_of(body) == "The deposit is 300 euro   and\tdue\nat once ."


def test_a_link_is_followed_by_its_address_unless_it_shows_it():
    link = '<text:a xlink:href="https://example.org/{}">{}</text:a>'
    body = f"<text:p>See {link.format('a', 'the list')} or {link.format('b', 'example.org/b')}.</text:p>"
    assert text_of(body) == "See the list (https://example.org/a) or example.org/b."


def test_deletions_are_out_and_insertions_in():
    gone = "<text:changed-region><text:deletion><text:p>old</text:p></text:deletion></text:changed-region>"
    body = f"<text:tracked-changes>{gone}</text:tracked-changes>"
    body += "<text:p>It is <text:change/><text:change-start/>new<text:change-end/>.</text:p>"
    assert text_of(body) == "It is new."


def test_notes_and_comments_follow_their_paragraph():
    note = (
        "<text:note text:note-class='{}'><text:note-citation>1</text:note-citation><text:note-body><text:p>{}</text:p>"
        "</text:note-body></text:note>"
    )
    comment = (
        "<office:annotation><dc:creator>Eve</dc:creator><dc:date>"
        "2025</dc:date><text:p>Really?</text:p></office:annotation>"
    )
    body = f"<text:p>Half{note.format('footnote', 'For <text:span>all</text:span>.')} price{comment}.</text:p>"
    body += f"<text:p>Dogs{note.format('endnote', 'On a lead.')}</text:p>"
    assert text_of(body) == ("Half price.\nFootnote: For all.\nComment by Eve: Really?\n\nDogs\nEndnote: On a lead.")


def test_lists_and_their_numbers_are_as_writer_shows_them():
    level = (
        '<text:list-level-style-number text:level="{}" style:num-format="{}" '
        'style:num-suffix="{}" text:display-levels="{}"/>'
    )
    styles = f'<text:list-style style:name="N">{level.format(1, "1", ".", 1)}{level.format(2, "1", "", 2)}'
    styles += f"{level.format(3, 'i', ')', 1)}</text:list-style>"
    styles += '<text:list-style style:name="B"><text:list-level-style-bullet text:level="1"/></text:list-style>'

    def items(*inner: str) -> str:
        return "".join(f"<text:list-item>{one}</text:list-item>" for one in inner)

    third = f"<text:list>{items('<text:p>three</text:p>')}</text:list>"
    second = f"<text:list>{items('<text:p>two</text:p>' + third, '<text:p>again</text:p>')}</text:list>"
    body = (
        f'<text:list text:style-name="N">{items("<text:p>one</text:p>" + second)}</text:list><text:p>Between</text:p>'
    )
    body += (
        f'<text:list text:style-name="N" text:continue-numbering="true">{items("<text:p>next</text:p>")}</text:list>'
    )
    body += f'<text:list text:style-name="B">{items("<text:p>bullet</text:p><text:p>more</text:p>")}</text:list>'
    assert text_of(body, styles) == (
        "1. one\n  1.1 two\n    i) three\n  1.2 again\n\nBetween\n\n2. next\n- bullet\nmore"
    )


def test_lists_spans_notes_and_tables_in_cells_are_read():
    cell = "<table:table-cell>{}</table:table-cell>"
    listed = (
        "<text:list><text:list-item><text:p>oar</text:p></text:list-item>"
        "<text:list-item><text:p>sail</text:p></text:list-item></text:list>"
    )
    inner = (
        f"<table:table><table:table-row>"
        f"{cell.format('<text:p>x</text:p>')}{cell.format('<text:p>y</text:p>')}</table:table-row></table:table>"
    )
    rows = [
        cell.format("<text:p>Item</text:p>") + cell.format("<text:p>Parts</text:p>"),
        cell.format("<text:p>Bo<text:span>at</text:span></text:p>") + cell.format(listed),
        cell.format("<text:p>Box</text:p>") + cell.format(inner),
    ]
    table = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    assert text_of(f"<table:table>{table}</table:table>") == "Item: Boat; Parts: oar sail\nItem: Box; Parts: x | y"


def test_frames_shapes_formulas_charts_and_pictures_are_read():
    box = "<draw:frame><draw:text-box><text:p>In a box</text:p></draw:text-box></draw:frame>"
    shape = "<draw:g><draw:custom-shape><text:p>In a shape</text:p></draw:custom-shape></draw:g>"
    picture = "<draw:frame><draw:image/><svg:desc>A ferry</svg:desc></draw:frame>"
    objects = '<draw:frame><draw:object xlink:href="./Object {}"/></draw:frame>'
    formula = (
        f'<math xmlns="{_MATH}"><semantics><mrow><mi>E</mi><mo>=</mo>'
        f"<mi>m</mi></mrow><annotation>no</annotation></semantics></math>"
    )
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    row = "<table:table-row>{}</table:table-row>"
    rows = f"<table:table-header-rows>{row.format(cell.format('') + cell.format('Bikes'))}</table:table-header-rows>"
    rows += row.format(cell.format("Q1") + cell.format("120"))
    chart = (
        f"<office:document-content {_SPACES}><office:body>"
        f"<office:chart><chart:chart><chart:title><text:p>Sales</text:p>"
        f"</chart:title><table:table>{rows}</table:table></chart:chart>"
        f"</office:chart></office:body></office:document-content>"
    )
    body = f"<text:p>A{box}{shape}{picture}{objects.format(1)}{objects.format(2)}B</text:p>"
    text = text_of(body, parts={"Object 1/content.xml": formula, "Object 2/content.xml": chart})
    assert text == "AB\n\nIn a box\n\nIn a shape\n\nPicture: A ferry\n\nE = m\n\nSales\nQ1; Bikes: 120"


def test_headings_have_levels_numbers_and_parents_and_pages_begin_at_breaks():
    styles = (
        '<style:style style:name="New" style:parent-style-name="P">'
        '<style:paragraph-properties fo:break-before="page"/></style:style>'
    )
    shared = '<text:outline-style><text:outline-level-style text:level="1" style:num-format="1" style:num-suffix="."/>'
    shared += '<text:outline-level-style text:level="2" style:num-format=""/></text:outline-style>'
    body = (
        '<text:p text:style-name="Title">Handbook</text:p><text:h '
        'text:outline-level="1">Boats</text:h><text:p>x</text:p>'
        '<text:h text:outline-level="2">Times</text:h><text:p>one <text:soft-page-break/>two</text:p>'
        '<text:h text:outline-level="1" text:style-name="New">Owls</text:h><text:p>z</text:p>'
    )
    document = load_document("a.odt", packed("text", body, styles, shared=shared))
    assert [heading.path for heading in document.headings] == ["Handbook", "1. Boats", "1. Boats > Times", "2. Owls"]
    assert [document.text[start:].split("\n")[0] for start in document.pages[1:]] == ["two", "# 2. Owls"]


def test_headers_are_read_once_and_hidden_text_is_noted():
    page = "<style:master-page><style:header><text:p>Draft 7</text:p></style:header></style:master-page>"
    styles = '<style:style style:name="H"><style:text-properties text:display="none"/></style:style>'
    body = '<text:p>seen<text:span text:style-name="H"> not seen</text:span></text:p>'
    body += '<text:section text:display="none"><text:p>nor this</text:p></text:section>'
    document = load_document("a.odt", packed("text", body, styles, shared=page * 2))
    assert document.text == "seen\n\nHeader: Draft 7"
    assert document.notes == ("Hidden text was left out: 4 words.",)


@pytest.mark.parametrize(
    ("name", "kind", "body"),
    [
        ("a.fodt", "text", f"<text:p>{SENTENCE}</text:p>"),
        ("a.fods", "spreadsheet", f"<table:table><table:table-row>{_CELL}</table:table-row></table:table>"),
        ("a.fodp", "presentation", f"<draw:page><draw:frame>{_BOX}</draw:frame></draw:page>"),
    ],
)  # fmt: skip
def test_flat_files_and_templates_are_read(name, kind, body):
    stated = f'office:mimetype="{ODF_TYPE}.{kind}"'
    flat = (
        f'<?xml version="1.0"?><office:document {_SPACES} {stated}><office:body>'
        f"<office:{kind}>{body}</office:{kind}></office:body></office:document>"
    )
    assert load_document(name, flat.encode()).text == SENTENCE
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed(kind, body))) as package, zipfile.ZipFile(buffer, "w") as template:
        for part in package.namelist():
            added = b"-template" if part == "mimetype" else b""
            template.writestr(part, package.read(part) + added)
    assert load_document(name.replace("fod", "ot"), buffer.getvalue()).text == SENTENCE


def test_a_damaged_flat_file_is_named():
    start = f'<office:document {_SPACES} office:mimetype="{ODF_TYPE}.text"><'
    document = load_document("a.fodt", start.encode())
    assert document.text == ""
    assert "The file is damaged" in document.notes[0]


def test_shapes_and_comments_of_a_sheet_are_read():
    comment = "<office:annotation><dc:creator>Eve</dc:creator><text:p>Net?</text:p></office:annotation>"
    rows = "".join(
        f"<table:table-row>{''.join(f'<table:table-cell>{one}</table:table-cell>' for one in row)}</table:table-row>"
        for row in (
            ("<text:p>Part</text:p>", "<text:p>Price</text:p>"),
            ("<text:p>B<text:span>ol</text:span>t</text:p>", f"{comment}<text:p>3<text:s text:c='2'/>EUR</text:p>"),
        )
    )
    shapes = "<table:shapes><draw:custom-shape><text:p>Without VAT</text:p></draw:custom-shape></table:shapes>"
    table = f'<table:table table:name="S">{shapes}{rows}</table:table>'
    text = load_document("a.ods", packed("spreadsheet", table)).text
    assert "Part: Bolt; Price: 3" in text
    assert "Net?" in text
    assert text.endswith("Without VAT")


def test_comments_tables_and_objects_on_a_slide_are_read():
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    table = "".join(
        f"<table:table-row>{cell.format(a)}{cell.format(b)}</table:table-row>"
        for a, b in (("Part", "Price"), ("Bolt", "3"))
    )
    body = (
        '<draw:page><draw:frame presentation:class="title"><draw:text-box>'
        "<text:p>Prices</text:p></draw:text-box></draw:frame>"
        f"<draw:frame><table:table>{table}</table:table></draw:frame>"
        "<draw:g><draw:rect><text:p>In a group</text:p></draw:rect></draw:g>"
        "<office:annotation><dc:creator>Eve</dc:creator><text:p>Net?</text:p></office:annotation>"
        "<presentation:notes><draw:frame><draw:text-box><text:p>Say "
        "it.</text:p></draw:text-box></draw:frame></presentation:notes>"
        "</draw:page>"
    )
    text = load_document("a.odp", packed("presentation", body)).text
    assert text == "Prices\n\nPart: Bolt; Price: 3\n\nIn a group\n\nComment by Eve: Net?\n\nNotes: Say it."
