"""Scripts that run from right to left, and text layers that hold no words."""

from __future__ import annotations

import codecs

import pytest

from rag.documents.loading import load_document
from rag.documents.readers.pdf.unreadable import holds_no_words
from tests.rag.documents.pdf.writer import Pdf

HEBREW = "שעות הפתיחה של הספרייה הן תשע עד חמש"
ARABIC = "ساعات العمل في المكتبة من التاسعة صباحا الى الخامسة"
PROSE = (
    "The crew of the northern ferry saw the lights of the town and went on to the next quay before the tide turned. "
    "Nobody had slept, and the captain asked for tea, bread and some quiet until noon."
)
SAMPLES = {
    "English": "The library opens at nine and closes at five, except on days before a feast, when it closes at two.",
    "German": "Die Bibliothek öffnet um neun und schließt um fünf, außer an den Tagen vor einem Fest, dann um zwei.",
    "Polish": "Biblioteka otwiera się o dziewiątej i zamyka o piątej, z wyjątkiem dni przed świętem, wtedy o drugiej.",
    "Finnish": "Kirjasto avataan yhdeksältä ja suljetaan viideltä, paitsi juhlaa edeltävinä päivinä, jolloin kahdelta.",
    "Turkish": "Kütüphane saat dokuzda açılır ve beşte kapanır, bayramdan önceki günlerde ise saat ikide kapanır.",
    "Vietnamese": "Thư viện mở cửa lúc chín giờ và đóng cửa lúc năm giờ, trừ những ngày trước lễ thì đóng lúc hai giờ.",
    "Russian": "Библиотека открывается в девять и закрывается в пять, кроме дней перед праздником, когда в два.",
    "Hebrew": f"{HEBREW}. {HEBREW}.",
    "Arabic": f"{ARABIC}. {ARABIC}.",
    "Chinese": "图书馆九点开门,五点关门,节日前的日子除外,那时两点关门。" * 3,
    "Japanese": "図書館は九時に開き五時に閉まりますが、祝日の前日は二時に閉まります。" * 3,
    "Hindi": "पुस्तकालय नौ बजे खुलता है और पाँच बजे बंद होता है, त्योहार से पहले के दिनों को छोड़कर, जब दो बजे।" * 2,
    "codes": "A-101 M8x20 DIN933 A2 100 3.35 A-102 M10x25 DIN934 A4 50 4.10 A-103 M6x16 DIN912 8.8 200 2.75 " * 3,
    "parts": "Wing nut brass Washer plain Hex bolt galvanised Wood screw steel Cable tie black Anchor plug nylon " * 3,
    "acronyms": "NATO UNESCO UNICEF WHO IMF IAEA OECD ILO FAO WTO WIPO ITU ICAO IMO UPU WMO " * 4,
}


@pytest.mark.parametrize("line", [HEBREW, ARABIC], ids=["Hebrew", "Arabic"])
@pytest.mark.parametrize("stored", ["as it stands", "as it is read"])
def test_hebrew_and_arabic_come_out_in_reading_order(line, stored):
    pdf = Pdf()
    page = pdf.page()
    if stored == "as it stands":
        # Letters from left to right on the page, that is, the last one first.
        page.unicode(200, 700, line[::-1])
    else:
        # Each letter at its own place, the first one to the right.
        for at, letter in enumerate(line):
            page.unicode(500 - 6 * at, 700, letter)
    assert load_document("hours.pdf", pdf.content()).text == line


def test_numbers_and_latin_words_in_hebrew_keep_their_direction():
    pdf = Pdf()
    pdf.page().unicode(200, 700, f"May 14 2026 {HEBREW[::-1]}")
    assert load_document("date.pdf", pdf.content()).text == f"{HEBREW} May 14 2026"


def test_the_language_of_a_hebrew_pdf_is_named():
    pdf = Pdf()
    page = pdf.page()
    for at in range(4):
        page.unicode(200, 700 - 20 * at, HEBREW[::-1])
    assert load_document("hours.pdf", pdf.content()).language == "he"


def test_lines_of_japanese_are_joined_without_a_space():
    pdf = Pdf(to_unicode={ord(one): one for one in "図書館は九時に開き五時に閉まりますが、祝日の前日は二時に"})
    page = pdf.page()
    for at, line in enumerate(("図書館は九時に開き五時に閉ま", "りますが、祝日の前日は二時に", "閉まります")):
        page.unicode(72, 700 - 15 * at, line)
    text = load_document("hours.pdf", pdf.content()).text
    assert text == "図書館は九時に開き五時に閉まりますが、祝日の前日は二時に閉まります"


@pytest.mark.parametrize("language", SAMPLES)
def test_text_of_any_language_and_lists_of_codes_are_no_garbage(language):
    assert not holds_no_words(SAMPLES[language])


@pytest.mark.parametrize(
    "garble",
    [
        lambda text: codecs.encode(text, "rot13"),
        lambda text: "".join(chr(ord(one) - 29) if 35 < ord(one) < 127 else one for one in text),
        lambda text: "".join(chr(0xE000 + ord(one)) if one != " " else one for one in text),
        lambda text: "".join("\ufffd" if one.isalpha() else one for one in text),
        lambda text: "".join(chr(ord("a") + (ord(one) - 97 + 3) % 26) if "a" <= one <= "z" else one for one in text),
    ],
    ids=["rot13", "shifted by 29", "private use", "unknown", "shifted by 3"],
)
def test_letters_that_stand_for_others_are_garbage(garble):
    text = f"{SAMPLES['English']} {PROSE}"
    assert holds_no_words(garble(text))


def test_a_text_layer_with_a_wrong_table_of_characters_is_named_as_a_scan_is():
    wrong = {code: chr(ord("a") + (code - 97 + 7) % 26) for code in range(97, 123)}
    pdf = Pdf(to_unicode=wrong)
    page = pdf.page()
    for at, sentence in enumerate((SAMPLES["English"], *PROSE.split(". "))):
        page.unicode(72, 700 - 20 * at, sentence, 6)
    pdf.page().text(72, 700, "The second page has a text layer that can be read by all.")
    document = load_document("garbled.pdf", pdf.content())
    assert document.text.strip() == "The second page has a text layer that can be read by all."
    assert document.pages == (0, 2)
    assert document.notes[0].startswith("The text layer of page 1 holds no words of any language")


def test_a_pdf_that_only_another_reader_reads_is_read():
    pdf = Pdf()
    pdf.page().text(72, 700, "The boats are blue.")
    content = pdf.content()
    # The object with the page's drawing begins with a misspelt keyword.
    place = content.index(b" obj<</Length", content.index(b"/Type/Page/Parent") - 400)
    for at in range(len(content)):
        if content.startswith(b" obj<</Length", at):
            place = at
    document = load_document("damaged.pdf", content[:place] + b" xbj" + content[place + 4 :])
    assert document.text == "The boats are blue."
