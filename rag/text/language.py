"""Language detection: the ISO 639-1 code of a text, offline; empty if the detector is not sure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped]

_SAMPLE = 1500
_MIN_LETTERS = 24
_MIN_SHARE = 0.55
# On XQuAD's English, German and Russian questions and paragraphs, no wrong answer had a higher confidence.
_MIN_CONFIDENCE = 0.9
# The detector has separate codes for Wu and Cantonese, which are written in Chinese characters.
_WRITTEN_AS = {"wuu": "zh", "yue": "zh"}
_LANGUAGES = (
    "af:Afrikaans am:Amharic ar:Arabic az:Azerbaijani be:Belarusian bg:Bulgarian bn:Bengali br:Breton bs:Bosnian "
    "ca:Catalan cs:Czech cy:Welsh da:Danish de:German el:Greek en:English eo:Esperanto es:Spanish et:Estonian "
    "eu:Basque fa:Persian fi:Finnish fo:Faroese fr:French fy:Frisian ga:Irish gd:Gaelic gl:Galician gu:Gujarati "
    "ha:Hausa he:Hebrew hi:Hindi hr:Croatian ht:Haitian hu:Hungarian hy:Armenian id:Indonesian ig:Igbo "
    "is:Icelandic it:Italian ja:Japanese jv:Javanese ka:Georgian kk:Kazakh km:Khmer kn:Kannada ko:Korean "
    "ku:Kurdish ky:Kyrgyz la:Latin lb:Luxembourgish lo:Lao lt:Lithuanian lv:Latvian mg:Malagasy mi:Maori "
    "mk:Macedonian ml:Malayalam mn:Mongolian mr:Marathi ms:Malay mt:Maltese my:Burmese nb:Norwegian ne:Nepali "
    "nl:Dutch nn:Norwegian no:Norwegian oc:Occitan pa:Punjabi pl:Polish ps:Pashto pt:Portuguese qu:Quechua "
    "ro:Romanian ru:Russian rw:Kinyarwanda sa:Sanskrit se:Sami si:Sinhala sk:Slovak sl:Slovenian so:Somali "
    "sq:Albanian sr:Serbian sv:Swedish sw:Swahili ta:Tamil te:Telugu tg:Tajik th:Thai tl:Tagalog tr:Turkish "
    "tt:Tatar ug:Uyghur uk:Ukrainian ur:Urdu uz:Uzbek vi:Vietnamese vo:Volapük wa:Walloon xh:Xhosa yi:Yiddish "
    "yo:Yoruba zh:Chinese zu:Zulu"
)
_DENSE = re.compile("[\u3040-\ud7af]")
_NAMES = dict(pair.split(":") for pair in _LANGUAGES.split())


def detect_language(text: str) -> str:
    """Detect the language of a text; of a long one from samples at its beginning, middle and last quarter.

    Returns an ISO 639-1 code, or an empty string if the text is too short, is mostly numbers or symbols, or the
    detector is not sure.
    """
    # A title page or a table of contents may be in no language or in several.
    starts = (0, len(text) // 2, 3 * len(text) // 4) if len(text) > 3 * _SAMPLE else (0,)
    sample = "\n".join(text[start : start + 3 * _SAMPLE // len(starts)] for start in starts)
    letters = sum(map(str.isalpha, sample))
    # One Chinese, Japanese or Korean character carries about as much as three letters of an alphabet.
    weight = letters + 2 * len(_DENSE.findall(sample))
    visible = len(sample) - sum(map(str.isspace, sample))
    if weight < _MIN_LETTERS or letters < _MIN_SHARE * visible:
        return ""
    ranked = [(_WRITTEN_AS.get(code, code), share) for code, share in _identifier().rank(sample)]
    code = str(ranked[0][0])
    confidence = sum(share for other, share in ranked if other == code)
    return code if confidence >= _MIN_CONFIDENCE and len(code) == 2 else ""


def language_name(code: str) -> str:
    """The English name of a language code; the code itself if it is not a common one."""
    return _NAMES.get(code, code)


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
