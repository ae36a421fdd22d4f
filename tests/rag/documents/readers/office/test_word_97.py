"""Word documents of Word 97 to 2003 (DOC), written here construct by construct."""

from __future__ import annotations

import struct

import pytest

from rag.documents.loading import load_document
from rag.documents.parsed import Parsed
from rag.documents.readers.compound import READ_IN_PART
from rag.errors import DocumentError
from tests.support.formats.outlook_files import compound_file
from tests.support.formats.powerpoint_files import record
from tests.support.formats.word_files import DELETED, HIDDEN, Line, Run, Story, doc, line, row, streams


def text_of(content: bytes) -> str:
    return load_document("a.doc", content).text


def test_headings_come_from_the_style_or_the_outline_level():
    body_text = struct.pack("<HB", 0x2640, 9)
    second = struct.pack("<HB", 0x2640, 1)
    lines = [
        line("Boats", style=1),
        line("Sails", style=2),
        line("Ropes", properties=second),
        line("No heading", style=1, properties=body_text),
    ]
    document = load_document("a.doc", doc(lines))
    assert document.text == "# Boats\n\n## Sails\n\n## Ropes\n\nNo heading"
    assert [heading.path for heading in document.headings] == ["Boats", "Boats > Sails", "Boats > Ropes"]
    assert document.pages == ()


def style(built_in: int, parent: int = 0xFFF, paragraph: bytes = b"", run: bytes = b"") -> bytes:
    """An entry of the style sheet: a paragraph style with the properties of its paragraphs and characters."""
    entry = struct.pack("<HHHHH", built_in, 1 | parent << 4, 2, 0, 0) + struct.pack("<H", 1) + "x\0".encode("utf-16-le")
    for properties in (b"\0\0" + paragraph, run):
        entry += struct.pack("<H", len(properties)) + properties + bytes(len(properties) % 2)
    return struct.pack("<H", len(entry)) + entry


def sheet(*entries: bytes) -> bytes:
    return struct.pack("<HHH14x", 18, len(entries), 10) + b"".join(entries)


def test_a_title_and_styles_based_on_others_are_headings():
    level = struct.pack("<HB", 0x2640, 2)
    styles = sheet(style(0), style(62), style(0xFFE, paragraph=level), style(0xFFE, parent=2))
    lines = [line("The title", style=1), line("Third", style=2), line("As well", style=3), line("Text")]
    assert text_of(doc(lines, styles=styles)) == "# The title\n\n### Third\n\n### As well\n\nText"


def test_notes_and_comments_follow_their_paragraph_and_say_what_they_are():
    lines = [line("The ferry\x02 leaves\x05 at seven\x02."), line("Next")]
    story = Story(footnotes=["A ship."], endnotes=["In summer."], comments=[("Eve", "Really?")])
    assert text_of(doc(lines, story)) == (
        "The ferry leaves at seven.\nFootnote: A ship.\nComment by Eve: Really?\nEndnote: In summer.\n\nNext"
    )


def test_text_boxes_follow_their_paragraph():
    lines = [line("See \x08 here."), *row(["Name", "A \x08"]), *row(["Anna", "5"]), line("Last")]
    text = text_of(doc(lines, Story(boxes=["In the box\rsecond line", "in a cell"])))
    assert text.startswith("See  here.\n\nIn the box\n\nsecond line\n\n")
    assert "in a cell: 5" in text
    assert text.endswith("Last")
    assert text_of(doc([line("No anchor")], Story(boxes=["Lost box"]))) == "No anchor\n\nLost box"


def test_headers_and_footers_are_read_once_as_what_they_are():
    headers = ["", "Head", "", "Page \x13 PAGE \x143\x15", "", "17", "Head"]
    assert text_of(doc([line("Text")], Story(headers=headers))) == "Text\n\nHeader: Head\n\nFooter: Page 3"


def test_of_fields_the_result_is_kept_and_links_have_their_address():
    code = '\x13 HYPERLINK "https://example.org/t" \x14timetable\x15'
    lines = [
        line("Page \x13 PAGEREF x \x1412\x15, \x13 IF \x13 PAGE \x141\x15 = 1 \x14yes\x15 \x13 TC gone \x15."),
        line(f"The {code}."),
        line("An \x15 end alone, and a \x13 sign"),
        Line((Run("Before "), Run('\x13 HYPERLINK "https://gone.example" \x14gone\x15', DELETED), Run("\r"))),
        line("\x13 EQ \\o\\ad(\\s\\up 9(kana),kanji)\x15"),
    ]
    assert text_of(doc(lines)) == (
        "Page 12, yes .\n\nThe timetable (https://example.org/t).\n\nAn  end alone, and a  sign\n\nBefore\n\n"
        "(kana)kanji"
    )


