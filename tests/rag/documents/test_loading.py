"""Files -> documents: text, pages, headings, rows, language and notes of every format and every encoding."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from rag import config
from rag.documents.column_roles import ColumnRoles
from rag.documents.formats import MEDIA_TYPES
from rag.documents.loading import load_document, table_columns
from rag.documents.readers import office
from rag.errors import DocumentError
from tests.support.formats.outlook_files import compound_file, message
from tests.support.good_files import (
    SENTENCE,
    docx,
    epub,
    odp,
    ods,
    open_document,
    paragraph,
    parquet,
    pdf,
    pptx,
    xlsx,
)

QUESTIONS = [json.loads(line) for line in (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]
FILES = config.ROOT.parent / "shared" / "files"
PASSAGE = f"{SENTENCE} {SENTENCE}"
BREAK = "<w:p><w:r><w:lastRenderedPageBreak/><w:t>{}</w:t></w:r></w:p>"


def paths(document) -> list[str]:
    return [heading.path for heading in document.headings]


def page_texts(document) -> list[str]:
    ends = [*document.pages[1:], len(document.text)]
    return [document.text[start:end].strip() for start, end in zip(document.pages, ends, strict=True)]


def row_texts(document) -> list[str]:
    return [document.text[row.start : row.end] for row in document.rows]


@pytest.mark.parametrize("item", QUESTIONS, ids=lambda item: item["document"])
def test_every_sample_passage_is_in_its_document(item):
    path = config.SAMPLES / "handbook" / item["document"]
    assert item["passage"] in load_document(path.name, path.read_bytes()).text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", pdf([SENTENCE])),
        ("a.docx", docx(paragraph(SENTENCE))),
        ("a.pptx", pptx([("Boats", SENTENCE)])),
        ("a.xlsx", xlsx({"Boats": [["boat", "text"], ["Anna", SENTENCE]]})),
        ("a.odt", open_document("text", f"<text:p>{SENTENCE}</text:p>")),
        ("a.ods", ods([["boat", "text"], ["Anna", SENTENCE]])),
        ("a.odp", odp([("Boats", SENTENCE)])),
        ("a.epub", epub([("Boats", SENTENCE)])),
        ("a.rtf", rf"{{\rtf1\ansi {SENTENCE}}}".encode()),
        ("a.html", f"<html><body><p>{SENTENCE}</p></body></html>".encode()),
        ("a.xml", f"<log><entry>{SENTENCE}</entry></log>".encode()),
        ("a.md", SENTENCE.encode()),
        ("a.txt", SENTENCE.encode()),
        ("a.rst", SENTENCE.encode()),
        ("a.tex", SENTENCE.encode()),
        ("a.org", SENTENCE.encode()),
        ("a.adoc", SENTENCE.encode()),
        ("a.log", SENTENCE.encode()),
        ("a.srt", f"1\n00:00:00,000 --> 00:00:04,000\n{SENTENCE}\n".encode()),
        ("a.vtt", f"WEBVTT\n\n00:00.000 --> 00:04.000\n{SENTENCE}\n".encode()),
        ("a.csv", f"boat,text\nAnna,{SENTENCE}\n".encode()),
        ("a.tsv", f"boat\ttext\nAnna\t{SENTENCE}\n".encode()),
        ("a.json", json.dumps([{"text": SENTENCE}]).encode()),
        ("a.jsonl", json.dumps({"text": SENTENCE}).encode()),
        ("a.parquet", parquet({"text": [SENTENCE]})),
        ("a.eml", f"Subject: Boats\n\n{SENTENCE}\n".encode()),
        ("a.msg", compound_file(message({0x37: "Boats", 0x1000: SENTENCE}))),
        ("a.mbox", f"From x Mon Jun 01 10:00:00 2009\nSubject: Boats\n\n{SENTENCE}\n".encode()),
        ("a.mhtml", f"Content-Type: text/html\n\n<p>{SENTENCE}</p>\n".encode()),
        ("a.py", f'"""{SENTENCE}"""\n'.encode()),
        ("a.ipynb", json.dumps({"cells": [{"cell_type": "markdown", "source": [SENTENCE]}]}).encode()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_sentence_of_each_format_is_read_and_its_language_told(name, content):
    document = load_document(name, content)
    assert SENTENCE in document.text
    assert document.media_type == MEDIA_TYPES[Path(name).suffix]
    assert document.language == ("" if name == "a.py" else "en")
    assert document.notes == ()


def test_pdf_pages_are_kept_and_those_without_text_named():
    document = load_document("a.pdf", pdf(["one", "", "three", ""]))
    assert page_texts(document) == ["one", "", "three", ""]
    assert document.notes == ("Pages 2 and 4 hold no text: blank, damaged, or drawn without text characters.",)


def test_a_scan_is_named_with_the_way_to_read_it(monkeypatch):
    monkeypatch.delenv("EXPLORER_OCR", raising=False)
    scan = pdf(["", "", ""], "/Picture<</Subtype /Image>>")
    document = load_document("scan.pdf", scan)
    assert document.text == ""
    assert document.notes[0].startswith("The PDF contains no text: all 3 pages are scanned, or blank.")
    assert "EXPLORER_OCR=1" in document.notes[0]


def test_ocr_needs_the_setting_and_the_data(monkeypatch, tmp_path):
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    monkeypatch.setattr(office, "_TESSDATA", ())
    monkeypatch.setattr(office, "_TESSDATA_ELSEWHERE", ())
    monkeypatch.setenv("EXPLORER_OCR", "1")
    assert not office.ocr_is_on()
    (tmp_path / "eng.traineddata").touch()
    assert office.ocr_is_on()
    monkeypatch.setenv("EXPLORER_OCR", "0")
    assert not office.ocr_is_on()


def test_word_keeps_signs_tabs_and_notes():
    box = "<w:r><w:pict><w:txbxContent>" + paragraph("In a box") + "</w:txbxContent></w:pict></w:r>"
    body = paragraph("R&amp;D: a &lt; b &#38; c &gt; d * 2 # 3") + f"<w:p>{box}</w:p>"
    body += "<w:p><w:r><w:t>Page</w:t><w:tab/><w:t>7</w:t><w:footnoteReference w:id='2'/></w:r></w:p>"
    footnotes = f"<w:footnote w:id='2'>{paragraph('See the timetable.')}</w:footnote>"
    text = load_document("a.docx", docx(body, related={"footnotes": footnotes})).text
    assert text.startswith("R&D: a < b & c > d * 2 # 3\n")
    assert "In a box" in text
    assert "Page\t7" in text
    assert "See the timetable." in text


def test_word_has_headings_tables_and_the_pages_that_word_showed():
    table = f"<w:tbl><w:tr><w:tc>{paragraph('Anna')}</w:tc><w:tc>{paragraph('7:00')}</w:tc></w:tr></w:tbl>"
    style = '<w:style w:type="paragraph" w:styleId="{}"><w:pPr><w:outlineLvl w:val="{}"/></w:pPr></w:style>'
    styles = style.format("H1", 0) + style.format("H2", 1)
    body = paragraph("Boats", "H1") + paragraph(SENTENCE) + paragraph("Times", "H2") + table
    body += '<w:p><w:r><w:br w:type="page"/></w:r></w:p>' + BREAK.format("Second page") + BREAK.format("Third page")
    document = load_document("a.docx", docx(body, related={"styles": styles}))
    assert paths(document) == ["Boats", "Boats > Times"]
    assert "\nAnna | 7:00\n" in document.text
    assert page_texts(document)[1:] == ["Second page", "Third page"]
    without = load_document(
        "a.docx", docx(paragraph("a") + '<w:p><w:r><w:br w:type="page"/></w:r></w:p>' + paragraph("b"))
    )
    assert page_texts(without) == ["a", "b"]


@pytest.mark.parametrize(("name", "make"), [("a.pptx", pptx), ("a.odp", odp)])
def test_slides_are_pages_in_the_order_shown_with_their_titles(name, make):
    document = load_document(name, make([("Boats &amp; ports", "They sail."), ("Owls", "They hunt.")]))
    assert page_texts(document) == ["Boats & ports\n\nThey sail.", "Owls\n\nThey hunt."]
    assert paths(document) == ["Boats & ports", "Owls"]


def test_sheets_are_headings_and_only_clear_tables_become_rows():
    free = [["Report 2024"], ["total", "12"], ["made by", "", "Bert"]]
    boats = [["boat", "text"], ["Anna", PASSAGE], ["R&amp;D", SENTENCE]]
    document = load_document("a.xlsx", xlsx({"Boats": boats, "Free": free}))
    assert paths(document) == ["Boats", "Free > Report 2024"]
    assert row_texts(document) == [PASSAGE, SENTENCE, "total | 12", "made by |  | Bert"]
    assert [row.fields for row in document.rows] == [(("boat", "Anna"),), (("boat", "R&D"),), (), ()]


def test_headings_are_kept_with_their_parents():
    text = "# A\n\nfirst\n\n## B [see](b.md)\n\n```\n# no heading\n```\n\n# *C*\n\nthird"
    assert paths(load_document("h.md", text.encode())) == ["A", "A > B see", "C"]


def test_underlined_headings_count_and_front_matter_does_not():
    text = "---\ntitle: x\nby: me\n---\n\nBoats\n=====\n\nintro\n\nAnna\n----\n\nrow\n\n| a |\n|---|\n| b |\n"
    document = load_document("h.md", text.encode())
    assert paths(document) == ["Boats", "Boats > Anna"]
    assert document.text[document.headings[1].start :].startswith("Anna\n----")


def test_books_web_pages_and_open_documents_have_headings():
    html = (
        b"<title>T</title><script>evil()</script><h1>A</h1><p>x &lt; y<h2>B</h2><table><tr><td>1<td>2</table><p>after"
    )
    page = load_document("a.html", html)
    assert paths(page) == ["A", "A > B"]
    assert "x < y" in page.text
    assert page.text.endswith("\n\n1 | 2\n\nafter")
    assert "evil" not in page.text
    assert paths(load_document("a.epub", epub([("One", "x"), ("Two", "y")]))) == ["One", "Two"]
    body = '<text:h text:outline-level="1">A</text:h><text:p>x</text:p><text:h text:outline-level="2">B</text:h>'
    assert paths(load_document("a.odt", open_document("text", body))) == ["A", "A > B"]


def test_rtf_reads_its_code_page_and_parts_its_pages():
    text = load_document("a.rtf", rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8 \u8364?\page next\par}").text
    assert text.split() == ["При", "€", "next"]


def test_mail_keeps_its_people_and_names_its_attachments():
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Grüße", "anna@example.org", "bert@example.org"
    mail.set_content("Schöne Grüße von der Fähre.", charset="iso-8859-1")
    mail.add_alternative("<p>not this one</p>", subtype="html")
    mail.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="plan.pdf")
    document = load_document("a.eml", mail.as_bytes())
    assert document.text.startswith("Subject: Grüße\nFrom: anna@example.org\nTo: bert@example.org\n\nSchöne Grüße")
    assert "not this one" not in document.text
    assert document.notes == (
        "The message's HTML version, which differs, was left out (3 words: 'not this one').",
        "Attachments are documents of their own: plan.pdf.",
    )


def test_mail_in_html_alone_is_read_in_its_charset():
    head = b"Subject: x\nContent-Type: text/html; charset=windows-1251\n\n"
    assert load_document("a.eml", head + "<p>Привет, <b>мир</b></p>".encode("cp1251")).text.endswith("Привет, **мир**")


def test_xml_is_lines_without_scripts():
    xml = b'<r xmlns="u:x"><script>evil()</script><a k="v">one <b>two</b></a><!-- no --><c/></r>'
    assert load_document("a.xml", xml).text == "a (k: v): one two"


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b'a;b\n"x; ""y""";1,5\n', ['a: x; "y"; b: 1,5']),
        (b"sep=;\r\na;b\r\n1;2\r\n", ["a: 1; b: 2"]),
        (b"\xef\xbb\xbfa\tb\n1\t2\n", ["a: 1; b: 2"]),
        (b"a|b\n1|2\n", ["a: 1; b: 2"]),
        (b"a,b\r1,2\r3,4\r", ["a: 1; b: 2", "a: 3; b: 4"]),
        (b'a,b\n1,"two\nlines"\n', ["a: 1; b: two\nlines"]),
        (b"a,b,a,\n1,2,3,4,5\n6\n", ["a: 1; b: 2; a 3: 3; column 4: 4; column 5: 5", "a: 6"]),
        (b"1,2\n3,4\n", ["column 1: 1; column 2: 2", "column 1: 3; column 2: 4"]),
        ("a\tb\n1\tž\n".encode("utf-16"), ["a: 1; b: ž"]),
        (b"a,b\n1,\x002\n", ["a: 1; b: 2"]),
    ],
)
def test_tables_as_people_save_them(content, rows):
    assert row_texts(load_document("t.csv", content)) == rows


