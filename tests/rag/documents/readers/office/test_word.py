"""Word documents: no visible text is lost, and notes, comments and headers are named as such."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import docx as python_docx
import pytest

from rag import config
from rag.documents.loading import load_document
from tests.support.formats.broken_files import OLE
from tests.support.formats.outlook_files import compound_file
from tests.support.good_files import SENTENCE, docx, paragraph

CASE = config.ROOT.parent / "shared" / "cases" / "docx-changes" / "terms.docx"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_M = "http://schemas.openxmlformats.org/officeDocument/2006/math"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_DGM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"


def text_of(body: str, related: Mapping[str, str] | None = None) -> str:
    return load_document("a.docx", docx(body, related=related)).text


def with_parts(content: bytes, parts: Mapping[str, bytes | str], links: str = "") -> bytes:
    """A document with more parts, and more relations of its text."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as package, zipfile.ZipFile(buffer, "w") as changed:
        for name in package.namelist():
            part = package.read(name)
            if name == "word/_rels/document.xml.rels":
                part = part.replace(b"</Relationships>", f"{links}</Relationships>".encode())
            changed.writestr(name, part)
        for name, added in parts.items():
            changed.writestr(name, added)
    return buffer.getvalue()


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def test_a_text_box_with_its_fallback_is_read_once_and_the_words_around_it_stay():
    box = f"<w:txbxContent>{paragraph('Emergency number 0800')}</w:txbxContent>"
    shape = (
        f'<mc:AlternateContent xmlns:mc="{_MC}"><mc:Choice Requires="wps"><w:drawing>{box}</w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent>"
    )
    text = text_of(f"<w:p>{run('Box follows.')}<w:r>{shape}</w:r>{run(' And goes on.')}</w:p>")
    assert text == "Box follows. And goes on.\n\nEmergency number 0800"


def test_insertions_are_in_and_deletions_and_moved_words_are_out():
    body = (
        f"<w:p>{run('The deposit is ')}<w:del w:id='1'><w:r><w:delText>200</w:delText></w:r></w:del>"
        f"<w:ins w:id='2'>{run('300')}</w:ins><w:moveFrom w:id='3'>{run(' old')}</w:moveFrom>{run(' euro.')}</w:p>"
        f"<w:p><w:moveTo w:id='3'>{run('old')}</w:moveTo></w:p>"
    )
    assert text_of(body) == "The deposit is 300 euro.\n\nold"


def test_paragraphs_whose_break_was_deleted_are_one():
    broken = f"<w:p><w:pPr><w:rPr><w:del w:id='1'/></w:rPr></w:pPr>{run('The ferry ')}</w:p>"
    assert text_of(broken + paragraph("leaves at seven.")) == "The ferry leaves at seven."


def test_signs_between_words_are_kept_and_those_within_are_not():
    body = (
        "<w:p><w:r><w:t>e</w:t><w:noBreakHyphen/><w:t>mail, ferry</w:t><w:softHyphen/><w:t>man, har\u00adbour</w:t>"
        "<w:tab/><w:t>7</w:t><w:br/><w:t>below</w:t></w:r></w:p>"
    )
    assert text_of(body) == "e-mail, ferryman, harbour\t7\nbelow"


def test_symbols_have_their_character_and_pictures_without_one_are_noted():
    symbols = "".join(
        f'<w:sym w:font="{font}" w:char="{code}"/>'
        for font, code in (("Symbol", "F061"), ("Symbol", "F0A3"), ("Wingdings", "F0FE"), ("Wingdings", "F02B"))
    )
    body = f"<w:p><w:r>{symbols}</w:r>" + run("\uf062", '<w:rFonts w:ascii="Symbol"/>') + "</w:p>"
    document = load_document("a.docx", docx(body))
    assert document.text == "α≤☑β"
    assert document.notes == ("1 symbol of a picture font without a matching character left out.",)


def test_list_numbers_are_as_word_shows_them():
    level = '<w:lvl w:ilvl="{}"><w:start w:val="{}"/><w:numFmt w:val="{}"/><w:lvlText w:val="{}"/></w:lvl>'
    levels = level.format(0, 1, "decimal", "%1.") + level.format(1, 1, "decimal", "%1.%2")
    levels += level.format(2, 3, "lowerLetter", "%3)")
    numbering = (
        f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        f'<w:abstractNum w:abstractNumId="1">{level.format(0, 1, "bullet", "•")}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
        '<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/>'
        "</w:lvlOverride></w:num>"
    )

    def item(text: str, number: int, depth: int) -> str:
        place = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>'
        return f"<w:p><w:pPr>{place}</w:pPr>{run(text)}</w:p>"

    body = "".join(
        item(text, number, depth)
        for text, number, depth in (
            ("one", 1, 0), ("two", 1, 0), ("two one", 1, 1), ("two two", 1, 1), ("three", 1, 2), ("four", 1, 2),
            ("bullet", 2, 0), ("three", 1, 0), ("three one", 1, 1), ("seven", 3, 0),
        )
    )  # fmt: skip
    assert text_of(body, {"numbering": numbering}) == (
        "1. one\n2. two\n  2.1 two one\n  2.2 two two\n    c) three\n    d) four\n- bullet\n3. three\n"
        "  3.1 three one\n7. seven"
    )


