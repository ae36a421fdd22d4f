"""What lies over the pages: values of form fields, comments, attached files."""

from __future__ import annotations

from rag.documents.loading import load_document
from tests.rag.documents.pdf.writer import Pdf

WIDGET = "/Type/Annot/Subtype/Widget/Rect[200 690 300 710]"


def form() -> Pdf:
    pdf = Pdf()
    pdf.page().text(72, 700, "Application for a berth")
    pdf.fields = [
        f"{WIDGET}/FT/Tx/T(applicant)/V(Rosa Quill)",
        f"{WIDGET}/FT/Tx/T(f2)/TU(Name of the boat)/V(Gull)",
        f"{WIDGET}/FT/Btn/T(insured)/V/Yes/AS/Yes/AP<</N<</Yes 3 0 R/Off 3 0 R>>>>",
        f"{WIDGET}/FT/Btn/T(paid)/V/Off/AS/Off/AP<</N<</Yes 3 0 R/Off 3 0 R>>>>",
        f"{WIDGET}/FT/Ch/T(town)/Opt[(York)(Leeds)]/V(Leeds)/Ff 131072",
        f"{WIDGET}/FT/Tx/T(empty)",
    ]
    return pdf


def test_the_filled_in_values_of_a_form_are_read_with_their_names():
    document = load_document("form.pdf", form().content())
    assert document.text.split("\n\n") == [
        "Application for a berth",
        "Form fields:\napplicant: Rosa Quill\nName of the boat: Gull\ninsured: checked\npaid: not checked\ntown: Leeds",
    ]


def test_a_comment_is_read_and_marked_as_such():
    pdf = Pdf()
    page = pdf.page()
    page.text(72, 700, "The gate opens at six.")
    note = "/Type/Annot/Subtype/Text/Rect[70 650 90 670]/Contents(From June it opens at five.)/T(Ada Brook)"
    page.annotations.append(note)
    page.annotations.append("/Type/Annot/Subtype/Popup/Rect[70 650 90 670]/Contents(From June it opens at five.)")
    assert load_document("notes.pdf", pdf.content()).text.split("\n\n") == [
        "The gate opens at six.",
        "Comment by Ada Brook: From June it opens at five.",
    ]


def test_a_comment_on_marked_words_quotes_them():
    pdf = Pdf()
    page = pdf.page()
    page.text(72, 700, "The gate opens at six.", 10)
    page.annotations.append(
        "/Type/Annot/Subtype/Highlight/Rect[70 696 140 712]/QuadPoints[70 712 111 712 70 696 111 696]/Contents(Why?)"
    )
    text = load_document("notes.pdf", pdf.content()).text
    assert text == "The gate opens at six.\n\nComment on “The gate”: Why?"


def test_a_page_with_nothing_but_a_comment_has_text():
    pdf = Pdf()
    pdf.page().annotations.append("/Type/Annot/Subtype/FreeText/Rect[70 650 190 670]/Contents(Sold to the baker.)")
    document = load_document("plan.pdf", pdf.content())
    assert document.text == "Comment: Sold to the baker."
    assert document.notes == ()


def test_files_attached_to_a_page_are_named_in_a_note():
    pdf = Pdf()
    page = pdf.page()
    page.text(72, 700, "See the plan.")
    page.annotations.append("/Type/Annot/Subtype/FileAttachment/Rect[70 650 90 670]/Contents(plan.dwg)")
    document = load_document("plan.pdf", pdf.content())
    assert document.notes == ("Files attached to the PDF are not read: plan.dwg. Save them and add them as files.",)
