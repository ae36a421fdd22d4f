"""Languages of embedding models: a warning if a model was not trained for a document's language."""

from __future__ import annotations

from collections.abc import Sequence

from rag.runtime.model_wheels import E5_SMALL
from rag.text.language import language_name

MULTILINGUAL = E5_SMALL.model_id
"""The multilingual model that this app can install as a package."""
REMEDY = f"Copy the collection with a multilingual model, such as {MULTILINGUAL}."
"""What to do about a model that does not know a language."""

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


def _bare(model_id: str) -> str:
    return model_id.rpartition("/")[2].removeprefix("ollama:").removeprefix("openai:").lower()


def _is_multilingual(name: str) -> bool:
    return "multilingual" in name or name.startswith(_MULTILINGUAL)


def language_warning(model_id: str, language: str) -> str:
    """A warning if the model was not trained for the language; empty if it was, or if that is unknown.

    Args:
        language: an ISO 639-1 code, or empty if unknown.
    """
    name = _bare(model_id)
    if language in ("", "en") or _is_multilingual(name) or not name.startswith(_ENGLISH_ONLY):
        return ""
    return (
        f"The text appears to be in {language_name(language)}, but '{name}' was trained on English: similar texts may "
        f"not be found. {REMEDY}"
    )


def model_for(language: str, installed: Sequence[str]) -> str:
    """An installed model that was trained on this language and many others; empty if there is none.

    Args:
        language: an ISO 639-1 code.
        installed: names of models; the one that this app can install as a package is preferred.
    """
    if not language:
        return ""
    known = [name for name in (MULTILINGUAL, *installed) if name in installed and _is_multilingual(_bare(name))]
    return next(iter(known), "")
