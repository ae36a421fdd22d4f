"""Query notes: warnings about a query that is empty, too long, or outside the model's languages."""

from __future__ import annotations

import re
import unicodedata

from rag.embedding.embedder import SERVED_PREFIXES
from rag.embedding.languages import REMEDY, language_warning
from rag.text.language import detect_language
from rag.types import Embedder

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_NOT_ENGLISH = "ru"
"""Any language other than English, to find out whether a model was trained on English alone."""


def is_cut(query: str, embedder: Embedder) -> bool:
    """Whether the query has more tokens than the embedding model reads."""
    return embedder.count_tokens([query])[0] > embedder.window


def query_notes(query: str, embedder: Embedder) -> tuple[str, ...]:
    """Sentences that warn of a query that is empty, too long, or likely to give poor results.

    That is one without letters and digits, of stop words only, or in a language that the model was not trained on.
    """
    if not query.strip():
        return ("The query is empty. Type a word or a sentence.",)
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
    if model.startswith(SERVED_PREFIXES):
        return (
            f"The query has {n_tokens:,} tokens, and '{model}' reads at most {window:,}; the server refuses "
            "or cuts longer texts. Shorten the query."
        )
    end = int(embedder.tokenizer.spans(query)[window - 1][1])
    read = " ".join(query[:end].split())[-40:].lstrip()
    return (
        f"The query has {n_tokens:,} tokens, but the model reads only the first {window:,}: everything after "
        f"“… {read}” is ignored."
    )


def _words_note(words: list[str]) -> str:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    if not words:
        return (
            "The query has no letters and no digits. A model knows few other symbols and treats all unknown ones as "
            "the same, so the results may have little to do with them."
        )
    # Stop word lists may lack contractions: "don't" counts as common if the part before its apostrophe is.
    if all(re.split("['’]", word.lower())[0] in ENGLISH_STOP_WORDS for word in words):
        return (
            "The query contains only very common words, which say little about a topic: the results may be similar "
            "only in wording. Add a word that names what you are looking for."
        )
    return ""


def _language_note(query: str, model_id: str) -> str:
    if warning := language_warning(model_id, detect_language(query)):
        return warning.replace("The text appears", "The query appears", 1)
    letters = [letter for letter in query if letter.isalpha()]
    is_foreign = 2 * sum(not unicodedata.name(letter, "").startswith("LATIN") for letter in letters) > len(letters)
    if is_foreign and language_warning(model_id, _NOT_ENGLISH):
        name = model_id.rpartition("/")[2]
        return (
            f"Most letters of the query are not Latin, and '{name}' was trained on English: similar texts may not be "
            f"found. {REMEDY}"
        )
    return ""