def test_numbered_headings_have_their_number_in_the_path():
    level = '<w:lvl w:ilvl="{}"><w:numFmt w:val="decimal"/><w:lvlText w:val="{}"/></w:lvl>'
    numbering = f'<w:abstractNum w:abstractNumId="0">{level.format(0, "%1")}{level.format(1, "%1.%2")}</w:abstractNum>'
    numbering += '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    style = (
        '<w:style w:type="paragraph" w:styleId="{0}"><w:name w:val="heading {1}"/><w:pPr><w:numPr><w:ilvl w:val="{2}"/>'
        '<w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    )
    styles = style.format("A", 1, 0) + style.format("B", 2, 1)
    body = paragraph("Boats", "A") + paragraph("Times", "B") + paragraph("Owls", "A")
    document = load_document("a.docx", docx(body, related={"numbering": numbering, "styles": styles}))
    assert [heading.path for heading in document.headings] == ["1 Boats", "1 Boats > 1.1 Times", "2 Owls"]
    assert [document.text[heading.start :].split("\n")[0] for heading in document.headings] == [
        "# 1 Boats", "## 1.1 Times", "# 2 Owls",
    ]  # fmt: skip


def test_notes_and_comments_follow_their_paragraph_and_say_what_they_are():
    body = (
        f"<w:p>{run('Half price.')}<w:r><w:footnoteReference w:id='2'/></w:r><w:r><w:commentReference w:id='0'/></w:r>"
        f"</w:p><w:p>{run('Dogs.')}<w:r><w:endnoteReference w:id='3'/></w:r></w:p>" + paragraph("End.")
    )
    related = {
        "footnotes": f"<w:footnote w:type='separator' w:id='0'>{paragraph('no')}</w:footnote>"
        f"<w:footnote w:id='2'>{paragraph('For students.')}</w:footnote>",
        "endnotes": f"<w:endnote w:id='3'>{paragraph('On a lead.')}</w:endnote>",
        "comments": f"<w:comment w:id='0' w:author='Eve'>{paragraph('Since May?')}</w:comment>"
        f"<w:comment w:id='1'>{paragraph('To nothing.')}</w:comment>",
    }
    assert text_of(body, related) == (
        "Half price.\nFootnote: For students.\nComment by Eve: Since May?\n\nDogs.\nEndnote: On a lead.\n\nEnd.\n\n"
        "Comment: To nothing."
    )


def test_a_note_in_a_cell_is_in_its_row():
    cell = f"<w:p>{run('300')}<w:r><w:footnoteReference w:id='2'/></w:r></w:p>"
    rows = "".join(
        f"<w:tr>{properties}{''.join(f'<w:tc>{one}</w:tc>' for one in row)}</w:tr>"
        for properties, row in (
            ("<w:trPr><w:tblHeader/></w:trPr>", (paragraph("Machine"), paragraph("Deposit"))),
            ("", (paragraph("Saw"), cell)),
        )
    )
    text = text_of(f"<w:tbl>{rows}</w:tbl>", {"footnotes": f"<w:footnote w:id='2'>{paragraph('Cash.')}</w:footnote>"})
    assert text == "Machine: Saw; Deposit: 300 (Footnote: Cash.)"


def test_headers_and_footers_are_read_once_as_what_they_are():
    section = "".join(f'<w:sectPr><w:headerReference r:id="h{n}" xmlns:r="{_R}"/></w:sectPr>' for n in (1, 2, 3))
    content = docx(paragraph(SENTENCE) + section)
    links = "".join(f'<Relationship Id="h{n}" Type="{_R}/header" Target="header{n}.xml"/>' for n in (1, 2, 3))
    header = '<w:hdr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">{}</w:hdr>'
    parts = {
        f"word/header{n}.xml": header.format(paragraph(text)) for n, text in ((1, "Draft"), (2, "Draft"), (3, "9"))
    }
    assert load_document("a.docx", with_parts(content, parts, links)).text == f"{SENTENCE}\n\nHeader: Draft"


def test_hidden_text_is_left_out_and_noted():
    document = load_document("a.docx", docx(f"<w:p>{run('seen')}{run(' not seen', '<w:vanish/>')}</w:p>"))
    assert document.text == "seen"
    assert document.notes == ("Hidden text was left out: 2 words.",)


