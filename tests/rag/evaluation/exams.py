"""Writes small exams in the BEIR layout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

DOCUMENTS = {
    "d1": ("Owls", "Owls hunt mice at night and turn their heads far around."),
    "d2": ("Bread", "Bread is made of flour, water, salt and yeast, and baked in an oven."),
    "d3": ("", "The tallest mountain on Earth is Mount Everest in the Himalayas."),
    "d4": ("Violins", "A violin has four strings and is played with a bow."),
    "d5": ("Tax", "The tax return must be handed in before the end of July."),
    "d6": ("Rain", "Clouds of water vapour cool down, and the drops fall as rain."),
}
QUERIES = {
    "q1": "Which bird flies in the dark?",
    "q2": "How do I bake a loaf?",
    "q3": "What is the highest peak of the world?",
    "q4": "Which instrument has strings?",
    "q5": "When is the tax return due?",
}
JUDGEMENTS = [("q1", "d1", "2"), ("q2", "d2", "1"), ("q3", "d3", "1"), ("q4", "d4", "1"), ("q5", "d5", "1")]
HEADER = "query-id\tcorpus-id\tscore"


def write_exam(folder: Path, judgements: Sequence[tuple[str, str, str]] = JUDGEMENTS) -> Path:
    """The exam in `folder`, which is made; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"_id": name, "title": title, "text": text} for name, (title, text) in DOCUMENTS.items()]
    write_lines(folder / "corpus.jsonl", *map(json.dumps, rows))
    write_lines(folder / "queries.jsonl", *(json.dumps({"_id": name, "text": text}) for name, text in QUERIES.items()))
    write_lines(folder / "qrels.tsv", HEADER, *map("\t".join, judgements))
    return folder


def write_lines(path: Path, *lines: str) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
