"""The command `ask`: answer a question from a collection, with the passage that supports each sentence."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from rag import config
from rag.answering.types import Answer
from rag.cli.common import (
    Commands,
    Json,
    add_collection,
    add_json,
    count,
    dense_retriever,
    hit_json,
    open_collection,
    print_result,
)

if TYPE_CHECKING:
    from rag.answering.types import Support


def add_commands(commands: Commands) -> None:
    """Add `ask`."""
    ask = commands.add_parser("ask", help="answer a question from a collection, with sources")
    ask.add_argument("question")
    ask.add_argument("-k", type=count, default=config.DEFAULT_K, help="passages to retrieve (default: %(default)s)")
    ask.add_argument(
        "--model", metavar="ollama:NAME|openai:NAME|builtin", help="default: the fittest that is installed"
    )
    ask.set_defaults(command=_ask)
    add_collection(ask)
    add_json(ask)


def _ask(options: argparse.Namespace) -> int:
    from rag.answer import Equipment, Request, answer_question
    from rag.generation.generators import default_generator, load_generator
    from rag.generation.ranking import Default
    from rag.retrieval.settings import RetrievalSettings

    collection = open_collection(options)
    default = Default(options.model) if options.model else default_generator()
    if default.reason:
        print(f"{default.reason} '{default.name}' answers. To choose another model, use --model.", file=sys.stderr)
    generator = load_generator(default.name)
    retriever, embedder = dense_retriever(collection)
    request = Request(options.question, settings=RetrievalSettings(options.k))
    for piece in answer_question(request, Equipment(retriever, embedder, generator)):
        if isinstance(piece, str):
            print(piece, end="", flush=True, file=sys.stderr)
        elif isinstance(piece, Answer):
            print(file=sys.stderr)
            print_result(options, _answer_json(piece), _answer_lines(piece))
            return 1 if piece.problem else 0
    return 1


def _support_json(answer: Answer, support: Support) -> Json:
    hit = answer.prompt.hits[support.number - 1] if support.number else None
    return {
        "sentence": answer.text[support.start : support.end], "verdict": support.verdict, "number": support.number,
        "scores": list(support.scores), "missing": list(support.missing),
        "contradictions": [
            {"kind": one.kind, "stated": one.stated, "found": one.found} for one in support.contradictions
        ],
        "document": hit.document_name if hit else "",
        "passage": support.cited(hit.chunk.text) if hit else "",
    }  # fmt: skip


def _answer_json(answer: Answer) -> Json:
    return {
        "question": answer.question, "answer": answer.text, "model": answer.model, "problem": answer.problem,
        "sentences": [_support_json(answer, support) for support in answer.supports],
        "hits": [hit_json(hit) for hit in answer.hits],
        "prompt_tokens": answer.prompt.n_tokens, "seconds": answer.timings.total,
    }  # fmt: skip


def _source_line(answer: Answer, support: Support) -> str:
    """The passage of a sentence, with a question mark and what differs if it may say something else."""
    from rag.report.figures import doubt_sentence

    hit, doubt = answer.prompt.hits[support.number - 1], doubt_sentence(support)
    line = f"{hit.document_name}: {support.cited(hit.chunk.text)}"
    return f"[{support.number}?] {line} (Says something else? {doubt})" if doubt else f"[{support.number}] {line}"


def _answer_lines(answer: Answer) -> list[str]:
    sources = [_source_line(answer, one) for one in answer.supports if one.number]
    lines = [answer.text, "", *(sources or ["No retrieved passage supports this answer."])]
    return [*lines, answer.problem] if answer.problem else lines