def test_text_columns_are_guessed_chosen_and_refused():
    table = "topic,note,year\n" + "".join(f"{topic},{PASSAGE * 2},19{n}\n" for n, topic in enumerate("ABC", start=70))
    content = (table + "D,,1999\n").encode()
    document = load_document("t.csv", content)
    assert document.rows[0].fields == (("topic", "A"), ("year", "1970"))
    assert row_texts(document)[-1] == "topic: D; year: 1999"
    chosen = load_document("t.csv", content, roles=ColumnRoles(("topic", "year")))
    assert row_texts(chosen) == ["A\n1970", "B\n1971", "C\n1972", "D\n1999"]
    assert chosen.rows[0].fields == (("note", PASSAGE * 2),)
    columns = table_columns("t.csv", content)
    assert columns is not None
    assert (columns.names, columns.guessed, columns.n_rows) == (("topic", "note", "year"), ("note",), 4)
    assert columns.rows[0] == ("A", (PASSAGE * 2)[:200], "1970")
    with pytest.raises(DocumentError, match=r"no column 'nope'\. Its columns are: topic, note, year"):
        load_document("t.csv", content, roles=ColumnRoles(("nope",)))
    assert table_columns("a.txt", b"no table") is None


def test_json_is_rows_where_it_is_a_table_and_text_where_not():
    nested = b'{"all": [{"t": "x", "n": {"k": [1]}, "z": null}, {"t": "y"}]}'
    assert row_texts(load_document("a.json", nested)) == ["t: x; n.k: 1", "t: y"]
    assert row_texts(load_document("a.json", b'{"t": "x"}\n{"t": "y"}\n')) == ["t: x", "t: y"]
    free = load_document("a.json", '{"boat": {"name": "Ännä", "seats": [1, 2]}}'.encode())
    assert free.rows == ()
    assert '"name": "Ännä"' in free.text
    lines = load_document("a.jsonl", b'{"t": "x"}\n\nbroken\n{"t": "y"}\n"z"\n')
    assert row_texts(lines) == ["t: x", "t: y", "value: z"]
    assert lines.notes == ("Lines that are not JSON were left out: line 3.",)


