"""Which languages an embedding model was trained to compare, where that is known."""

from __future__ import annotations

from rag.text.language import language_name

# The models' own cards: trained on English pairs alone.
_ENGLISH_ONLY = (
    "all-minilm",
    "all-mpnet",
    "all-distilroberta",
    "multi-qa-",
    "msmarco-",
    "gtr-t5",
    "bge-small-en",
    "bge-base-en",
    "bge-large-en",
    "e5-small-v2",
    "e5-base-v2",
    "e5-large-v2",
    "gte-small",
    "gte-base",
    "gte-large",
    "mxbai-embed-large",
    "nomic-embed-text",
    "snowflake-arctic-embed",
)


def language_warning(model_id: str, language: str) -> str:
    """A sentence with what to do where the model does not serve the language; empty where it does, or is unknown.

    Args:
        language: an ISO 639-1 code, or empty where it could not be told.
    """
    name = model_id.rpartition("/")[2].removeprefix("ollama:").lower()
    if language in ("", "en") or "multilingual" in name or not name.startswith(_ENGLISH_ONLY):
        return ""
    return (
        f"It seems to be in {language_name(language)}, and '{name}' was trained on English: similar texts may not be "
        "found. Copy the collection with a multilingual model, such as paraphrase-multilingual-MiniLM-L12-v2."
    )