def in_data(kind: int, *parts: bytes) -> bytes:
    """What the sign of a picture or form refers to: a header of 68 bytes, then its parts."""
    body = b"".join(parts)
    return struct.pack("<IHH60x", 68 + len(body), 68, kind) + body


def form(kind: int, result: int, entries: tuple[str, ...] = ()) -> bytes:
    texts = bytes(4) * 5
    listed = struct.pack("<HHH", 0xFFFF, len(entries), 0)
    listed += b"".join(struct.pack("<H", len(one)) + one.encode("utf-16-le") for one in entries)
    return in_data(0, struct.pack("<IHHH", 0xFFFFFFFF, kind | result << 2, 0, 0), bytes(4), bytes(2), texts, listed)


def test_forms_show_what_was_chosen_and_pictures_their_description():
    said = "A ferry at sea\0".encode("utf-16-le")
    shape = record(0xF00B, struct.pack("<HI", 0x8000 | 0x0381, len(said)), said, instance=1)
    picture = in_data(0x64, record(0xF004, record(0xF00A, bytes(8), instance=75), shape, is_container=True))
    data, runs = b"", []
    for code, content in (
        ("FORMCHECKBOX", form(1, 1)),
        ("FORMCHECKBOX", form(1, 0)),
        ("FORMDROPDOWN", form(2, 1, ("sail", "motor"))),
        ("", picture),
    ):
        sign = Run("\x01", struct.pack("<HBHI", 0x0855, 1, 0x6A03, len(data)))
        data += content
        runs += [Run(f"\x13 {code} "), sign, Run("\x15 ")] if code else [sign]
    assert text_of(doc([Line((*runs, Run("\r"))), line("Last")], data=data)) == (
        "☒ ☐ motor\n\nPicture: A ferry at sea\n\nLast"
    )


def test_deleted_text_is_out_and_a_deleted_paragraph_end_joins():
    lines = [
        Line((Run("kept "), Run("gone ", DELETED), Run("end\r"))),
        Line((Run("one "), Run("\r", DELETED))),
        line("line"),
    ]
    assert text_of(doc(lines)) == "kept end\n\none line"


def test_hidden_text_is_left_out_and_noted():
    document = load_document("a.doc", doc([Line((Run("seen"), Run(" not seen", HIDDEN), Run("\r")))]))
    assert document.text == "seen"
    assert document.notes == ("Hidden text was left out: 2 words.",)
    shown = Run(" not hidden", struct.pack("<HB", 0x083C, 0x81))
    styles = sheet(style(0), style(0xFFE, run=HIDDEN))
    in_style = struct.pack("<HH", 0x4A30, 1)
    lines = [Line((Run("seen"), Run(" by style", in_style), Run(" again", in_style + shown.properties), Run("\r")))]
    assert text_of(doc(lines, styles=styles)) == "seen again"


def test_tables_are_grids():
    lines = [*row(["Boat", "Price"]), *row(["Anna", "5"]), *row(["Eve", "7"]), line("Last")]
    assert text_of(doc(lines)) == "Boat: Anna; Price: 5\nBoat: Eve; Price: 7\n\nLast"


def test_a_table_of_equal_rows_is_kept():
    assert (
        text_of(doc([*row(["yes", "no"]), *row(["yes", "no"]), *row(["yes", "no"])])) == "yes | no\nyes | no\nyes | no"
    )


@pytest.mark.parametrize("flags", [(1, 2, 0), (2, 1, 0)])
def test_merged_cells_are_repeated(flags: tuple[int, ...]):
    lines = [
        *row(["Price", "", "Boat"], flags=flags),
        *row(["low", "high", "name"]),
        *row(["1", "2", "Anna"], flags=(0x60, 0, 0)),
        *row(["", "3", "Eve"], flags=(0x20, 0, 0)),
        line("Last"),
    ]
    text = text_of(doc(lines))
    assert "Price low: 1; Price high: 2; Boat name: Anna" in text
    assert "Price low: 1; Price high: 3; Boat name: Eve" in text


def test_cells_of_other_widths_are_placed_by_their_edges():
    lines = [*row(["Boat", "Price"], edges=(1000, 3000)), *row(["a", "b", "c"], edges=(1000, 2000, 3000)), line("Last")]
    assert text_of(doc(lines)) == "Boat: a; Price: b; Price 3: c\n\nLast"


