"""Languages of embedding models: a warning if a model was not trained for a document's language."""

from __future__ import annotations

from rag.text.language import language_name

# Beginnings of the names of models that were trained on English only, according to their model cards.
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
# Later versions of the models above that were trained on many languages.
_MULTILINGUAL = (
    "nomic-embed-text-v2",
    "snowflake-arctic-embed-l-v2",
    "snowflake-arctic-embed-m-v2",
    "snowflake-arctic-embed2",
)


def language_warning(model_id: str, language: str) -> str:
    """A warning if the model was not trained for the language; empty if it was, or if that is unknown.

    Args:
        language: an ISO 639-1 code, or empty if unknown.
    """
    name = model_id.rpartition("/")[2].removeprefix("ollama:").lower()
    is_multilingual = "multilingual" in name or name.startswith(_MULTILINGUAL)
    if language in ("", "en") or is_multilingual or not name.startswith(_ENGLISH_ONLY):
        return ""
    return (
        f"The text appears to be in {language_name(language)}, but '{name}' was trained on English: similar texts may "
        "not be found. Copy the collection with a multilingual model, such as paraphrase-multilingual-MiniLM-L12-v2."
    )
