"""PowerPoint: comments of both kinds, groups, fallbacks, diagrams, fields, footers once, descriptions of pictures."""

from __future__ import annotations

import io
import zipfile

from rag.documents.loading import load_document
from tests.support.good_files import pptx

_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_M = "http://schemas.openxmlformats.org/officeDocument/2006/math"
_MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"


def text_body(text: str) -> str:
    return f"<p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody>"


def shape(text: str, kind: str = "") -> str:
    place = f'<p:nvSpPr><p:cNvPr id="1" name="x"/><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>' if kind else ""
    return f"<p:sp>{place}{text_body(text)}</p:sp>"


def presentation(shapes: str, parts: dict[str, str], relations: str, main_relations: str = "") -> bytes:
    """Two slides; the first has more shapes and relations."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(pptx([("One", "x"), ("Two", "y")]))) as package,
        zipfile.ZipFile(buffer, "w") as out,
    ):
        for name in package.namelist():
            part = package.read(name).decode()
            if name == "ppt/slides/slide2.xml":
                part = part.replace("</p:spTree>", f"{shapes}</p:spTree>")
            if name == "ppt/slides/slide1.xml":
                part = part.replace("</p:spTree>", f"{shape('Acme', 'ftr')}</p:spTree>")
            if name == "ppt/_rels/presentation.xml.rels":
                part = part.replace("</Relationships>", f"{main_relations}</Relationships>")
            out.writestr(name, part)
        out.writestr("ppt/slides/_rels/slide2.xml.rels", f"<Relationships>{relations}</Relationships>")
        for name, added in parts.items():
            out.writestr(name, added)
    return buffer.getvalue()


def text_of_first(content: bytes) -> str:
    document = load_document("a.pptx", content)
    return document.text[: document.pages[1]].strip()


def test_everything_on_a_slide_is_read_once():
    shapes = (
        f"<p:grpSp><p:grpSp>{shape('In groups')}</p:grpSp></p:grpSp>"
        f'<mc:AlternateContent xmlns:mc="{_MC}"><mc:Choice>{shape("Once")}</mc:Choice>'
        f"<mc:Fallback>{shape('Once')}</mc:Fallback></mc:AlternateContent>"
        f"{shape('Acme', 'ftr')}{shape('7', 'sldNum')}"
        '<p:pic><p:nvPicPr><p:cNvPr id="2" name="x" descr="A ferry at sea"/></p:nvPicPr></p:pic>'
        '<p:pic><p:nvPicPr><p:cNvPr id="3" name="x" descr="ferry.png"/></p:nvPicPr></p:pic>'
        '<p:sp><p:txBody><a:p><a:fld type="datetime"><a:t>May</a:t></a:fld><a:br/><a:r><a:t>2025</a:t></a:r></a:p>'
        f'<a:p><mc:AlternateContent xmlns:mc="{_MC}"><mc:Choice><m:oMath xmlns:m="{_M}"><m:r><m:t>E=m</m:t></m:r>'
        "</m:oMath></mc:Choice><mc:Fallback><a:r><a:t>no</a:t></a:r></mc:Fallback></mc:AlternateContent></a:p>"
        "</p:txBody></p:sp>"
    )
    content = presentation(shapes, {}, "")
    assert text_of_first(content) == ("One\n\nx\n\nIn groups\n\nOnce\n\nPicture: A ferry at sea\n\nMay\n2025\nE=m")
    document = load_document("a.pptx", content)
    assert document.text.count("Acme") == 1
    assert document.text.endswith("\n\nFooter: Acme")
    assert len(document.pages) == 2


def test_comments_of_both_kinds_and_diagrams_are_read_with_their_authors():
    older = f'<p:cmLst xmlns:p="{_P}"><p:cm authorId="0"><p:text>Really?</p:text></p:cm></p:cmLst>'
    said = "<p188:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></p188:txBody>"
    reply = f'<p188:replyLst><p188:reply authorId="0">{said.format("Yes.")}</p188:reply></p188:replyLst>'
    newer = f'<p188:cm authorId="G">{reply}{said.format("Sure?")}</p188:cm>'
    diagram = f'<d xmlns:a="{_A}"><a:p><a:r><a:t>Book</a:t></a:r></a:p><a:p><a:r><a:t>Sail</a:t></a:r></a:p></d>'
    relation = '<Relationship Id="{}" Type="x/{}" Target="../{}"/>'
    content = presentation(
        "",
        {
            "ppt/comments/comment1.xml": older,
            "ppt/comments/modern1.xml": f'<p188:cmLst xmlns:p188="u" xmlns:a="{_A}">{newer}</p188:cmLst>',
            "ppt/diagrams/data1.xml": diagram,
            "ppt/commentAuthors.xml": f'<p:l xmlns:p="{_P}"><p:cmAuthor id="0" name="Eve"/></p:l>',
            "ppt/authors.xml": '<l><author id="G" name="Bo"/></l>',
        },
        relation.format("c", "comments", "comments/comment1.xml")
        + relation.format("m", "comments", "comments/modern1.xml")
        + relation.format("d", "diagramData", "diagrams/data1.xml"),
        '<Relationship Id="a" Type="x/commentAuthors" Target="commentAuthors.xml"/>'
        '<Relationship Id="b" Type="x/authors" Target="authors.xml"/>',
    )
    assert text_of_first(content) == (
        "One\n\nx\n\nComment by Eve: Really?\n\nComment by Bo: Sure?\n\nComment by Eve: Yes.\n\nBook\nSail"
    )


def test_a_hidden_slide_is_read_and_named():
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(pptx([("One", "x"), ("Two", "y")]))) as package,
        zipfile.ZipFile(buffer, "w") as out,
    ):
        for name in package.namelist():
            part = package.read(name)
            out.writestr(name, part.replace(b"<p:sld ", b'<p:sld show="0" ') if name.endswith("slide1.xml") else part)
    document = load_document("a.pptx", buffer.getvalue())
    assert [heading.path for heading in document.headings] == ["One", "Two (hidden slide)"]
    assert document.notes == ("Hidden slides were read, and their headings say so: slide 2.",)