def test_list_numbers_are_as_word_shows_them():
    def level(kind: int, text: str) -> bytes:
        return (
            struct.pack("<IBB26x", 1, kind, 0)[:24] + bytes(4) + struct.pack("<H", len(text)) + text.encode("utf-16-le")
        )

    lists = struct.pack("<HI22xBB", 1, 7, 0, 0) + level(0, "\0.") + level(4, "\1)") + b"".join([level(23, "o")] * 7)
    uses = struct.pack("<II8xB3x", 1, 7, 0) + b"\xff" * 4

    def item(text: str, depth: int) -> Line:
        return line(text, properties=struct.pack("<HHHB", 0x460B, 1, 0x260A, depth))

    lines = [item("Sail", 0), item("jib", 1), item("spinnaker", 1), item("Row", 0), item("oar", 2), line("Last")]
    assert text_of(doc(lines, lists=lists, uses=uses)) == (
        "1. Sail\n  a) jib\n  b) spinnaker\n2. Row\n    - oar\n\nLast"
    )


def test_a_page_break_is_no_item_of_a_list():
    lists = struct.pack("<HI22xBB", 1, 7, 1, 0) + struct.pack("<IB23xH", 1, 0, 2) + "\0.".encode("utf-16-le")
    uses = struct.pack("<II8xB3x", 1, 7, 0) + b"\xff" * 4
    place = struct.pack("<HH", 0x460B, 1)
    lines = [line(text, style=1, properties=place) for text in ("One", "\x0cTwo", "Three")]
    assert text_of(doc([*lines, line("Last", end="\x0c")], lists=lists, uses=uses)) == (
        "# 1. One\n\n# 2. Two\n\n# 3. Three\n\nLast"
    )


def test_signs_between_words_are_kept_and_those_within_are_not():
    symbol = Run("(", struct.pack("<HBHHH", 0x0855, 1, 0x6A09, 0xFFFF, 0xF061))
    lines = [Line((Run("non\x1ebreaking soft\x1fhyphen\x0bline\tend "), symbol, Run("\r")))]
    assert text_of(doc(lines)) == "non-breaking softhyphen\nline\tend α"


def test_a_fast_saved_document_is_put_in_order():
    lines = [line("Boats", style=1), Line((Run("The ferry "), Run("never ", DELETED), Run("leaves\x02 at seven.\r")))]
    story = Story(footnotes=["A ship."])
    expected = "# Boats\n\nThe ferry leaves at seven.\nFootnote: A ship."
    assert text_of(doc(lines, story)) == expected
    assert text_of(doc(lines, story, fast_saved=True)) == expected


@pytest.mark.parametrize(
    ("piece", "expected"), [(0, "kept gone"), (0x41 << 1 | 1 << 8, "kept"), (1, "kept gone hidden")]
)
def test_what_a_fast_save_says_of_a_piece_holds(piece: int, expected: str):
    # The list of properties that 1 refers to shows hidden text.
    lines = [Line((Run("kept" + " " * 25), Run("gone"), Run(" hidden", HIDDEN), Run("\r")))]
    assert " ".join(text_of(doc(lines, fast_saved=True, piece=piece)).split()) == expected


def test_characters_beyond_the_first_plane_do_not_shift_the_rest():
    halves = "".join(map(chr, struct.unpack("<2H", "😀".encode("utf-16-le"))))
    lines = [Line((Run(f"{halves} kept "), Run("gone", DELETED), Run("end\r")))]
    assert text_of(doc(lines)) == "😀 kept end"


def test_names_of_streams_in_capitals_are_known():
    stream, table = streams([line("The ferry leaves.")], Story())
    content = compound_file({"WORDDOCUMENT": stream, "1TABLE": table.ljust(4096, b"\0")})
    document = load_document("a.doc", content)
    assert (document.text, document.notes) == ("The ferry leaves.", ())


def test_a_password_is_named():
    stream, table = streams([line("x")], Story())
    locked = stream[:10] + b"\x00\x13" + stream[12:]
    with pytest.raises(DocumentError, match=r"'a\.doc' is protected by a password"):
        load_document("a.doc", compound_file({"WordDocument": locked, "1Table": table.ljust(4096, b"\0")}))


def test_a_document_without_its_structure_is_read_by_words_with_a_note(monkeypatch):
    stream, table = streams([line("The ferry leaves at seven.")], Story())
    assert text_of(compound_file({"WordDocument": stream, "1Table": table.ljust(4096, b"\0")})).startswith("The ferry")
    monkeypatch.setattr("rag.documents.readers.word.older.extract", lambda *_: Parsed("ferry", notes=("A note.",)))
    document = load_document("a.doc", compound_file({"WordDocument": stream, "1Table": bytes(4096)}))
    assert document.text == "ferry"
    assert document.notes == ("A note.", READ_IN_PART)
