"""Broken and hostile files: each ends in a sentence within its limits, and the good file is added."""

from __future__ import annotations

import io
import json
import socket
import stat
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from rag import config
from rag.documents.archives import ArchiveLimits, open_archive, safe_path
from rag.documents.loading import load_document
from rag.documents.sandbox.reader import DocumentReader, ReadLimits
from rag.documents.sources import SourceFile, find_files
from rag.errors import DocumentError
from rag.ingest.outcomes import FileOutcome
from rag.ingest.pipeline import Reader, ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere
from tests.support.fakes import WordEmbedder
from tests.support.formats.broken_files import BrokenFile, broken_files, external_entities, locked_zip, office_of_zeros
from tests.support.good_files import SENTENCE, docx, epub, open_document, paragraph, pdf, pptx, zipped

pytestmark = pytest.mark.slow

SHARED = config.ROOT.parent / "shared"
LIMIT = ReadLimits().memory_bytes
GOOD = SourceFile("good.txt", "good.txt", SENTENCE.encode, len(SENTENCE))
NAMES = [
    "../../etc/passwd.txt",
    "..\\..\\boot.txt",
    "/etc/cron.d/x.txt",
    "C:\\Windows\\x.txt",
    "<script>alert(1)</script>.txt",
    "<img src=x onerror=alert(1)>.md",
    "'; DROP TABLE documents; --.txt",
    "{{7*7}}${7*7}%s%n.txt",
    "\u202egpj.exe.txt",
    "a\nb\tc\x1b[31m.txt",
    "CON.txt",
    ".txt",
    "..",
    "naïve-😀-文.txt",
    f"{'long' * 200}.txt",
]


@pytest.fixture
def collection(data_dir) -> Collection:
    return Collection.create(data_dir, "c", WordEmbedder().spec, ChunkingSpec())


