"""Which text, in which language, the bytes hold; what kind of file they are; and how files are found and named."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from rag.documents.loading import load_document
from rag.documents.sources import find_files
from rag.errors import DocumentError
from rag.text.language import detect_language, language_name
from tests.support.good_files import SENTENCE, docx, paragraph, pdf, zipped

GERMAN = "Über die Brücke führt ein schöner Weg zum Café, und am Ufer stehen große Bäume. "
RUSSIAN = "Привет, как дела? Сегодня хорошая погода, и мы идём гулять по берегу моря. "
GREEK = "Η γρήγορη αλεπού πηδάει πάνω από το τεμπέλικο σκυλί κάθε πρωί. "
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy, řekl mluvčí policie v úterý. "
JAPANESE = "これは日本語のテキストです。文字コードの検出を試します。"
CHINESE = "中文文本编码测试，这是一个简单的例子，用来检查编码。"
KOREAN = "한국어 텍스트입니다. 문자 인코딩을 확인하는 간단한 예입니다. "


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        (GERMAN, "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be cp1252 iso8859-1"),
        (RUSSIAN, "utf-8 utf-16 utf-16-le utf-16-be cp1251 koi8-r cp866 iso8859-5"),
        (GREEK, "utf-8 utf-16-be cp1253 iso8859-7"),
        (CZECH, "utf-8 cp1250 iso8859-2"),
        (JAPANESE, "utf-8 utf-16 shift_jis euc-jp iso-2022-jp"),
        (CHINESE, "utf-8 utf-16 gbk gb18030"),
        (KOREAN, "utf-8 euc-kr"),
    ],
    ids=["german", "russian", "greek", "czech", "japanese", "chinese", "korean"],
)
def test_every_encoding_gives_the_same_text(text, encodings):
    for encoding in encodings.split():
        document = load_document("u.txt", (text * 4).encode(encoding))
        assert document.text == (text * 4).strip(), encoding
        assert document.notes == (), encoding


def test_a_declared_charset_is_believed_only_where_the_bytes_bear_it_out():
    declared = '<?xml version="1.0" encoding="koi8-r"?><a>Мир</a>'
    assert load_document("a.xml", declared.encode("koi8-r")).text == "a: Мир"
    page = '<html><head><meta charset="{}"></head><body>Grüße</body></html>'
    assert load_document("a.html", page.format("iso-8859-1").encode("cp1252")).text == "Grüße"
    assert load_document("a.html", page.format("no-such").encode("cp1252")).text == "Grüße"
    assert load_document("a.html", page.format("utf-16").encode("utf-8")).text == "Grüße"


@pytest.mark.parametrize(
    ("content", "text", "note"),
    [
        (b"one\r\ntwo\rthree\n", "one\ntwo\nthree", ""),
        (b"a\x00b plain words", "ab plain words", ""),
        ("Größe ist wichtig für".encode()[:-2], "Größe ist wichtig f�", "1 character could not be read"),
        (GERMAN.encode() * 9 + b"\xff!", (GERMAN * 9 + "�!"), "1 character could not be read"),
        (b"caf\xe9", "café", ""),
    ],
    ids=["line ends", "stray null", "cut", "one bad byte", "one letter"],
)
def test_text_that_is_not_quite_clean(content, text, note):
    document = load_document("a.txt", content)
    assert document.text == text
    assert " ".join(document.notes).startswith(note)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (SENTENCE, "en"),
        (GERMAN, "de"),
        (RUSSIAN, "ru"),
        (GREEK, "el"),
        (CZECH, "cs"),
        (JAPANESE, "ja"),
        (CHINESE, "zh"),
        (KOREAN, "ko"),
        ("Short.", ""),
        ("12 345 | 67.8 | 90 % | 2024-05-01\n" * 30, ""),
        ("", ""),
    ],
)
def test_the_language_is_detected_or_left_empty(text, language):
    assert detect_language(text) == language


def test_the_language_of_a_book_is_not_that_of_its_title_page():
    assert detect_language("1 2 3 Inhalt\n" * 80 + SENTENCE * 200) == "en"
    assert language_name("de") == "German"
    assert language_name("xx") == "xx"


@pytest.mark.parametrize(
    ("name", "content", "media_type", "says"),
    [
        ("a.pdf", docx(paragraph("x")), "wordprocessingml", "was read as a Word document, because its content"),
        ("a.txt", pdf(["x"]), "application/pdf", "was read as a PDF, because its content"),
        ("a.doc", b"{\\rtf1 x}", "application/rtf", "was read as an RTF document, because its content"),
        ("a.doc", b"<html><body>x</body></html>", "text/html", "was read as a web page, because its content"),
        ("a.xls", b"a\tb\n1\t2\n", "text/csv", "was read as plain text, because its content"),
        ("a.what", b"plain words", "text/plain", "because its suffix is unknown"),
        ("README", b"plain words", "text/plain", "because its suffix is unknown"),
    ],
)
def test_a_known_content_is_believed_over_the_name(name, content, media_type, says):
    document = load_document(name, content)
    assert media_type in document.media_type
    assert document.text
    assert says in document.notes[0]


def test_a_text_may_speak_of_other_formats():
    assert load_document("a.md", b"Begins with %PDF-1.4, says the manual.").media_type == "text/markdown"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.pdf", b"%PDF-1.4 nothing", "could not be read as a PDF"),
        ("a.docx", b"PK broken", "is not a Word document"),
        ("a.docx", zipped({"a.txt": "x"}), "is a ZIP archive, not a document"),
        ("a.pdf", b"\x89PNG\r\n\x1a\n", "it is a PNG picture"),
        ("a.json", b"{", "is not valid JSON"),
        ("a.exe", b"MZ\x90\x00\x03\x00\x00\x00", "a Windows program"),
        ("a.bin", bytes(range(256)), r".bin files are not supported"),
        ("a.txt", bytes(range(256)), "is binary data, not text"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_reason(name, content, says):
    with pytest.raises(DocumentError, match=says) as raised:
        load_document(name, content)
    assert f"'{name}'" in str(raised.value)
    assert str(raised.value).endswith(".")


def test_folders_are_searched_whole_but_for_hidden_files(tmp_path):
    for name in ("a.txt", "deep/er/b.bin", ".hidden.txt", ".git/c.txt", "deep/._d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    found = find_files([tmp_path])
    assert [file.name for file in found] == ["a.txt", "deep/er/b.bin"]
    assert [file.read() for file in found] == [b"a.txt", b"deep/er/b.bin"]
    assert [file.size for file in found] == [5, 13]


def test_equal_names_in_two_folders_stay_apart(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "notes.txt").write_text(folder)
    names = {file.name for file in find_files([tmp_path / "one", tmp_path / "two"])}
    assert len(names) == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems allow no such names")
def test_a_name_that_is_no_text_can_be_stored(tmp_path):
    Path(os.fsdecode(bytes(tmp_path) + b"/b\xff.txt")).write_text("x")
    file = find_files([tmp_path])[0]
    assert (file.name, Path(file.path).name) == ("b�.txt", "b�.txt")
    assert file.read() == b"x"


def test_a_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(DocumentError, match=r"'gone.txt' could not be read: No such file"):
        find_files([tmp_path / "gone.txt"])[0].read()


def test_a_folder_above_is_not_taken_for_one_below(tmp_path, monkeypatch):
    for folder in ("here/docs", "docs"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.txt").write_text(folder)
    monkeypatch.chdir(tmp_path / "here")
    names = [file.name for file in find_files([Path("docs"), Path("../docs")])]
    assert names == ["here/docs/a.txt", f"{tmp_path.name}/docs/a.txt"]
