"""Read WhatsApp's export of a chat: lines that begin with a date and a sender, in the ways of many countries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rag.documents.readers.speech.messages import Chat, Message

_MARKS = str.maketrans(dict.fromkeys("\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"))
# [01.04.25, 09:00:12] Ada: ..., or 4/1/25, 9:00 AM - Ada: ...
_BEGIN = re.compile(
    r"(?P<open>\[)?(?P<date>\d{1,4}([./-])[ ]?\d{1,2}\3[ ]?\d{1,4})\.?(?P<comma>,)?[ ]"
    r"(?:(?:à|às|um|kl\.?|o|alle|om)[ ])?"
    r"(?P<time>(?:[^\W\d_]{1,3}[ ]?)?\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:[ ]?(?:[ap]\.?[ ]?m\.?|[^\W\d_]{1,3}))?)"
    r"(?(open)\][ ]?|[ ][-–—][ ])(?P<rest>.*)",
    re.IGNORECASE,
)
_SENDER = re.compile(r"([^:\n]{1,60}):(?:[ ](.*)|$)")
_SPACES = re.compile("[\u00a0\u2009\u202f]")
_OMITTED = re.compile(
    r"<[^<>]{3,40}>|[^.:!?]{0,30}\b(?:omitted|weggelassen|ausgeschlossen|omise?s?|omitid[oa]s?|omess[oi]|weggelaten|"
    r"utelämnad\w*|udeladt|utelatt|pominięto|опущен\w*|пропущен\w*|dahil edilmedi)",
    re.IGNORECASE,
)
_HALF_DAY = re.compile(r"([ap])\.?[ ]?m\.?", re.IGNORECASE)
_FEWEST = 2


@dataclass(slots=True)
class _Line:
    """A message as it is written in the file; `sender` is empty for what WhatsApp itself says."""

    date: str
    time: str
    sender: str
    lines: list[str] = field(default_factory=list)


def whatsapp_chat(text: str) -> list[Chat]:
    """The messages of an exported chat; none if the text is something else."""
    first = text.lstrip("\u200e\ufeff \n")[:200].partition("\n")[0]
    if not _begin(first):
        return []
    found = _lines(text)
    if sum(bool(one.sender) for one in found) < _FEWEST or 2 * sum(bool(one.sender) for one in found) < len(found):
        return []
    dates = _dates([(one.date, one.time) for one in found])
    chat = Chat()
    for one, time in zip(found, dates, strict=True):
        said = "\n".join(one.lines).strip()
        missing = said.translate(_MARKS).strip() if _OMITTED.fullmatch(said.translate(_MARKS).strip()) else ""
        chat.add(Message(one.sender, time, "" if missing else said.translate(_MARKS)), missing=missing)
    return [chat]


def _begin(line: str) -> re.Match[str] | None:
    line = _SPACES.sub(" ", line).translate(_MARKS)
    found = _BEGIN.fullmatch(line)
    # Logs have dates like [2025-04-01 09:00:12] as well.
    is_log = found is not None and found["date"][4:5] == "-" and not found["comma"]
    return None if is_log else found


def _lines(text: str) -> list[_Line]:
    found: list[_Line] = []
    for line in text.split("\n"):
        begin = _begin(line)
        if begin is None:
            if found:
                found[-1].lines.append(line)
            continue
        sender = _SENDER.fullmatch(begin["rest"])
        said = (sender[2] or "") if sender else begin["rest"]
        found.append(_Line(begin["date"], begin["time"], sender[1].strip("~ ") if sender else "", [said]))
    return found


def _dates(stated: Sequence[tuple[str, str]]) -> list[str]:
    """The times of all messages as "2025-04-01 09:00"; as they are written if day and month cannot be told apart."""
    orders = []
    # Only dates with slashes begin with the month.
    has_slashes = any("/" in date for date, _ in stated)
    for order in ("dmy", "mdy", "ymd") if has_slashes else ("dmy", "ymd"):
        moments = [_moment(date, time, order) for date, time in stated]
        known = [moment for moment in moments if moment is not None]
        if len(known) == len(moments) and known == sorted(known):
            orders.append(known)
    same = len(orders) > 0 and all(order == orders[0] for order in orders)
    if same:
        return [f"{moment:%Y-%m-%d %H:%M}" for moment in orders[0]]
    return [f"{date} {time}" for date, time in stated]


def _moment(date: str, time: str, order: str) -> datetime | None:
    parts = dict(zip(order, map(int, re.findall(r"\d+", date)), strict=True))
    hour, minute = map(int, re.findall(r"\d+", time)[:2])
    half = _HALF_DAY.search(time)
    if half:
        hour = hour % 12 + (12 if half[1].lower() == "p" else 0)
    elif re.search(r"[^\W\d_]", time):
        return None
    year = parts["y"] + (2000 if parts["y"] < 100 else 0)
    if order == "ymd" and parts["y"] < 1000:
        return None
    try:
        return datetime(year, parts["m"], parts["d"], hour, minute)
    except ValueError:
        return None