def test_fields_show_their_result_and_links_their_address():
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGEREF x</w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run("12")}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    box = (
        '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox>'
        "<w:checked/></w:checkBox></w:ffData></w:fldChar></w:r>"
    )
    link = f'<w:hyperlink xmlns:r="{_R}" r:id="u">{run("timetable")}</w:hyperlink>'
    body = f"<w:p>{run('See page ')}{field}{run(' or the ')}{link}{run('. ')}{box}</w:p>"
    links = f'<Relationship Id="u" Type="{_R}/hyperlink" Target="https://example.org/t" TargetMode="External"/>'
    text = load_document("a.docx", with_parts(docx(body), {}, links)).text
    assert text == "See page 12 or the timetable (https://example.org/t). ☒"


def test_controls_equations_rubies_and_smart_tags_are_read():
    fraction = "<m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>"
    power = "<m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>"
    equation = f'<m:oMath xmlns:m="{_M}">{fraction}<m:r><m:t>=</m:t></m:r>{power}</m:oMath>'
    control = f"<w:sdt><w:sdtPr><w:alias w:val='no'/></w:sdtPr><w:sdtContent>{run('Moor Farm')}</w:sdtContent></w:sdt>"
    ruby = f"<w:r><w:ruby><w:rt>{run('kan')}</w:rt><w:rubyBase>{run('漢')}</w:rubyBase></w:ruby></w:r>"
    body = f"<w:p>{control}{run(' ')}<w:smartTag>{run('tagged ')}</w:smartTag>{equation}{ruby}</w:p>"
    text = text_of(f"<w:sdt><w:sdtContent>{body}</w:sdtContent></w:sdt>")
    assert text.startswith("Moor Farm tagged (a+b)/2=x^2")
    assert "漢" in text


def test_a_diagram_a_chart_and_a_pictures_description_are_read():
    drawing = (
        '<w:r><w:drawing><wp:docPr xmlns:wp="u" descr="A ferry at sea"/>'
        f'<dgm:relIds xmlns:dgm="{_DGM}" xmlns:r="{_R}" r:dm="d"/></w:drawing></w:r>'
    )
    points = f'<dgm:dataModel xmlns:dgm="{_DGM}" xmlns:a="{_A}">' + "".join(
        f"<dgm:pt><dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t></dgm:pt>" for text in ("Book", "Sail")
    )
    content = with_parts(
        docx(f"<w:p>{run('Steps:')}{drawing}</w:p>"),
        {"word/data1.xml": points + "</dgm:dataModel>"},
        '<Relationship Id="d" Type="x/diagramData" Target="data1.xml"/>',
    )
    assert load_document("a.docx", content).text == "Steps:\n\nPicture: A ferry at sea\n\nBook\nSail"


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("chunk.html", f"<html><body><h1>Fares</h1><p>{SENTENCE}</p></body></html>"),
        ("chunk.rtf", rf"{{\rtf1\ansi {SENTENCE}}}"),
        ("chunk.txt", SENTENCE),
        ("chunk.docx", docx(paragraph(SENTENCE))),
    ],
)
def test_an_embedded_file_is_read_in_its_place(part, content):
    body = paragraph("Before") + f'<w:altChunk xmlns:r="{_R}" r:id="c"/>' + paragraph("After")
    links = f'<Relationship Id="c" Type="{_R}/aFChunk" Target="{part}"/>'
    document = load_document("a.docx", with_parts(docx(body), {f"word/{part}": content}, links))
    assert document.text.startswith("Before\n\n")
    assert document.text.endswith(f"{SENTENCE}\n\nAfter")
    assert document.notes == ()


def test_a_document_that_embeds_itself_ends_with_a_note():
    links = f'<Relationship Id="c" Type="{_R}/aFChunk" Target="chunk.docx"/>'
    content = docx(paragraph("x"))
    for _ in range(6):
        body = paragraph("x") + f'<w:altChunk xmlns:r="{_R}" r:id="c"/>'
        content = with_parts(docx(body), {"word/chunk.docx": content}, links)
    document = load_document("a.docx", content)
    assert document.text == "x\n\nx\n\nx\n\nx"
    assert document.notes == ("An embedded file could not be read and was left out: word/chunk.docx.",)


def test_damaged_parts_are_named_and_the_text_is_read():
    links = f'<Relationship Id="f" Type="{_R}/footnotes" Target="footnotes.xml"/>'
    document = load_document("a.docx", with_parts(docx(paragraph(SENTENCE)), {"word/footnotes.xml": "<w:"}, links))
    assert document.text == SENTENCE
    assert document.notes == ("Damaged parts of the document were left out: word/footnotes.xml.",)


