"""Read TeX and LaTeX: sections are headings, tables are rows; comments and commands for the page are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.documents.parsed import Parsed, left_out, nested_headings
from rag.documents.readers.markup.tex_tables import TABLE, tex_grid
from rag.documents.tables.text import marked, write_table

_SECTIONS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph", "subparagraph")
_GROUP = r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
_SECTION = re.compile(rf"\\({'|'.join(_SECTIONS)})\*?[ \t]*(?:\[[^\]]*\])?[ \t]*{_GROUP}")
_TITLE = re.compile(rf"\\title[ \t]*(?:\[[^\]]*\])?[ \t]*{_GROUP}")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%(.*)")
_VERBATIM = re.compile(r"\\begin\{(verbatim|lstlisting|minted|Verbatim)\}.*?(?:\\end\{\1\}|\Z)", re.DOTALL)
_BEGIN = re.compile(r"\\(?:begin|end)\{[^{}]*\}(?:\[[^\]]*\])?(?:\{[^{}]*\})?")
_PREAMBLE = re.compile(r"\\begin\{document\}")
_NO_TEXT = re.compile(
    r"\\(?:documentclass|usepackage|bibliographystyle|pagestyle|thispagestyle|setlength|newcommand|renewcommand|input"
    r"|include|vspace|hspace|setcounter|includegraphics)\*?[ \t]*(?:(?:\[[^\]]*\]|\{(?:[^{}]|\{[^{}]*\})*\}))+"
    r"|\\(?:maketitle|tableofcontents|clearpage|newpage|noindent|centering|bigskip|medskip|smallskip|par|hline|toprule"
    r"|midrule|bottomrule|small|large|Large|footnotesize|normalsize|appendix)\b[ \t]*"
)
_STYLED = re.compile(
    rf"\\(?:emph|text\w{{1,6}}|underline|mbox|url|footnote|title|author|date|caption|href\{{[^{{}}]*\}})[ \t]*{_GROUP}"
)
_REFERENCE = re.compile(r"~?\\(?:cite\w*|ref|eqref|label|pageref|autoref|cref)\*?(?:\[[^\]]*\])*\{([^{}]*)\}")
_LINE_BREAK = re.compile(r"\\\\(?:\[[^\]]*\])?")
_SIGN = re.compile(r"\\([%&$#_{}])")
_SPACE = re.compile(r"(?<!\\)~|\\[ ,;:]")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")
# A noncharacter of Unicode, which documents do not use, and the level of a heading.
_MARK = "\ufde0{}"
_MARKED = re.compile("\ufde0([0-9])")


def read_tex(text: str) -> Parsed:
    """The text with its sections as headings; formulas stay as they are written.

    Notes say what was left out: comments, and what stands before the document begins, but for its title.
    """
    text, comments = _without_comments(text)
    notes = [left_out("Comments were", comments)] if comments.strip() else []
    begin = _PREAMBLE.search(text)
    if begin:
        preamble = text[: begin.start()]
        title = _TITLE.search(preamble)
        notes += [left_out("The preamble was", preamble)] if preamble.strip() else []
        text = f"\\part{{{title[1]}}}\n\n{text[begin.end() :]}" if title else text[begin.end() :]
    pieces, done = [], 0
    for block in _VERBATIM.finditer(text):
        pieces += [_with_tables(text[done : block.start()]), _BEGIN.sub("", block[0])]
        done = block.end()
    plain = _BLANK_LINES.sub("\n\n", "".join([*pieces, _with_tables(text[done:])])).strip()
    return _with_headings(plain, tuple(notes))


def _without_comments(text: str) -> tuple[str, str]:
    pieces: list[str] = []
    comments: list[str] = []
    done = 0

    def kept(comment: re.Match[str]) -> str:
        comments.append(comment[2].strip("% \t"))
        return comment[1]

    for block in _VERBATIM.finditer(text):
        pieces += [_COMMENT.sub(kept, text[done : block.start()]), block[0]]
        done = block.end()
    pieces.append(_COMMENT.sub(kept, text[done:]))
    return "".join(pieces), " ".join(comments)


def _with_tables(text: str) -> str:
    """Text without commands, with tables as lines whose rows are marked, and a mark before each heading."""
    pieces, done = [], 0
    for table in TABLE.finditer(text):
        grid = tex_grid(table[2], _plain)
        if grid is not None:
            pieces += [_plain(text[done : table.start()]), f"\n\n{marked(write_table(grid))}\n\n"]
            done = table.end()
    return "".join([*pieces, _plain(text[done:])])


def _plain(text: str) -> str:
    """Text without commands, with a mark before each heading."""

    def heading(found: re.Match[str]) -> str:
        return f"\n\n{_MARK.format(_SECTIONS.index(found[1]))}{' '.join(found[2].split())}\n\n"

    text = _SECTION.sub(heading, text)
    text = _NO_TEXT.sub("", text)
    text = _BEGIN.sub("", text)
    for _ in range(3):
        text = _STYLED.sub(lambda found: f" ({found[1]})" if found[0].startswith("\\footnote") else found[1], text)
    text = _REFERENCE.sub(_reference, text)
    text = re.sub(r"\\item\b[ \t]*(?:\[([^\]]*)\])?", lambda found: f"- {found[1] or ''}", text)
    return _SPACE.sub(" ", _SIGN.sub(r"\1", _LINE_BREAK.sub("\n", text)))


def _reference(found: re.Match[str]) -> str:
    if "cite" in found[0]:
        return f" [{found[1]}]"
    return "" if "\\label" in found[0] else f" {found[1]}"


def _with_headings(text_with_marks: str, notes: tuple[str, ...]) -> Parsed:
    pieces = _MARKED.split(text_with_marks)
    text, titles = pieces[0], []
    for level, after in _pairs(pieces[1:]):
        titles.append((len(text), int(level) + 1, after.partition("\n")[0].strip()))
        text += after
    return Parsed(text, headings=nested_headings(titles), notes=notes)


def _pairs(pieces: list[str]) -> Iterator[tuple[str, str]]:
    return zip(pieces[::2], pieces[1::2], strict=True)
