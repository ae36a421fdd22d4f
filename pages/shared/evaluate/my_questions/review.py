"""The drafts that wait for a decision: each with its passage, the words it copied, and what can be done with it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from pages.shared.evaluate.clicks import guarded, show_problem
from pages.shared.evaluate.exams import documents
from pages.shared.session.resources import generator, task_board
from pages.shared.widgets.common import escaped
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.model_choice import model_label
from pages.shared.widgets.passage.html import show_passage
from pages.shared.widgets.tasks import show_task
from rag import config
from rag.evaluation.drafting.copied import Copied, copied_words
from rag.evaluation.drafting.draft import as_question, draft_question
from rag.evaluation.drafting.waiting import Decision, StoredDraft, approve, decide, replace_draft
from rag.evaluation.questions import GoldSpan, located
from rag.generation.types import AnsweringOptions
from rag.runtime.background import Report
from rag.store.collection import Collection
from rag.types import Chunk

_MUCH_COPIED = 0.6
_VARIED = 0.8
"""The temperature at which a question is drafted again: at 0, a model would write the same one."""
_DECIDED = "drafts-decided"


@dataclass(frozen=True, slots=True)
class _Card:
    """A waiting draft with its passage in the present documents; None if they do not hold it any more."""

    collection: Collection
    stored: StoredDraft
    span: GoldSpan | None
    passage: str

    @property
    def key(self) -> str:
        return f"draft-{self.collection.uid}-{self.stored.draft_id}"

    @property
    def text_key(self) -> str:
        return f"{self.key}-text"

    @property
    def tried_key(self) -> str:
        """Under which the session keeps the questions that were drafted for the passage before."""
        span = self.stored.draft.span
        return f"drafts-tried-{self.collection.uid}-{span.document}-{span.start}"


def show_review(collection: Collection, drafts: Sequence[StoredDraft]) -> None:
    """How many were decided on, and one draft that waits. Called in a fragment of the page."""
    if st.session_state.pop(_DECIDED, False):
        # The exam has changed, and it is drawn outside this fragment.
        st.rerun()
    show_problem()
    if not drafts:
        return
    waiting = [one for one in drafts if one.decision == "waiting"]
    if not waiting:
        st.markdown(_counts(drafts))
        st.caption("All drafts are decided on. Approved questions are in the list above; start again for more.")
        return
    skipped: list[str] = st.session_state.setdefault(_skipped_key(collection), [])
    # Skipped drafts come again after the others, in the order in which they were skipped.
    waiting.sort(key=lambda one: skipped.index(one.draft_id) if one.draft_id in skipped else -1)
    card = _card(collection, waiting[0])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_counts(drafts), width="content")
        if len(waiting) > 1:
            st.button(
                "Skip", type="tertiary", icon=":material/skip_next:", on_click=_skip, key=f"{card.key}-skip",
                args=(card,), help="Shows the next draft. This one comes again after the others.",
            )  # fmt: skip
    _show_card(card)


def _counts(drafts: Sequence[StoredDraft]) -> str:
    decisions: tuple[Decision, ...] = ("approved", "rejected", "waiting")
    numbers = {name: sum(one.decision == name for one in drafts) for name in decisions}
    return f"**Drafts:** {', '.join(f'{number:,} {name}' for name, number in numbers.items())}"


def _card(collection: Collection, stored: StoredDraft) -> _Card:
    texts = {name: document.text for name, document in documents(collection).items()}
    found = located(as_question(stored.draft), texts).question
    span = found.spans[0] if found else None
    return _Card(collection, stored, span, texts[span.document][span.start : span.end] if span else "")


def _show_card(card: _Card) -> None:
    draft = card.stored.draft
    with st.container(border=True):
        left, right = st.columns(2, gap="large")
        with left:
            text = st.text_area(
                "Drafted question", draft.text, key=card.text_key, height=80, persist_state="session",
                help="Change it as you like before you approve it. The words are counted again when you leave the "
                "field.",
            )  # fmt: skip
            copied = copied_words(str(text), card.passage)
            if card.span is not None:
                _show_copied(copied)
            st.caption(f"Drafted by {escaped(model_label(draft.model))}")
            _show_buttons(card)
        with right:
            st.markdown(f"**Passage** from {escaped(draft.span.document)}", help=help_for("expected passage"))
            if card.span is None:
                show_passage(draft.span.quote)
                st.caption("The documents do not hold this passage any more. Reject the draft.")
            else:
                show_passage(card.passage, copied.spans)
        show_task(_task_key(card))


def _show_copied(copied: Copied) -> None:
    """How much of the question is in the passage, and what that means for the exam."""
    share = f"{copied.share:.0%}".replace("%", " %")
    if not copied.share:
        st.markdown(
            ":orange-badge[:material/help: none of its words are in the passage] Check that the passage answers it.",
            help=help_for("copied words"),
        )
        return
    colour = "orange" if copied.share >= _MUCH_COPIED else "green"
    advice = "Easy for search by words: use other words." if copied.share >= _MUCH_COPIED else "They are highlighted."
    st.markdown(f":{colour}-badge[{share} of its words are in the passage] {advice}", help=help_for("copied words"))


def _show_buttons(card: _Card) -> None:
    view = task_board().view(_task_key(card))
    is_busy = view is not None and view.is_active
    with st.container(horizontal=True):
        st.button(
            "Approve", type="primary", icon=":material/check:", on_click=guarded, key=f"{card.key}-approve",
            args=(partial(_approve, card),), disabled=is_busy or card.span is None,
            help="Adds the question to 'My questions', with the text of the field.",
        )  # fmt: skip
        st.button(
            "Reject", icon=":material/close:", on_click=guarded, key=f"{card.key}-reject",
            args=(partial(_reject, card),), disabled=is_busy, help="Removes the draft.",
        )  # fmt: skip
        st.button(
            "Draft again", icon=":material/refresh:", on_click=guarded, key=f"{card.key}-again",
            args=(partial(_again, card),), disabled=is_busy or card.span is None,
            help="The same model writes another question about this passage.",
        )  # fmt: skip


def _skip(card: _Card) -> None:
    skipped: list[str] = st.session_state[_skipped_key(card.collection)]
    if card.stored.draft_id in skipped:
        skipped.remove(card.stored.draft_id)
    skipped.append(card.stored.draft_id)


def _skipped_key(collection: Collection) -> str:
    return f"drafts-skipped-{collection.uid}"


def _approve(card: _Card) -> None:
    approve(config.data_dir(), card.collection.uid, card.stored.draft_id, str(st.session_state[card.text_key]))
    st.session_state[_DECIDED] = True


def _reject(card: _Card) -> None:
    decide(config.data_dir(), card.collection.uid, card.stored.draft_id, "rejected")
    st.session_state[_DECIDED] = True


def _again(card: _Card) -> None:
    """Let the model that wrote the draft write another one in the background."""
    draft, collection = card.stored.draft, card.collection
    tried = [*st.session_state.get(card.tried_key, []), draft.text]
    st.session_state[card.tried_key] = tried
    stop = threading.Event()
    work = partial(
        _work, config.data_dir(), collection.uid, card.stored.draft_id, _chunk(card), draft.model, tried, stop
    )
    task_board().forget(_task_key(card))
    title = f"{model_label(draft.model)} writes another question"
    task_board().start(_task_key(card), title, work, stop_requested=stop)


def _work(
    folder: Path, uid: str, draft_id: str, passage: tuple[Chunk, str], model: str, tried: Sequence[str],
    stop: threading.Event, _: Report,
) -> None:  # fmt: skip
    hosts = (config.ollama_host(), config.openai_url())
    writer = generator(model, hosts, AnsweringOptions(temperature=_VARIED))
    replace_draft(folder, uid, draft_id, draft_question(*passage, writer, stop, other_than=tried))


def _chunk(card: _Card) -> tuple[Chunk, str]:
    """The passage as a chunk, with its document's name; also if the documents were split again since."""
    assert card.span is not None
    document = documents(card.collection)[card.span.document]
    chunks = card.collection.chunks_of(document.document_id)
    found = next((one for one in chunks if (one.start, one.end) == (card.span.start, card.span.end)), None)
    made = Chunk(document.document_id, card.span.start, card.span.end, card.passage, 0)
    return found or made, document.name


def _task_key(card: _Card) -> str:
    return f"{card.key}-again"
