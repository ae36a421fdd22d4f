"""reStructuredText, TeX, Org and AsciiDoc: headings are headings, comments are left out and said."""

from __future__ import annotations

import re

import pytest

from rag.documents.formats import MEDIA_TYPES
from rag.documents.loading import load_document
from rag.types import Document
from tests.support.formats.source_words import missing

RST = """=====
Boats
=====

Intro text.

.. a note to the author
   on two lines

Usage
-----

.. code-block:: python

   # not a heading
   run()

Times
=======

Winter
------

.. _target:

See `Usage`_. A table::

   ====  ====
   a     b
   ====  ====
"""
TEX = r"""\documentclass[11pt]{article}
\usepackage{graphicx}
\title{Leaks in \emph{pipes}}
% a comment that nobody should read
\begin{document}
\maketitle
\section{Introduction}
We study \emph{slow} leaks at 90\,\% load in pipes~\cite{kim2020}. % and this neither
\subsection*{Scope}
\begin{itemize}
\item Steel and $x \% 2$
\item[Lead] old
\end{itemize}
\section[Short]{Method of \textbf{two} steps}
\label{sec:method}
Pressure $p_{1}$ was logged for 30~days\footnote{In \textit{spring}.}.
\begin{verbatim}
% kept \section{no heading}
\end{verbatim}
\end{document}
"""
ORG = """#+TITLE: Garden
# a remark
* TODO First topic :tag:
Body one.
** Sub topic
- item
* not*bold
#+BEGIN_SRC sh
* no heading
# no comment
#+END_SRC
* Second topic
"""
ADOC = """= Garden
// a remark

== Tomatoes
Water them.

----
== no heading
// no comment
----

=== Sun
////
hidden block
////
Six hours.
"""


def paths(document: Document) -> list[str]:
    return [heading.path for heading in document.headings]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.rst", RST, ["Boats", "Boats > Usage", "Times", "Times > Winter"]),
        (
            "a.tex",
            TEX,
            [
                "Leaks in pipes",
                "Leaks in pipes > Introduction",
                "Leaks in pipes > Introduction > Scope",
                "Leaks in pipes > Method of two steps",
            ],
        ),
        (
            "a.org",
            ORG,
            [
                "Garden",
                "Garden > First topic",
                "Garden > First topic > Sub topic",
                "Garden > not*bold",
                "Garden > Second topic",
            ],
        ),
        ("a.adoc", ADOC, ["Garden", "Garden > Tomatoes", "Garden > Tomatoes > Sun"]),
    ],
)
def test_headings_are_headings(name, text, expected):
    document = load_document(name, text.encode())
    assert document.media_type == MEDIA_TYPES["." + name.rpartition(".")[2]]
    # In reStructuredText the first kind of line is the highest: "=" over and under, "-" under, "=" under.
    wanted = ["Boats", "Boats > Usage", "Boats > Usage > Times", "Boats > Winter"] if name == "a.rst" else expected
    assert paths(document) == wanted
    for heading in document.headings:
        assert heading.path.rpartition(" > ")[2].split()[0] in document.text[heading.start :][:60]


@pytest.mark.parametrize(
    ("name", "text", "left_out", "kept"),
    [
        ("a.rst", RST, "a note to the author on two lines", "# not a heading"),
        ("a.tex", TEX, "a comment that nobody should read and this neither", "% kept"),
        ("a.org", ORG, "a remark", "# no comment"),
        ("a.adoc", ADOC, "a remark hidden block", "// no comment"),
    ],
)
def test_comments_are_left_out_and_said_but_not_in_code(name, text, left_out, kept):
    document = load_document(name, text.encode())
    words = left_out.split()
    assert " ".join(words[:3]) not in document.text
    assert any(f"({len(words)} words: '{' '.join(words[:8])}" in note for note in document.notes)
    assert kept in document.text


def test_commands_of_tex_are_no_text():
    document = load_document("paper.tex", TEX.encode())
    assert "We study slow leaks at 90 % load in pipes [kim2020]." in document.text
    assert "- Steel and $x % 2$\n- Lead old" in document.text
    assert "logged for 30 days (In spring.)." in document.text
    assert "Pressure $p_{1}$ was" in document.text
    for command in ("\\begin{itemize}", "\\emph", "\\documentclass", "\\maketitle", "\\label", "\\footnote"):
        assert command not in document.text
    assert any("preamble" in note for note in document.notes)


@pytest.mark.parametrize(("name", "text"), [("a.rst", RST), ("a.org", ORG), ("a.adoc", ADOC)])
def test_no_word_is_dropped_in_silence(name, text):
    assert missing(text, [load_document(name, text.encode())]) == []


def test_no_word_of_a_paper_is_dropped_but_commands():
    # The note on comments has the first words of all.
    source = re.sub(r"\\(?:begin|end)\{\w+\}|\\[a-zA-Z]+\*?(?:\[\w*\])?", " ", TEX).replace("sec:method", "")
    assert missing(source, [load_document("a.tex", TEX.encode())]) == ["neither"]
