"""What can go wrong that a person can fix; every message says what was wanted, what came and what to do.

ExplorerError
├── DocumentError        a file cannot be read
├── CollectionError      a collection is missing, damaged, or may not be changed like this
│   └── ModelMismatch    vectors of one model meet a collection of another
├── ModelError           an embedding or answering model cannot be had
│   ├── OllamaError      the Ollama server is away, refuses, or breaks off
│   └── OpenAIServerError  the same of a server that speaks OpenAI's API
└── PromptError          a question does not fit the model's context window
"""


class ExplorerError(Exception):
    """The root: its text is a sentence that may be shown to a person as it is."""


class DocumentError(ExplorerError):
    """A file cannot be read; the message gives the reason."""


class CollectionError(ExplorerError):
    """A collection is missing or damaged, or its name cannot be used."""


class ModelMismatch(CollectionError):
    """Vectors or queries of one embedding model meet a collection built with another."""


class ModelError(ExplorerError):
    """A model cannot be found, or its files are not what they should be."""


class OllamaError(ModelError):
    """The Ollama server does not answer, refuses a request, or stops in the middle."""


class OpenAIServerError(ModelError):
    """A server that speaks OpenAI's API does not answer, refuses a request, or stops in the middle."""


class PromptError(ExplorerError):
    """A question, or every single chunk, is too long for the model's context window."""
