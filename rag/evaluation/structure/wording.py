"""The wording of questions: markup removed, code signatures recognized, general headings told from telling ones."""

from __future__ import annotations

import re

from rag.text.stems import count_words, is_common, word_set, word_spans

_IMAGE = re.compile(r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])")
_LINK = re.compile(r"\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])")
_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]*|!--.*?--)>", re.DOTALL)
_ATTRIBUTES = re.compile(r"\s*\{[#.:][^}]*\}")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`+|(?<!\w)_(?=\S))(.+?)\1(?!\w)")
_SHORTCODE = re.compile(r":[a-z][a-z0-9_+-]*:")
_SYMBOLS = re.compile("[\u00b6\u200b-\u200f\u2190-\u21ff\u2300-\u2bff\ufe0f\U0001f000-\U0001faff]+")
_NUMBERING = re.compile(
    r"^(?:(?:chapter|section|part|appendix|kapitel|abschnitt|teil|chapitre|partie|cap[ií]tulo|secci[oó]n)\s+"
    r"(?:\d+(?:\.\d+)*|[ivxlc]+|[a-z])\s*[.:)–—-]+\s*|(?:\d+(?:\.\d+)*[.)]|\d+(?:\.\d+)+|\(?[a-zA-Z]\)|[IVX]+\.)\s+(?=[^\W\d_]))",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"\w\([^)]*\)|->|=>|::|(?<!\w)--?\w|[=;{}$]|^@\w|^/|\s/\w|^(?:GET|POST|PUT|PATCH|DELETE|HEAD)\s"
)
_VERSION = re.compile(
    r"^\W*(?:version|release|v)?\s*\.?\d+(?:\.\w+)+.*|^\W*\[?(?:unreleased|\d{4}-\d\d-\d\d)\b.*", re.I
)
_IDENTIFIER = re.compile(r"\w*[a-z][A-Z]\w*|\w+_\w+|\w+(?:\.\w+)+|[A-Z][A-Z0-9]{2,}")
_GLOSSARY = re.compile(
    r"\b(?:glossar(?:y|ies|e)?|terminology|definitions?|abbreviations?|acronyms?|key terms|vocabulary|terms and|"
    r"begriffe?|abkürzungen|glosario|definiciones|glossaire|définitions|lexique|glossário|glossario|definizioni)\b|"
    r"术语|用語集|용어집|глоссарий|термины",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]{2,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _phrases(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


BOILERPLATE = _phrases(
    "contents|table of contents|toc|index|references|bibliography|works cited|license|licence|licensing|"
    "copyright|changelog|change log|release notes|history|version history|acknowledgements|"
    "acknowledgments|acknowledgement|credits|authors|author|contributors|maintainers|see also|"
    "further reading|more information|learn more|links|useful links|related|related links|related pages|"
    "resources|next steps|next step|what's next|whats next|where to go next|footnotes|navigation|menu|"
    "summary|conclusion|conclusions|appendix|disclaimer|badges|table of figures|list of figures|"
    "list of tables|added|changed|fixed|removed|deprecated|security fixes|inhalt|inhaltsverzeichnis|"
    "literatur|literaturverzeichnis|quellen|lizenz|änderungen|impressum|anhang|weiterführende links|"
    "siehe auch|stichwortverzeichnis|danksagung|zusammenfassung|fazit|nächste schritte|sommaire|"
    "table des matières|références|bibliographie|remerciements|voir aussi|índice|contenido|referencias|"
    "bibliografía|licencia|agradecimientos|véase también|indice|sommario|riferimenti|licenza|sumário|"
    "referências|licença|inhoud|inhoudsopgave|literatuur|licentie|目录|参考文献|目次|索引|許可|содержание|"
    "оглавление|литература|лицензия|any other business|closing remarks|"
    "open questions|miscellaneous|verschiedenes|divers|"
    "varia"
)
"""Headings whose sections answer no question, in lower case."""
_GENERAL = word_set(
    "overview introduction intro note notes example examples sample usage use using used options option parameters "
    "parameter arguments argument flags installation install installing installed configuration configure configuring "
    "config setup settings setting requirements requirement prerequisites background general details detail basic "
    "basics advanced description features feature limitations limitation troubleshooting purpose scope about "
    "motivation design default defaults properties property attributes attribute methods method types type fields "
    "field syntax tips tip warning warnings faq faqs questions question answers help support known issues issue "
    "problems common other others miscellaneous misc reference documentation docs guide tutorial quickstart quick "
    "start started getting getting-started api code input inputs output outputs result results data model models "
    "ingredients directions method instructions preparation steps step solution solutions explanation definition "
    "definitions terms process procedure rules policy exceptions testing tests test run build "
    "development developing deployment deploying contributing section sections page pages works work how "
    "why what when where who which more additional information info available list full simple first new name value "
    "values version versions user users system systems concept concepts main different "
    "übersicht überblick einführung einleitung hinweis hinweise beispiel beispiele allgemeines allgemein grundlagen "
    "installation konfiguration einstellungen voraussetzungen verwendung nutzung zweck optionen anforderungen fragen "
    "zutaten zubereitung aperçu exemple exemples généralités utilisation ingrédients préparation resumen ejemplo "
    "ejemplos instalación configuración requisitos uso ingredientes preparación introducción"
)
"""Words that do not tell what a text is about without another word."""
_POINTING = word_set("it its this that these those they them their he she his her we us our you your i my me one there")
_PERSONS = word_set("we us our you your i me my")
"""Point to no text in a question: "How do I reset my password?"."""
_PLACES = word_set("above below here following previous next same such earlier later oben unten hier")
LEAST_TELLING = 3
"""A heading with fewer telling words is given the heading above it."""
_LEAST_QUESTION = 5
"""Words of a question of which one telling word is enough."""


def plain(text: str) -> str:
    """A heading or a term as a person would type it: without markup, numbering, symbols and closing punctuation."""
    text = _ATTRIBUTES.sub("", _SHORTCODE.sub(" ", _TAG.sub("", _LINK.sub(r"\1", _IMAGE.sub("", text)))))
    for _ in range(2):
        text = _EMPHASIS.sub(r"\2", text)
    text = _SYMBOLS.sub("", text.replace("\\", "")).strip(" \t#*_|\u00a0")
    text = re.sub(r"^[-–—]+\s+|\s*[-–—]+$", "", text)
    text = " ".join(_NUMBERING.sub("", text, count=1).split()).rstrip(":;,. ")
    return text.capitalize() if text.isupper() and text.count(" ") > 1 and "_" not in text else text


def is_signature(text: str) -> bool:
    """Whether a heading is code to be called or typed (`get(url)`, `--flag`, `POST /items`) rather than words."""
    return bool(_SIGNATURE.search(text))


def is_boilerplate(text: str) -> bool:
    """Whether a heading's section answers nothing: contents, licence, a version in a changelog, only numbers."""
    lower = text.casefold().strip(" .:!").replace("’", "'")
    return bool(text) and (lower in BOILERPLATE or bool(_VERSION.match(text)) or not _LETTERS.search(text))


def names_glossary(text: str) -> bool:
    """Whether a heading or a document's name says that terms are explained below."""
    return bool(_GLOSSARY.search(text))


def is_empty(text: str) -> bool:
    """Whether a heading of one or two words has stop words only: "Where is"."""
    words = [text[start:end] for start, end in word_spans(text)]
    return len(words) < LEAST_TELLING and all(map(is_common, words))


def is_identifier(text: str) -> bool:
    """Whether a term is one name in code: `max_tokens`, `HybridChunker`, `SSL_CERT_FILE`, `rag.types`."""
    return bool(_IDENTIFIER.fullmatch(text))


def is_question(text: str) -> bool:
    """Whether the text ends with a question mark of any script."""
    return text.rstrip(" *_\"'”»)").endswith(("?", "？", "؟"))


def n_telling(text: str) -> int:
    """How many words of a text tell what it is about: no stop words, no general words such as "overview"."""
    if not word_spans(text):
        return 0
    words = [text[start:end] for start, end in word_spans(text)]
    if not any(word.isascii() for word in words):
        return count_words(text)
    return sum(len(word) > 1 and not is_common(word) and word.casefold() not in _GENERAL for word in words)


def stands_alone(text: str) -> bool:
    """Whether a person understands the question without the document that it comes from."""
    words = [text[start:end].casefold() for start, end in word_spans(text)]
    telling = n_telling(text)
    pointing = _POINTING - _PERSONS if is_question(text) else _POINTING
    if telling <= LEAST_TELLING and any(word in pointing for word in words):
        return False
    if is_question(text):
        return telling >= LEAST_TELLING - 1 or (telling > 0 and count_words(text) >= _LEAST_QUESTION)
    return telling >= LEAST_TELLING


def points_elsewhere(text: str) -> bool:
    """Whether the text has words such as "this", "above" or "here", which mean nothing without its surroundings."""
    words = {text[start:end].casefold() for start, end in word_spans(text)}
    return bool(words & (_POINTING | _PLACES))


def in_context(text: str, context: str) -> str:
    """The text below a heading that says what it is about: "Clients: Usage"; the text alone without such a heading."""
    if not context:
        return text
    return f"{context} - {text}" if ":" in context else f"{context}: {text}"


def is_within(text: str, other: str) -> bool:
    """Whether all words of `text` are in `other`, so that it adds nothing there."""
    words = {text[start:end].casefold() for start, end in word_spans(text)}
    return words <= {other[start:end].casefold() for start, end in word_spans(other)}
