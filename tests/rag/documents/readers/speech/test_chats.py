"""Exported chats: each message is a row with its sender and its time."""

from __future__ import annotations

import json

import pytest

from rag.chunking.chunker import chunk_document
from rag.documents.archives import open_archive
from rag.documents.loading import load_document, table_columns
from rag.documents.sources import find_files
from rag.types import ChunkingSpec, Document
from tests.support.fakes import WordEmbedder
from tests.support.formats.source_words import missing
from tests.support.good_files import zipped


def rows(document: Document) -> list[tuple[str, str, str]]:
    """Sender, time and text of each message."""
    labels = [dict(row.fields) for row in document.rows]
    return [
        (label.get("sender", ""), label.get("time", ""), document.text[row.start : row.end])
        for label, row in zip(labels, document.rows, strict=True)
    ]


def telegram(*messages: dict[str, object], **more: object) -> bytes:
    return json.dumps({"name": "Garden", "type": "private_group", "id": 7, "messages": messages, **more}).encode()


def said(text: object, sender: str = "Ada", **more: object) -> dict[str, object]:
    return {"id": 1, "type": "message", "date": "2025-04-01T09:00:00", "from": sender, "text": text, **more}


def test_each_message_of_telegram_is_a_row_with_sender_and_time():
    parts = ["See ", {"type": "link", "text": "https://example.org"}, " for the plan"]
    document = load_document("result.json", telegram(said("Who waters?"), said(parts, "Ben")))
    assert rows(document) == [
        ("Ada", "2025-04-01 09:00:00", "Who waters?"),
        ("Ben", "2025-04-01 09:00:00", "See https://example.org for the plan"),
    ]
    assert [heading.path for heading in document.headings] == ["Garden"]
    embedder = WordEmbedder()
    chunks = chunk_document(document, ChunkingSpec(context=True), embedder.window, embedder.tokenizer)
    assert [chunk.context for chunk in chunks] == ["Garden > sender: Ada", "Garden > sender: Ben"]
    assert table_columns("result.json", telegram(said("Who waters?"))) is None


def test_polls_files_forwards_and_events_are_read_and_pictures_counted():
    poll = {"question": "When?", "answers": [{"text": "Monday", "voters": 2}]}
    event = {"id": 2, "type": "service", "date": "2025-04-01T10:00:00", "actor": "Ada", "action": "invite_members",
             "members": ["Cy"], "text": ""}  # fmt: skip
    document = load_document(
        "result.json",
        telegram(
            said("", photo="photos/1.jpg", width=640),
            said("", poll=poll),
            said("News", forwarded_from="City"),
            said("", file="files/plan.pdf", file_name="plan.pdf"),
            event,
        ),
    )
    assert [text for _, _, text in rows(document)] == [
        "poll: question: When?; text: Monday, voters: 2",
        "News",
        "file: plan.pdf",
        "invite members\nmembers: Cy",
    ]
    assert dict(document.rows[1].fields)["forwarded from"] == "City"
    assert "1 message without text was left out: photo." in document.notes


def test_all_chats_of_an_account_are_told_apart():
    chats = [{"name": name, "type": "personal_chat", "messages": [said(f"Hi {name}")]} for name in ("Ben", "Cy")]
    document = load_document("result.json", json.dumps({"about": "x", "chats": {"list": chats}}).encode())
    assert [dict(row.fields)["chat"] for row in document.rows] == ["Ben", "Cy"]


def day(*messages: dict[str, object]) -> str:
    return json.dumps([{"type": "message", "ts": f"174350{n}000.000100", **one} for n, one in enumerate(messages)])


USERS = json.dumps([{"id": "U1", "name": "ada", "profile": {"display_name": "", "real_name": "Ada Roe"}},
                    {"id": "U2", "name": "ben", "profile": {"display_name": "Ben"}}])  # fmt: skip


def test_a_slack_export_has_names_instead_of_ids():
    text = day(
        {"user": "U1", "text": "Hi <@U2>, see <https://example.org|the plan> &amp; <#C1|general>"},
        {"user": "U2", "text": "", "files": [{"title": "Plan of the garden"}]},
        {"user": "U9", "text": "gone", "user_profile": {"real_name": "Cy"}},
    )
    packed = zipped({"users.json": USERS, "channels.json": "[]", "general/2025-04-01.json": text})
    members = {member.name: member.content for member in open_archive("export.zip", packed).members}
    document = load_document("general/2025-04-01.json", members["export.zip/general/2025-04-01.json"])
    assert rows(document) == [
        ("Ada Roe", "2025-04-01 09:33:20", "Hi @Ben, see the plan (https://example.org) & #general"),
        ("Ben", "2025-04-01 09:50:00", "file: Plan of the garden"),
        ("Cy", "2025-04-01 10:06:40", "gone"),
    ]
    assert members["export.zip/users.json"] == USERS.encode()


def test_a_folder_with_a_slack_export_has_names_too(tmp_path):
    (tmp_path / "export" / "general").mkdir(parents=True)
    (tmp_path / "export" / "users.json").write_text(USERS)
    text = day({"user": "U1", "text": "Hi <@U2>"})
    for path in ("export/general/2025-04-01.json", "2025-04-02.json"):
        (tmp_path / path).write_text(text)
    files = {file.name: file.read() for file in find_files([tmp_path])}
    assert rows(load_document("2025-04-01.json", files["export/general/2025-04-01.json"]))[0] == (
        "Ada Roe",
        "2025-04-01 09:33:20",
        "Hi @Ben",
    )
    assert files["2025-04-02.json"] == text.encode()


