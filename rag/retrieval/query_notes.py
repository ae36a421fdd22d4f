"""What a person should know about a query before trusting what is near to it."""

from __future__ import annotations

import re
import unicodedata

from rag.embedding.languages import language_warning
from rag.text.language import detect_language
from rag.types import Embedder

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_OLLAMA = "ollama:"
_ANY_OTHER_LANGUAGE = "ru"


def is_cut(query: str, embedder: Embedder) -> bool:
    """Whether the query has more tokens than the model reads."""
    return embedder.count_tokens([query])[0] > embedder.window


def query_notes(query: str, embedder: Embedder) -> tuple[str, ...]:
    """Sentences about a query that is empty, too long, only signs, only common words, or in another language."""
    if not query.strip():
        return ("There is nothing to search for: type a word or a sentence.",)
    words = _WORD.findall(query)
    notes = [
        _cut_note(query, embedder) if is_cut(query, embedder) else "",
        _words_note(words),
        _language_note(query, embedder.spec.model_id),
    ]
    return tuple(note for note in notes if note)


def _cut_note(query: str, embedder: Embedder) -> str:
    n_tokens = embedder.count_tokens([query])[0]
    window, model = embedder.window, embedder.spec.model_id
    if model.startswith(_OLLAMA):
        return (
            f"The query has {n_tokens:,} tokens, and '{model}' reads at most {window:,}: the server refuses what is "
            "longer. Shorten it."
        )
    end = int(embedder.tokenizer.spans(query)[window - 1][1])
    read = " ".join(query[:end].split())[-40:].lstrip()
    return (
        f"The query has {n_tokens:,} tokens, and only the first {window:,} are read: what comes after "
        f"“… {read}” changes nothing."
    )


def _words_note(words: list[str]) -> str:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    if not words:
        return (
            "The query has no letter and no digit. A model knows few other signs, and reads those that it does not "
            "know as one and the same: what is near may have little to do with them."
        )
    # "don't" is among them in parts, if at all: a contraction is common where what stands before its apostrophe is.
    if all(re.split("['’]", word.lower())[0] in ENGLISH_STOP_WORDS for word in words):
        return (
            "The query holds only very common words, which say little about a subject: what is near may be so by "
            "its wording alone. Add a word that names what you look for."
        )
    return ""


def _language_note(query: str, model_id: str) -> str:
    if warning := language_warning(model_id, detect_language(query)):
        return warning.replace("It seems", "The query seems", 1)
    letters = [letter for letter in query if letter.isalpha()]
    is_foreign = 2 * sum(not unicodedata.name(letter, "").startswith("LATIN") for letter in letters) > len(letters)
    if is_foreign and language_warning(model_id, _ANY_OTHER_LANGUAGE):
        name = model_id.rpartition("/")[2]
        return (
            f"Most letters of the query are not Latin, and '{name}' was trained on English: similar texts may not be "
            "found. Copy the collection with a multilingual model, such as paraphrase-multilingual-MiniLM-L12-v2."
        )
    return ""