def test_names_in_capitals_and_the_strict_variant_are_read():
    with zipfile.ZipFile(io.BytesIO(docx(paragraph(SENTENCE)))) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    strict = (
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, part in parts.items():
            package.writestr(name.upper().replace("/", "\\"), part.replace(*strict))
    assert load_document("a.docx", buffer.getvalue()).text == SENTENCE


def test_headings_and_paragraphs_are_those_of_python_docx():
    written = python_docx.Document()
    written.add_heading("Harbour", 0)
    for number in range(1, 4):
        written.add_heading(f"Pier {number}", number)
        written.add_paragraph(f"{SENTENCE} {number}")
    written.add_paragraph("first", style="List Number")
    written.add_paragraph("second", style="List Number")
    buffer = io.BytesIO()
    written.save(buffer)
    document = load_document("a.docx", buffer.getvalue())
    for one in python_docx.Document(io.BytesIO(buffer.getvalue())).paragraphs:
        assert one.text in document.text
    assert [heading.path for heading in document.headings] == [
        "Harbour", "Pier 1", "Pier 1 > Pier 2", "Pier 1 > Pier 2 > Pier 3",
    ]  # fmt: skip
    assert document.text.endswith("1. first\n2. second")


def test_a_page_that_begins_in_a_table_begins_at_its_row():
    def cell(text: str, sign: str = "") -> str:
        return f"<w:tc><w:p><w:r>{sign}<w:t>{text}</w:t></w:r></w:p></w:tc>"

    rows = "".join(
        f"<w:tr>{cell(f'Pier {n}', '<w:lastRenderedPageBreak/>' if n == 3 else '')}{cell(f'{n} m')}</w:tr>"
        for n in range(1, 5)
    )
    document = load_document("a.docx", docx(paragraph("Piers") + f"<w:tbl>{rows}</w:tbl>"))
    assert document.text[document.pages[1] :].startswith("Pier 3")
    assert [document.text[row.start : row.end] for row in document.rows][-1].startswith("Pier 4")


@pytest.mark.skipif(not CASE.is_file(), reason="the folder of cases is not here")
def test_the_terms_of_hire_are_whole():
    text = load_document(CASE.name, CASE.read_bytes()).text
    assert "The deposit is 300 euro and is due at once.\nFootnote:" in text
    assert "200" not in text
    assert text.count("0800 4471") == 1
    assert "Comment by Eve: Check with legal" in text
    assert "1. first point\n2. second point" in text


def word6(text: bytes, version: int = 0x65, flags: int = 0, language: int = 0x409) -> bytes:
    """A document of Word 6: a header, and the text after it."""
    header = bytearray(0x300)
    header[0:2] = b"\xdc\xa5"
    for at, number in ((2, version), (6, language), (10, flags)):
        header[at : at + 2] = number.to_bytes(2, "little")
    header[0x18:0x20] = (0x300).to_bytes(4, "little") + (0x300 + len(text)).to_bytes(4, "little")
    return compound_file({"WordDocument": bytes(header) + text + bytes(5000)})


def test_a_document_of_word_6_is_read_in_its_code_page():
    text = "Straße\x13 PAGE \x147\x15\rA\x07B\x07\x07non\x1ebreaking\x0cnext\r".encode("cp1252")
    document = load_document("a.doc", word6(text))
    assert document.text == "Straße7\n\nA | B\n\nnon-breakingnext"
    assert document.text[document.pages[1] :] == "next"
    assert load_document("a.doc", word6("Привет\r".encode("cp1251"), language=0x419)).text == "Привет"


def test_a_fast_saved_document_of_word_6_is_put_in_order():
    first, second = b"The ferry ", b"leaves at seven.\r"
    header = bytearray(0x300)
    header[0:2] = b"\xdc\xa5"
    header[2:4], header[10:12] = (0x65).to_bytes(2, "little"), (4).to_bytes(2, "little")
    ends = (0, len(first), len(first) + len(second))
    places = (0x300 + len(second), 0x300)
    pieces = b"".join(end.to_bytes(4, "little") for end in ends)
    pieces += b"".join(b"\0\0" + place.to_bytes(4, "little") + b"\0\0" for place in places)
    table = b"\x02" + len(pieces).to_bytes(4, "little") + pieces
    at = 0x300 + len(first) + len(second)
    header[0x160:0x164] = at.to_bytes(4, "little")
    stream = bytes(header) + second + first + table + bytes(5000)
    assert load_document("a.doc", compound_file({"WordDocument": stream})).text == "The ferry leaves at seven."


def test_older_formats_are_named():
    for start, what in ((b"\xdb\xa5\x2d\0", "Word 2"), (b"\xffWPC\x10", "WordPerfect")):
        with pytest.raises(Exception, match=what):
            load_document("a.doc", start + bytes(range(256)))
    with pytest.raises(Exception, match="password"):
        load_document("a.doc", word6(b"x", flags=0x100))
    assert word6(b"x")[:8] == OLE