def test_a_slack_day_alone_keeps_the_ids():
    document = load_document("2025-04-01.json", day({"user": "U1", "text": "Hi"}).encode())
    assert rows(document)[0][0] == "U1"


def test_other_json_is_no_chat():
    for value in (
        [{"type": "message", "ts": "soon", "text": "x"}],
        {"messages": [{"date": "x"}]},
        {"chats": {"list": 3}},
    ):
        assert "Ids" not in " ".join(load_document("a.json", json.dumps(value).encode()).notes)


WHATSAPP = {
    "iOS, Germany": (
        "[01.04.25, 09:00:12] Ada: Who waters?\n[01.04.25, 09:05:44] Ben: I can do it\nand on Friday: yes.\n",
        ["2025-04-01 09:00", "2025-04-01 09:05"],
    ),
    "Android, Britain": (
        "13/04/2025, 09:00 - Ada: Who waters?\n14/04/2025, 09:05 - Ben: I can do it\nand on Friday: yes.\n",
        ["2025-04-13 09:00", "2025-04-14 09:05"],
    ),
    "Android, United States": (
        "4/13/25, 9:00\u202fAM - Ada: Who waters?\n4/13/25, 1:05\u202fPM - Ben: I can do it\nand on Friday: yes.\n",
        ["2025-04-13 09:00", "2025-04-13 13:05"],
    ),
    "iOS, Sweden": (
        "\u200e[2025-04-13, 09:00:12] Ada: Who waters?\n[2025-04-13, 09:05:44] Ben: I can do it\nand on Friday: yes.\n",
        ["2025-04-13 09:00", "2025-04-13 09:05"],
    ),
    "Android, France": (
        "13/04/2025 à 09:00 - Ada: Who waters?\n13/04/2025 à 09:05 - Ben: I can do it\nand on Friday: yes.\n",
        ["2025-04-13 09:00", "2025-04-13 09:05"],
    ),
    "iOS, Spain": (
        "[13/4/25, 9:00:12] Ada: Who waters?\n[13/4/25, 9:05:44] Ben: I can do it\nand on Friday: yes.\n",
        ["2025-04-13 09:00", "2025-04-13 09:05"],
    ),
    "Android, Spain": (
        "13/4/25, 9:00 a.\u00a0m. - Ada: Who waters?\n"
        "13/4/25, 9:05 p.\u00a0m. - Ben: I can do it\nand on Friday: yes.\n",
        ["2025-04-13 09:00", "2025-04-13 21:05"],
    ),
}


@pytest.mark.parametrize("locale", WHATSAPP)
def test_each_message_of_whatsapp_is_a_row_with_sender_and_time(locale):
    text, times = WHATSAPP[locale]
    document = load_document("chat.txt", text.encode())
    assert rows(document) == [
        ("Ada", times[0], "Who waters?"),
        ("Ben", times[1], "I can do it\nand on Friday: yes."),
    ]


def test_times_stay_as_they_are_if_day_and_month_cannot_be_told_apart():
    text = "1/4/25, 09:00 - Ada: Hi\n2/4/25, 09:05 - Ben: Ho\n"
    assert [time for _, time, _ in rows(load_document("c.txt", text.encode()))] == ["1/4/25 09:00", "2/4/25 09:05"]


def test_left_out_media_are_counted_and_lines_of_whatsapp_have_no_sender():
    text = (
        "01.04.25, 09:00 - Messages and calls are end-to-end encrypted.\n01.04.25, 09:01 - Ada: <Media omitted>\n"
        "01.04.25, 09:02 - Ben: \u200eBild weggelassen\n01.04.25, 09:03 - Ada: <3\n01.04.25, 09:04 - Ben: Hi: ho\n"
        "01.04.25, 09:05 - Ada: IMG-1.jpg (file attached)\n01.04.25, 09:06 - Ada: I omitted it.\n"
    )
    document = load_document("c.txt", text.encode())
    assert [(sender, said_) for sender, _, said_ in rows(document)] == [
        ("", "Messages and calls are end-to-end encrypted."),
        ("Ada", "<3"),
        ("Ben", "Hi: ho"),
        ("Ada", "IMG-1.jpg (file attached)"),
        ("Ada", "I omitted it."),
    ]
    assert document.notes == ("2 messages without text were left out: <Media omitted> and Bild weggelassen.",)
    texts = (line.partition(" - ")[2].removeprefix("Ada: ").removeprefix("Ben: ") for line in text.split("\n"))
    assert missing(" ".join(texts), [document]) == []


@pytest.mark.parametrize(
    "text",
    [
        "[2025-04-01 09:00:12] app: started\n[2025-04-01 09:00:13] app: stopped\n",
        "2025-03-01 10:00:01 INFO start\n2025-03-01 10:00:02 WARN queue: full\n",
        "On 01.04.25, 09:00 - Ada: said\nit was late.\n",
        "01.04.25, 09:00 - a note\n01.04.25, 09:05 - another note\n",
    ],
)
def test_a_log_or_a_diary_is_no_chat(text):
    document = load_document("a.txt", text.encode())
    assert document.rows == ()
    assert document.text == text.strip()


def test_a_transcript_keeps_its_speakers():
    text = "ADA: Who waters the tomatoes?\n\nBEN: I do, on Tuesday.\n\nADA: Good."
    document = load_document("transcript.txt", text.encode())
    assert document.text == text
    assert document.headings == ()
