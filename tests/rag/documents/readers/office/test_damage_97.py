"""Damaged files of Office 97 to 2003: whatever their bytes say, they are read or refused with a sentence."""

from __future__ import annotations

import random
import struct
from collections.abc import Mapping

import pytest

from rag.documents.loading import load_document
from rag.errors import DocumentError
from tests.support.formats.outlook_files import compound_file
from tests.support.formats.powerpoint_files import Slide, box, comment, current_user, record, stream, table, text
from tests.support.formats.word_files import DELETED, Line, Run, Story, line, row, streams

VALUES = (b"\xff" * 4, bytes(4), b"\xff\xff\xff\x7f", b"\1\0\0\0", b"\0\2\0\0")


def word_streams() -> dict[str, bytes]:
    lines = [
        line("Boats", style=1),
        Line((Run("The ferry\x02 leaves\x05 "), Run("never", DELETED), Run("\x13 PAGE \x141\x15 at\x08 seven\r"))),
        *row(["Name", "Price"]),
        *row(["Anna", "5"], flags=(1, 2)),
        line("Last\x02"),
    ]
    story = Story(["A ship."], ["In summer."], [("Eve", "Really?")], ["In the box"], ["", "Head", "", "Foot", "", ""])
    main, parts = streams(lines, story)
    return {"WordDocument": main, "1Table": parts.ljust(4096, b"\0")}


def powerpoint_streams() -> dict[str, bytes]:
    first = [box(text("One", 0)), box(text("body", 1)), table([["Boat", "Price"], ["Anna", "5"]])]
    slides = [Slide(first, notes="Notes", further=comment("Eve", "Really?")), Slide([box(text("Two"))], hidden=True)]
    content, last_edit = stream([slides, slides], footer="Acme")
    return {"PowerPoint Document": content.ljust(4096, b"\0"), "Current User": current_user(last_edit)}


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Some bytes or numbers changed, and sometimes a part lost."""
    changed = bytearray(content)
    used = max(len(content.rstrip(b"\0")), 1)
    for _ in range(chance.choice((1, 2, 5, 20))):
        at = chance.randrange(used)
        if chance.random() < 0.5:
            changed[at] = chance.randrange(256)
        else:
            changed[at : at + 4] = chance.choice((*VALUES, struct.pack("<I", chance.randrange(used))))
    return bytes(changed[: chance.randrange(used)] if chance.random() < 0.05 else changed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "whole"), [("a.doc", word_streams()), ("a.ppt", powerpoint_streams())], ids=["doc", "ppt"]
)
def test_a_damaged_file_is_read_or_refused_with_a_sentence(name: str, whole: Mapping[str, bytes]):
    chance = random.Random(97)
    read = 0
    for _ in range(1500):
        parts = {key: damaged(content, chance) if chance.random() < 0.7 else content for key, content in whole.items()}
        try:
            read += bool(load_document(name, compound_file(parts)).text)
        except DocumentError as error:
            assert f"'{name}'" in str(error), error  # noqa: PT017
    assert read > 500


@pytest.mark.parametrize(("name", "whole"), [("a.doc", word_streams()), ("a.ppt", powerpoint_streams())])
def test_a_damaged_container_is_read_or_refused_with_a_sentence(name: str, whole: Mapping[str, bytes]):
    chance = random.Random(2003)
    content = compound_file(whole)
    for _ in range(300):
        try:
            load_document(name, damaged(content, chance))
        except DocumentError as error:
            assert f"'{name}'" in str(error), error  # noqa: PT017


def test_shapes_in_one_another_without_end_are_read():
    inner = box(text("deep"))
    for _ in range(3000):
        inner = record(0xF003, record(0xF004, b"", is_container=True), inner, is_container=True)
    content, last_edit = stream([[Slide([box(text("first")), inner, box(text("last"))])]])
    parts = {"PowerPoint Document": content.ljust(4096, b"\0"), "Current User": current_user(last_edit)}
    assert load_document("a.ppt", compound_file(parts)).text == "first\n\ndeep\n\nlast"
