"""The wording a person has chosen for a collection's prompts, remembered in its file."""

from __future__ import annotations

from rag.answering.prompt_template import PromptTemplate
from rag.store.collection import Collection
from rag.store.transactions import transaction

_KEY = "prompt"


def choose_prompt(collection: Collection, template: PromptTemplate | None) -> None:
    """Remember the wording; None goes back to the project's own. Raises CollectionError where it cannot be written."""
    with transaction(collection.path, collection.uid, "BEGIN IMMEDIATE", shown_as=collection.spec.name) as connection:
        connection.execute("DELETE FROM meta WHERE key = ?", (_KEY,))
        if template is not None:
            connection.execute("INSERT INTO meta VALUES (?, ?)", (_KEY, template.to_json()))
        connection.execute("COMMIT")


def chosen_prompt(collection: Collection) -> PromptTemplate | None:
    """The wording chosen; None where it is the project's own. Raises PromptError where what is stored is no wording."""
    with transaction(collection.path, collection.uid, "BEGIN", shown_as=collection.spec.name) as connection:
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    return PromptTemplate.from_json(row[0]) if row else None