def test_parquet_keeps_its_columns_but_for_binary_ones():
    columns = {"text": [PASSAGE, None], "year": [1970, 1971], "raw": [b"\0", b"\1"]}
    document = load_document("a.parquet", parquet(columns))
    assert row_texts(document) == [PASSAGE, "year: 1971"]
    assert document.rows[0].fields == (("year", "1970"),)


@pytest.mark.parametrize(
    ("name", "passage", "pages"),
    [
        ("tika/testWORD_no_format.doc", "Will generate an exception", 0),
        ("tika/testPPT_embeded.ppt", "The quick brown fox jumps over the lazy dog", 1),
        ("xlrd/Formate.xls", "Äcker: 2005-02-23\nÖcker: 1988-05-03\nMorgen: 06:34:00", 0),
        ("pypdf/GeoBase_NHNC1_Data_Model_UML_EN.pdf", "National Hydro Network, Canada, Level 1", 19),
        ("python-docx/sct-first-page-hdrftr.docx", "Third (odd) page.", 6),
        ("docling/odf_presentation_01.odp", "Notes: Some notes on the second slide.", 3),
        ("pandoc/wasteland.epub", "April is the cruellest month", 0),
        ("chardet/UTF-32__bom-utf-32-le.srt", "I found myself on the comment section", 0),
        ("markitdown/test_mskanji.csv", "名前: 佐藤太郎; 年齢: 30; 住所: 東京", 0),
    ],
)
def test_files_from_elsewhere(name, passage, pages):
    path = FILES / name
    if not path.is_file():
        pytest.skip(f"{path.name} is not here")
    document = load_document(path.name, path.read_bytes())
    assert passage in document.text
    assert len(document.pages) == pages
