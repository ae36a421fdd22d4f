"""Chapter 1, tokens: the text cut into the pieces that the model reads."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from pages.shared.how_it_works.scene import Scene, require_text, show_figure
from pages.shared.widgets.common import escaped
from rag.anatomy.translations import language_costs
from rag.map.colours import PALETTE
from rag.text.language import language_name
from rag.text.tokens import Piece

_MOST_SHOWN = 300
_TINTS = ("rgba(86,180,233,.30)", "rgba(230,159,0,.28)")
_SPECIAL, _UNREAD = "rgba(128,128,128,.28)", "rgba(128,128,128,.10)"


def show(scene: Scene) -> None:
    """The tokens of the text, of telling examples, and of ten languages."""
    inside = scene.require_inside()
    cut = inside.tokenize(require_text(scene))
    n_special = sum(piece.is_special for piece in cut.pieces)
    n_unread = len(cut.pieces) - len(cut.read)
    st.markdown(
        f"**{len(cut.pieces) - n_special:,} tokens** of a vocabulary of {inside.n_vocabulary:,}, and {n_special} "
        f"special tokens that the model adds. It reads at most {inside.window:,} at once."
    )
    if n_unread:
        st.warning(
            f"The last {n_unread:,} tokens are beyond the window: the model never sees them, and they have no part in "
            "the embedding. This is why documents are split into chunks.",
            icon=":material/content_cut:",
        )
    st.html(chips(cut.pieces, cut.is_read))
    st.caption(
        "Each box is a token with its number in the vocabulary. Common words are one token; rare words fall apart into "
        "pieces. Grey boxes are special tokens; pale ones are not read."
        + (f" The model puts \u201c{escaped(cut.prefix)}\u201d before a document." if cut.prefix else "")
    )
    left, right = st.columns(2)
    with left:
        _show_cuts(scene)
    with right:
        _show_languages(scene)


def _show_cuts(scene: Scene) -> None:
    inside = scene.require_inside()
    st.markdown("**How things fall apart**")
    typed = st.text_input(
        "Cut a word of your own", "supercalifragilistic", key="anatomy-cut", help="Shows the tokens of what you type."
    )
    shown = {"your own": typed, **scene.examples.cuts} if typed.strip() else dict(scene.examples.cuts)
    for kind, text in shown.items():
        pieces = [piece for piece in inside.tokenize(text).pieces if not piece.is_special and piece.start >= 0]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"{kind}, {len(pieces)}", width=150)
            st.html(chips(pieces, [True] * len(pieces), with_ids=False), width="content")


def _show_languages(scene: Scene) -> None:
    st.markdown("**What a language costs**")
    costs = language_costs(scene.model.tokenizer, scene.examples.translations)[::-1]
    figure = go.Figure()
    figure.add_bar(
        x=[one.n_tokens for one in costs],
        y=[language_name(one.language) for one in costs],
        orientation="h",
        marker={"color": PALETTE[0]},
        text=[f"{one.n_tokens} tokens, {one.characters_per_token:.1f} characters each" for one in costs],
        textposition="auto",
        hoverinfo="skip",
    )
    figure.update_layout(height=430)
    figure.update_xaxes(title="tokens for the same five sentences")
    most, least = costs[0], costs[-1]
    words = (
        f"The same five sentences take {least.n_tokens} tokens in {language_name(least.language)} and {most.n_tokens} "
        f"in {language_name(most.language)}."
    )
    show_figure(figure, words, key="anatomy-languages")
    st.caption(
        f"{words} A tokenizer is made from texts: it has whole words for the languages that it saw often, and single "
        "letters for the others, or one unknown token for what it cannot spell."
    )


def chips(pieces: Sequence[Piece], is_read: Sequence[bool], *, with_ids: bool = True) -> str:
    """Tokens as boxes of HTML; the text is escaped."""
    parts, number = [], 0
    for piece, read in zip(pieces[:_MOST_SHOWN], is_read, strict=False):
        number += not piece.is_special
        colour = _SPECIAL if piece.is_special else _TINTS[number % 2] if read else _UNREAD
        identity = f'<div style="font-size:.68rem;opacity:.75">{piece.token_id}</div>' if with_ids else ""
        parts.append(
            f'<span style="display:inline-block;background:{colour};border-radius:4px;padding:1px 6px;margin:2px;'
            f'text-align:center;opacity:{1 if read else 0.55}">{html.escape(piece.token)}{identity}</span>'
        )
    if len(pieces) > _MOST_SHOWN:
        parts.append(f"<span> and {len(pieces) - _MOST_SHOWN:,} more</span>")
    return f'<div style="line-height:1.5;overflow-wrap:anywhere">{"".join(parts)}</div>'
