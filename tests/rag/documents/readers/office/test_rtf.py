"""RTF: code pages of fonts, Unicode, tables, pages, hidden text, headers, notes, fields, lists, headings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from striprtf.striprtf import rtf_to_text

from rag.documents.loading import load_document
from rag.documents.readers.rtf.reading import read_rtf
from rag.errors import DocumentError
from tests.support.good_files import SENTENCE

_FONTS = (
    r"{\fonttbl{\f0\fnil\fcharset0 Times;}{\f1\fnil\fcharset238{\*\panose 0202}Times CE;}{\f2\fcharset204 Arial;}"
    r"{\f3\fcharset161 Arial;}{\f4\fcharset128 Mincho;}{\f5\fcharset2 Symbol;}{\f6 Arial CE;}}"
)


def rtf(body: str, head: str = _FONTS) -> bytes:
    return rf"{{\rtf1\ansi\ansicpg1252\deff0{head}{body}}}".encode("latin-1")


def text_of(body: str, head: str = _FONTS) -> str:
    return load_document("a.rtf", rtf(body, head)).text


def escaped(text: str, encoding: str) -> str:
    return "".join(f"\\'{code:02x}" for code in text.encode(encoding))


@pytest.mark.parametrize(
    ("font", "encoding", "text"),
    [
        (0, "cp1252", "Grüße für Ägypten"),
        (1, "cp1250", "Příliš žluťoučký kůň"),
        (2, "cp1251", "Съешь ещё этих булок"),
        (3, "cp1253", "Ξεσκεπάζω την ψυχή"),
        (4, "cp932", "日本語の文字"),
        (6, "cp1250", "žluť"),
    ],
)
def test_text_is_in_the_code_page_of_its_font(font, encoding, text):
    assert text_of(rf"{{\f{font} {escaped(text, encoding)}}} end") == f"{text} end"
    # A font whose bytes are not escaped.
    raw = rf"{{\rtf1\ansi{_FONTS}\f{font} ".encode() + text.encode(encoding) + b"}"
    if encoding != "cp932":
        assert load_document("a.rtf", raw).text == text


def test_the_font_of_a_group_ends_with_it_and_plain_brings_the_default_one_back():
    body = rf"\f1{{\f2 {escaped('ж', 'cp1251')}}}{escaped('ž', 'cp1250')}\plain {escaped('ü', 'cp1252')}"
    assert text_of(body) == "жžü"


def test_symbols_of_a_font_without_letters_are_characters():
    assert text_of(r"{\f5 a\'b7\u-3933?}") == "α•≤"


def test_unicode_is_read_and_its_replacement_is_skipped():
    assert text_of(r"\uc1\u8364?\u8364\'80!") == "€€!"
    assert text_of(r"\uc2\u8364??!{\uc0\u8364 !}\u8364??") == "€!€!€"
    assert text_of(r"\u-10179?\u-8704?") == "😀"
    assert text_of(r"{\upr{no}{\*\ud{\u1078?}}} end") == "ж end"


def test_paragraphs_lines_tabs_dashes_and_pages():
    document = load_document(
        "a.rtf", rtf(r"one\line two\tab three\emdash four\par e\_mail\~now ferry\-man\page next\par")
    )
    assert document.text == "one\ntwo\tthree—four\n\ne-mail now ferryman\n\nnext"
    assert document.text[document.pages[1] :] == "next"
    assert text_of("one\\\ntwo") == "one\n\ntwo"


def test_a_table_is_rows_with_merged_cells():
    shape = r"\trowd{}\clvmgf\cellx1000\cellx2000"
    below = r"\trowd\clvmrg\cellx1000\cellx2000"
    body = (
        rf"{shape.format(chr(92) + 'trhdr')}\intbl Machine\cell Rate\cell\row"
        rf"{shape.format('')}\intbl Digger\cell 120 a day\par or less\cell\row{below}\intbl\cell 500 a week\cell\row"
        r"\pard After\par"
    )
    document = load_document("a.rtf", rtf(body))
    assert document.text == "Machine: Digger; Rate: 120 a day or less\nMachine: Digger; Rate: 500 a week\n\nAfter"
    assert len(document.rows) == 2


def test_a_table_in_a_cell_stays_in_it():
    body = (
        r"\trowd\cellx5000\cellx9000\pard\intbl\itap2 A\nestcell "
        r"B\nestcell{\*\nesttableprops\trowd\cellx1\cellx2\nestrow}"
        r"{\nonesttables no\par}\pard\intbl\itap1 after\cell C\cell\row\pard end"
    )
    assert text_of(body) == "A | B after | C\n\nend"


def test_hidden_and_deleted_text_is_left_out_and_hidden_text_noted():
    document = load_document(
        "a.rtf", rtf(r"seen {\v not seen}{\deleted old}{\revised new}\par{\xe entry}{\*\bkmkstart x}")
    )
    assert document.text == "seen new"
    assert document.notes == ("Hidden text was left out: 2 words.",)


def test_headers_once_notes_and_comments_at_their_place():
    body = (
        r"{\header Draft 7\par}{\headerf Draft 7\par}{\footer \chpgn\par}Half "
        r"price{\footnote\chftn For \b students\b0 .}"
        r"{\*\atnid E}{\*\atnauthor Eve}{\chatn{\*\annotation Since May?}}.\par Dogs{\footnote\ftnalt On a lead.}\par"
    )
    assert text_of(body) == (
        "Half price.\nFootnote: For students.\nComment by Eve: "
        "Since May?\n\nDogs\nEndnote: On a lead.\n\nHeader: Draft 7"
    )


def test_fields_show_their_result_and_links_their_address():
    field = r'{{\field{{\*\fldinst HYPERLINK "{}"}}{{\fldrslt {{\ul {}}}}}}}'
    link = field.format("https://example.org/t", "timetable") + ", " + field.format("https://a.org/", "a.org")
    assert text_of(rf"Page {{\field{{\*\fldinst PAGE}}{{\fldrslt 12}}}}, the {link}") == (
        "Page 12, the timetable (https://example.org/t), a.org"
    )


def test_lists_have_their_marks_and_headings_their_levels():
    styles = r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s2 heading 2;}{\*\cs3 no;}}"
    body = (
        r"\pard\s1 Boats\par\pard\s2 Times\par\pard\s0 text\par"
        r"{\listtext 1.2\tab}\ilvl1 one\par{\pntext\'b7\tab}two\par\pard\outlinelevel0 Owls\par"
    )
    document = load_document("a.rtf", rtf(body, _FONTS + styles))
    assert document.text == "# Boats\n\n## Times\n\ntext\n\n  1.2 one\n  - two\n\n# Owls"
    assert [heading.path for heading in document.headings] == ["Boats", "Boats > Times", "Owls"]


def test_what_is_no_text_is_skipped_and_boxes_are_read():
    picture = r"{\pict\pngblip 89504e470d0a}" + r"{\*\shppict{\pict\bin5 }}}}}" + "}}" + r"{\*\unknown no}"
    box = r"{\shp{\*\shpinst{\sp{\sn n}{\sv 1}}{\shptxt \pard In a box\par}}{\shprslt In a box}}"
    assert text_of(rf"A{picture}{box}B\par{{\info{{\title no}}}}") == "AB\nIn a box"


def test_a_cut_file_is_read_to_its_end_and_said_to_be_cut():
    document = load_document("a.rtf", rtf(rf"{SENTENCE}\par {{\b {SENTENCE}")[:-20])
    assert document.text.startswith(SENTENCE)
    assert "is cut off" in document.notes[0]
    with pytest.raises(DocumentError, match="not an RTF document"):
        read_rtf("a.rtf", b"no")


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc", "Cn", "Zs", "Zl", "Zp", "Co"]), min_size=1, max_size=40))
def test_any_text_in_unicode_comes_back(text):
    units = text.encode("utf-16-le")
    codes = [int.from_bytes(units[at : at + 2], "little", signed=True) for at in range(0, len(units), 2)]
    body = "".join(rf"\u{code}?" for code in codes)
    expected = text.replace("\xad", "").strip()
    assert read_rtf("a.rtf", rtf(body)).text.strip() == expected


@given(st.lists(st.text("abc{}\\ é", max_size=20), max_size=5))
def test_paragraphs_are_those_of_striprtf(paragraphs):
    body = r"\par ".join(
        "".join(f"\\{sign}" if sign in "{}\\" else rf"\'{ord(sign):02x}" if ord(sign) > 127 else sign for sign in one)
        for one in paragraphs
    )
    second = rtf_to_text(rtf(body).decode("latin-1"))
    assert read_rtf("a.rtf", rtf(body)).text.split() == second.split()