@pytest.fixture
def surroundings(tmp_path, monkeypatch) -> Path:
    """The folders in which a careless program would write: the current one, home, and that for temporary files."""
    around = tmp_path / "around"
    for name in ("here", "home", "temporary"):
        (around / name).mkdir(parents=True)
    monkeypatch.chdir(around / "here")
    monkeypatch.setenv("HOME", str(around / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(around / "temporary"))
    return around


def in_memory(name: str, content: bytes) -> SourceFile:
    return SourceFile(name, name, lambda: content, len(content))


def take_in(collection: Collection, reader: Reader, files: Sequence[SourceFile]) -> dict[str, FileOutcome]:
    outcomes = list(ingest(collection, files, WordEmbedder(), reader))
    assert len({outcome.path for outcome in outcomes}) == len(outcomes)
    return {outcome.path: outcome for outcome in outcomes}


def assert_all_said(outcomes: dict[str, FileOutcome]) -> None:
    """Every outcome without chunks has a sentence that ends, without a trace of the program's insides."""
    for outcome in outcomes.values():
        if outcome.outcome in ("failed", "empty"):
            assert outcome.reason.endswith("."), outcome
            assert "Traceback" not in outcome.reason, outcome
        else:
            assert outcome.chunks > 0, outcome


def assert_untouched(around: Path, data_dir: Path) -> None:
    assert [path for path in around.rglob("*") if path.parent != around] == []
    assert {path.name.split(".")[0] for path in data_dir.iterdir()} == {"c"}


def peak_memory(reader: DocumentReader) -> int:
    """Bytes that the reader's process has held at most since it began; 0 where the system does not tell."""
    status = Path(f"/proc/{reader._process.popen.pid}/status") if reader._process else Path("none")
    lines = status.read_text().splitlines() if status.is_file() else []
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def test_every_broken_file_ends_in_a_sentence_and_the_good_one_is_in(collection, data_dir, surroundings):
    line = BrokenFile("line.txt", b"x" * 60_000_000, "the limit is 50,000,000")
    broken = [*broken_files(), line]
    files = [in_memory(file.name, file.content) for file in broken]
    with DocumentReader() as reader:
        outcomes = take_in(collection, reader, [*files, GOOD])
        assert peak_memory(reader) < LIMIT
    assert set(outcomes) == {file.name for file in broken} | {"good.txt"}
    assert_all_said(outcomes)
    for file in broken:
        if file.says:
            assert outcomes[file.name].outcome == "failed", outcomes[file.name]
            assert file.says in outcomes[file.name].reason
        if file.name.startswith(("empty", "cut")) and not file.name.endswith(".rtf"):
            assert outcomes[file.name].chunks == 0, file.name
    assert outcomes["good.txt"].outcome == "added"
    assert_untouched(surroundings, data_dir)


def test_a_long_pdf_is_read_to_its_last_page():
    document = load_document("long.pdf", pdf([f"Page {number}" for number in range(1, 10_001)]))
    assert len(document.pages) == 10_000
    assert document.text[document.pages[-1] :] == "Page 10000"


@pytest.mark.parametrize("name", NAMES)
def test_no_name_leads_out_of_the_folder(collection, data_dir, surroundings, name):
    files = [in_memory(name, SENTENCE.encode()), in_memory("z.zip", zipped({name or "x": SENTENCE})), GOOD]
    outcomes = take_in(collection, ReadHere(), files)
    assert_all_said(outcomes)
    assert outcomes[name].outcome == "added"
    assert outcomes["good.txt"].outcome == "added"
    assert len(outcomes) == 3
    assert {summary.name for summary in collection.documents()} >= {name, "good.txt"}
    assert_untouched(surroundings, data_dir)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_an_archive_is_made_harmless(name):
    member = open_archive("z.zip", zipped({name: "x"})).members[0].name
    folder, *parts = member.split("/")
    assert folder == "z.zip"
    assert parts
    assert all(part.strip(". ") for part in parts)
    assert not any(sign in member for sign in "\\\n\t\x1b\u202e")
    assert len(member) < 300


def test_harmless_paths_stay_as_they_are():
    for path in ("a.txt", "2024/report (final).pdf", "naïve-😀-文.txt", "a.b/c.tar.gz"):
        assert safe_path(path) == path


def test_equal_and_old_names_in_an_archive_are_kept_apart_and_readable():
    names = ["a.txt", "./a.txt", "x/../a.txt", "Gr1234e.txt"]
    packed = zipped({name: name for name in names})
    # Older programs write UTF-8 and do not say so.
    packed = packed.replace(b"Gr1234e.txt", "Grüße.txt".encode())
    members = open_archive("z.zip", packed).members
    assert [member.name for member in members] == ["z.zip/a.txt", "z.zip/a (2).txt", "z.zip/x/a.txt", "z.zip/Grüße.txt"]
    assert [member.content for member in members][:3] == [name.encode() for name in names[:3]]


def test_an_archive_is_taken_up_to_its_limits():
    packed = zipped({f"{number}.txt": "x" * 1000 for number in range(10)})
    by_number = open_archive("z.zip", packed, ArchiveLimits(entries=4))
    assert (len(by_number.members), len(by_number.refused)) == (4, 6)
    assert "has more than 4 entries" in by_number.refused[0].reason
    by_size = open_archive("z.zip", packed, ArchiveLimits(total_bytes=3500))
    assert (len(by_size.members), len(by_size.refused)) == (3, 7)
    assert "over 3,500 bytes unpacked" in by_size.refused[0].reason
    with pytest.raises(DocumentError, match="is damaged"):
        open_archive("z.zip", packed[: len(packed) // 2])


def test_what_an_archive_hides_is_refused_by_name(collection):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        package.writestr(link, "/etc/passwd")
        package.writestr("zeros.txt", bytes(30 << 20))
        package.writestr("__MACOSX/._good.txt", b"\0\5\x16\7")
        package.writestr("._other.txt", b"\0\5\x16\7")
        package.writestr("in.zip", zipped({"in.zip": zipped({"in.zip": b""}), "deep.txt": SENTENCE}))
        package.writestr("locked.zip", locked_zip("secret.txt", b"x"))
        package.writestr("good.txt", SENTENCE)
        package.writestr("folder/", b"")
    outcomes = take_in(collection, ReadHere(), [in_memory("z.zip", buffer.getvalue())])
    assert_all_said(outcomes)
    reasons = {path.removeprefix("z.zip/"): outcome.reason for path, outcome in outcomes.items()}
    assert "symbolic link" in reasons["link.txt"]
    assert "like a ZIP bomb" in reasons["zeros.txt"]
    assert "operating system" in reasons["__MACOSX/._good.txt"]
    assert "operating system" in reasons["._other.txt"]
    assert "nested too deeply" in reasons["in.zip/in.zip"]
    assert "protected by a password" in reasons["locked.zip/secret.txt"]
    assert outcomes["z.zip/good.txt"].outcome == outcomes["z.zip/in.zip/deep.txt"].outcome == "added"
    assert len(outcomes) == 8


def luring_files(uri: str) -> list[SourceFile]:
    """Documents of every format that ask for something at `uri` to be fetched, run or shown in them."""
    prolog, page = (
        external_entities(uri),
        f'<img src="{uri}"><script src="{uri}"></script><iframe src="{uri}"></iframe>',
    )
    picture = f'<w:instrText>INCLUDEPICTURE "{uri}"</w:instrText>'
    content = {
        "a.xml": f"<?xml version='1.0'?>{prolog}<r>&x;</r>",
        "a.svg": f'<?xml version="1.0"?>{prolog}<svg><image href="{uri}"/><text>&x;</text></svg>',
        "a.html": f'<link rel="stylesheet" href="{uri}">{page}<p>{SENTENCE}</p>',
        "a.xhtml": f"<?xml version='1.0'?>{prolog}<html><body>&x;{page}</body></html>",
        "a.md": f"![x]({uri})\n\n{page}\n",
        "a.eml": f"Subject: x\nContent-Type: text/html\n\n{page}<p>{SENTENCE}</p>",
        "b.eml": f'Subject: x\nContent-Type: message/external-body; access-type=URL; URL="{uri}"\n\n\n',
        "a.rtf": rf'{{\rtf1 {{\field{{\*\fldinst INCLUDETEXT "{uri}"}}{{\fldrslt x}}}}}}',
        "a.csv": f'text,x\n"=WEBSERVICE(""{uri}"")",{SENTENCE}\n',
        "a.docx": docx(paragraph("&x;") + f"<w:p><w:r>{picture}</w:r></w:p>", prolog),
        "a.odt": open_document("text", f'<text:p>&x;</text:p><draw:image href="{uri}"/>', prolog),
        "a.pptx": pptx([("&x;", "y")], prolog),
        "a.epub": epub([("One", page)]),
    }
    return [in_memory(name, one if isinstance(one, bytes) else one.encode()) for name, one in content.items()]


def test_nothing_is_fetched_from_a_server(collection):
    # Read here, where nothing but the parsers themselves keeps them from connecting.
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        files = luring_files(f"http://127.0.0.1:{server.getsockname()[1]}/x")
        outcomes = take_in(collection, ReadHere(), files)
        assert_all_said(outcomes)
        assert len(outcomes) == len(files)
        assert sum(outcome.outcome == "added" for outcome in outcomes.values()) >= 8
        with pytest.raises(BlockingIOError):
            server.accept()


def test_nothing_is_read_from_the_disk(collection, tmp_path):
    (tmp_path / "secret.txt").write_text("the combination is 38-24-36")
    for uri in (f"file://{tmp_path}/secret.txt", f"{tmp_path}/secret.txt"):
        outcomes = take_in(collection, ReadHere(), luring_files(uri))
        assert_all_said(outcomes)
    assert collection.chunks()
    assert not any("combination" in chunk.text for chunk in collection.chunks())


def test_an_office_bomb_without_an_honest_header_stays_within_memory():
    limits = ReadLimits(memory_bytes=700 << 20)
    with DocumentReader(limits) as reader:
        for folder in ("word/document.xml", "xl/workbook.xml", "ppt/presentation.xml"):
            suffix = {"w": "docx", "x": "xlsx", "p": "pptx"}[folder[0]]
            with pytest.raises(DocumentError, match=f"bomb.{suffix}"):
                reader.read(f"bomb.{suffix}", office_of_zeros(folder, 180 << 20))
            assert peak_memory(reader) < limits.memory_bytes
        assert reader.read("good.txt", SENTENCE.encode()).text == SENTENCE


@pytest.mark.skipif(not (SHARED / "files").is_dir(), reason="the folder of real files is not here")
def test_real_files_are_read(collection, data_dir, surroundings):
    files = [file for file in find_files([SHARED / "files"]) if "/" in file.name]
    with DocumentReader() as reader:
        outcomes = take_in(collection, reader, files)
        assert peak_memory(reader) < LIMIT
    assert len(outcomes) == len(files) == 162
    assert_all_said(outcomes)
    assert sum(outcome.outcome == "added" for outcome in outcomes.values()) >= 150
    assert_untouched(surroundings, data_dir)


@pytest.mark.skipif(not (SHARED / "hostile").is_dir(), reason="the folder of hostile files is not here")
def test_hostile_files_have_an_outcome_each(collection, data_dir, surroundings):
    files = find_files([SHARED / "hostile"])
    with DocumentReader() as reader:
        outcomes = take_in(collection, reader, [*files, GOOD])
        assert peak_memory(reader) < LIMIT
    paths = set(outcomes)
    assert all(any(path.startswith(file.path) for path in paths) for file in files)
    assert_all_said(outcomes)
    assert not any("limit of" in outcome.reason for outcome in outcomes.values())
    assert outcomes["good.txt"].outcome == "added"
    assert not any("root:x:0:0" in chunk.text for chunk in collection.chunks() if "passwd" in chunk.text)
    assert_untouched(surroundings, data_dir)


@pytest.mark.skipif(not (SHARED / "hostile").is_dir(), reason="the folder of hostile files is not here")
def test_hostile_names_have_an_outcome_each(collection, data_dir, surroundings):
    lines = (SHARED / "hostile" / "naughty-strings" / "hostile_filenames.jsonl").read_text("utf-8").splitlines()
    names = [json.loads(line)["name"] for line in lines]
    outcomes = take_in(collection, ReadHere(), [in_memory(name, SENTENCE.encode()) for name in dict.fromkeys(names)])
    assert set(outcomes) == set(names)
    assert_all_said(outcomes)
    members = open_archive("z.zip", zipped(dict.fromkeys(names, SENTENCE))).members
    assert len({member.name for member in members}) == len(members) > 0.9 * len(outcomes)
    assert not any(part in ("", ".", "..") for member in members for part in member.name.split("/"))
    assert_untouched(surroundings, data_dir)
