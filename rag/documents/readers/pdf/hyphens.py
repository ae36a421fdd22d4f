"""Join words that a hyphen divides at the end of a line, and keep the hyphen of words that have one.

Which it is cannot be seen in the file, so it is decided by the rest of the document: the form that occurs elsewhere is
right. Where neither does, two words that both occur alone make a compound, and so do the parts of the lists below.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from rag.text.stems import UNSPACED, word_set

_WORDS = re.compile(r"[^\W\d_]+(?:[-\u2010\u2011][^\W\d_]+)*")
_LAST = re.compile(r"([^\W\d_]+(?:[-\u2010\u2011][^\W\d_]+)*)[-\u2010\u00ad]$")
_SIGNS = ("-", "\u2010", "\u00ad")
_FIRST = re.compile(r"^[^\W\d_]+(?:[-\u2010\u2011][^\W\d_]+)*")
_UNSPACED_LETTER = re.compile(f"[{UNSPACED}\u3000-\u303f\uff00-\uff65]")
"""Letters and signs of scripts that have no spaces between words."""
_AND = word_set("and or und oder bzw et ou y o e en of og och i a")
_BEFORE = word_set(
    "well self high low long short full half large small hard soft cross open single double two three four five six "
    "seven eight nine year decision data user world state"
)
_AFTER = word_set(
    "based known driven oriented related free wide specific dependent independent like level term scale time sized "
    "friendly aware made determining making fold defined called looking range quality performance resolution"
)
_ENDINGS = word_set(
    "ment ments ful fully less lessness ly ness ary ish er ers est ed en ing ings ity ities age ages ance ence "
    "able ible al ally ous ously ive tion tions sion sions ty ties some where fore"
)
_WHOLE = re.compile(r"[a-z]*[aeiou][a-z]*[^aeiou\W]e")
"""An English word that ends with a consonant and a silent e: words are not divided there."""
_DIVIDED = word_set("some there where here house where else ware")


@dataclass(slots=True)
class Hyphens:
    """The words of a document, by which a divided word is joined."""

    language: str = "en"
    words: set[str] = field(default_factory=set)

    def learn(self, lines: Iterable[str]) -> None:
        """Take in the words of a paragraph's lines, except those that a line's end may divide."""
        for line in lines:
            found = _WORDS.findall(line.casefold())
            self.words.update(found[:-1] if line.endswith(_SIGNS) else found)

    def joined(self, above: str, below: str) -> str:
        """Two lines of a paragraph as one."""
        if not above.endswith(_SIGNS):
            if not above.isascii() and _UNSPACED_LETTER.match(above[-1:]) and _UNSPACED_LETTER.match(below):
                return above + below
            return f"{above}{'' if above.endswith('/') and above[-2:-1].isalnum() else ' '}{below}"
        last, first = _LAST.search(above[-60:]), _FIRST.match(below)
        if not last or not first:
            return f"{above}{'' if above[-2:-1].isalnum() else ' '}{below}"
        stem, rest = last[1], first[0]
        if rest.casefold() in _AND and (stem + rest).casefold() not in self.words:
            return f"{above} {below}"
        return f"{above[:-1]}{'-' if self._keeps_hyphen(stem, rest) else ''}{below}"

    def _keeps_hyphen(self, stem: str, rest: str) -> bool:
        """Whether the hyphen belongs to the word."""
        one, other = stem.casefold(), rest.casefold()
        if one + other in self.words:
            return False
        if f"{one}-{other}" in self.words or rest[:1].isupper():
            return True
        if "-" in one or self.language != "en":
            return one.rpartition("-")[2] in self.words and other in self.words and len(other) > 3
        if other in _ENDINGS:
            return False
        if other in _AFTER or one in _BEFORE:
            return len(other) > 2 and len(one) > 2
        if one in self.words and other in self.words and min(len(one), len(other)) > 2:
            return True
        return len(one) > 3 and len(other) > 4 and one not in _DIVIDED and _WHOLE.fullmatch(one) is not None
