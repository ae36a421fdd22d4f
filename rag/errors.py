"""Errors that a user can fix; every message says what was expected, what was found and what to do.

ExplorerError
├── AccessError          the person may not do this, or a lock is not set up correctly
├── DocumentError        a file cannot be read
├── CollectionError      a collection is missing, damaged, or does not allow this change
│   └── ModelMismatch    vectors of one model are used with a collection of another
├── ModelError           an embedding or answering model is not available
│   ├── OllamaError      the Ollama server is unreachable, refuses, or stops midway
│   │   └── OllamaAbsent  nothing answers at its address
│   └── OpenAIServerError  the same for an OpenAI-compatible server
└── PromptError          a question does not fit the model's context window
"""


class ExplorerError(Exception):
    """The base class: its text is a sentence that can be shown to the user as it is."""


class AccessError(ExplorerError):
    """The person may not do this, or the settings of the locks cannot be used."""


class DocumentError(ExplorerError):
    """A file cannot be read; the message gives the reason."""


class CollectionError(ExplorerError):
    """A collection is missing or damaged, or its name cannot be used."""


class ModelMismatch(CollectionError):
    """Vectors or queries of one embedding model are used with a collection built with another."""


class ModelError(ExplorerError):
    """A model cannot be found, or its files are damaged."""


class OllamaError(ModelError):
    """The Ollama server does not answer, refuses a request, or stops midway."""


class OllamaAbsent(OllamaError):
    """No Ollama server answers at the address."""


class OpenAIServerError(ModelError):
    """An OpenAI-compatible server does not answer, refuses a request, or stops midway."""


class PromptError(ExplorerError):
    """The question does not fit into the model's context window, alone or with even one chunk."""


_SHOWN = 40
"""Characters of an invalid value that a message quotes."""


def first_problem(error: ValueError) -> str:
    """The first fault in an invalid value, as one phrase: "question is 5: Input should be a valid string".

    Args:
        error: pydantic's ValidationError, or another ValueError, whose own text is the phrase.
    """
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    problem = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(map(str, problem["loc"]))
    if problem["type"] == "missing":
        return f"{place} is missing"
    if not place:
        return problem["msg"]
    shown = ascii(problem["input"])
    return f"{place} is {shown if len(shown) <= _SHOWN else f'{shown[:_SHOWN]}...'}: {problem['msg']}"
