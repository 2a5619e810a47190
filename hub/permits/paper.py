"""Draws a document as PDF: letterhead, text, tables, QR code, page numbers. The same paper gives the same bytes.

Rules:
1. What a field holds is drawn letter by letter: no markup is read in it, and no alias for the number of pages exists
   that a name could contain. A letter that the font lacks becomes U+FFFD, visibly.
2. The font is embedded, so that a name looks alike on every machine (DejaVu Sans, licence beside it).
3. What belongs together stays together: a row of a table and the block of the signature are never torn apart.
"""

import io
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import cast

import segno
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont
from PIL import Image

from hub.permits.template import Filled
from protocol.permit import MAX_QR_LETTERS

FONT = "DejaVu"
MARGIN_MM = 20.0
FOOT_MM = 22.0
LINE_MM = 5.2
LABEL_MM = 46.0
SMALL, NORMAL, LARGE = 8.0, 10.0, 12.0
MODULE_MM = 0.5
"""Side of a square of the QR code: at 300 dpi six points, enough for a photocopy of a photocopy."""

QUIET = 4
MISSING = "�"


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A document with everything filled in."""

    letterhead: tuple[str, ...]
    """The government first, the office last."""
    heading: tuple[str, ...]
    blocks: tuple[Filled, ...]
    placed: tuple[str, ...]
    """Lines above the signature: place, day, post."""
    signer: str
    footer: str
    mark: str
    """Shown at the foot of each page: the letter's number."""
    title: str
    made_at: datetime
    qr: str = ""
    """Text of the QR code; empty: none."""
    keywords: str = ""
    """A word in the file's properties by which a changed copy is still known for what it was."""


def draw(paper: Paper) -> bytes:
    """Return the PDF of a document."""
    return _Sheet(paper).draw()


class _Sheet:
    """One document in the making."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._pdf = FPDF(format="A4")
        self._pdf.str_alias_nb_pages = ""  # rule 1
        self._pdf.set_creation_date(paper.made_at)
        self._pdf.set_title(paper.title)
        self._pdf.set_lang("id")
        if paper.keywords:
            self._pdf.set_keywords(paper.keywords)
        self._pdf.set_producer("Simpul")
        self._pdf.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
        self._pdf.set_auto_page_break(auto=True, margin=FOOT_MM)
        for style, name in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
            self._pdf.add_font(FONT, style, _font_file(name))

    def draw(self) -> bytes:
        """Draw everything; the feet last, when the number of pages is known."""
        self._pdf.add_page()
        self._draw_head()
        for block in self._paper.blocks:
            self._draw_block(block)
        self._draw_signature()
        self._draw_feet()
        return bytes(self._pdf.output())

    def _draw_head(self) -> None:
        pdf, lines = self._pdf, self._paper.letterhead
        for place, line in enumerate(lines, 1):
            self._text(line, size=LARGE if place == len(lines) else NORMAL, bold=True, align="C")
        pdf.ln(2)
        pdf.set_line_width(0.6)
        pdf.line(MARGIN_MM, pdf.get_y(), pdf.w - MARGIN_MM, pdf.get_y())
        pdf.ln(6)
        for line in self._paper.heading:
            self._text(line, bold=True, align="C")
        pdf.ln(4)

    def _draw_block(self, block: Filled) -> None:
        if block.kind == "rows":
            for label, text in block.rows:
                self._draw_row(label, ":", text)
        elif block.kind == "items":
            for number, line in enumerate(block.lines, 1):
                self._draw_row(block.label if number == 1 else "", f"{number}.", line)
        else:
            for line in block.lines:
                self._text(line, bold=block.bold, align="C" if block.centred else "L")
        self._pdf.ln(2)

    def _draw_row(self, label: str, sign: str, text: str) -> None:
        """Draw a label and a text beside each other, on one page (rule 3)."""
        pdf = self._pdf
        pdf.set_font(FONT, "", NORMAL)
        width = pdf.epw - LABEL_MM - 7
        lines = max(self._line_count(text, width), self._line_count(label, LABEL_MM))
        if pdf.will_page_break(lines * LINE_MM):
            pdf.add_page()
        top = pdf.get_y()
        self._cell(LABEL_MM, label, MARGIN_MM, top)
        self._cell(7, sign, MARGIN_MM + LABEL_MM, top)
        self._cell(width, text, MARGIN_MM + LABEL_MM + 7, top)
        pdf.set_xy(MARGIN_MM, top + lines * LINE_MM)

    def _draw_signature(self) -> None:
        paper, pdf = self._paper, self._pdf
        picture = _qr_picture(paper.qr) if paper.qr else None
        side = picture.width * MODULE_MM if picture is not None else 0.0
        height = max(side + 4, (len(paper.placed) + 6) * LINE_MM)
        if pdf.will_page_break(height + 4):
            pdf.add_page()
        pdf.ln(4)
        top, left = pdf.get_y(), pdf.w / 2
        if picture is not None:
            pdf.image(picture, x=MARGIN_MM, y=top, w=side, h=side)
        pdf.set_xy(left, top)
        for line in paper.placed:
            self._cell(pdf.w - MARGIN_MM - left, line, left, pdf.get_y())
        if paper.qr:
            pdf.ln(LINE_MM)
            pdf.set_font(FONT, "", SMALL)
            self._cell(pdf.w - MARGIN_MM - left, "ditandatangani secara elektronik", left, pdf.get_y())
        pdf.ln(LINE_MM)
        pdf.set_font(FONT, "B", NORMAL)
        self._cell(pdf.w - MARGIN_MM - left, paper.signer, left, pdf.get_y())
        pdf.set_xy(MARGIN_MM, max(pdf.get_y(), top + height))

    def _draw_feet(self) -> None:
        pdf = self._pdf
        pdf.set_auto_page_break(auto=False)
        pages = pdf.pages_count
        for page in range(1, pages + 1):
            pdf.page = page
            pdf.set_font(FONT, "B", NORMAL)  # another one first: the library thinks that a page still has the last font
            pdf.set_font(FONT, "", SMALL)
            pdf.set_xy(MARGIN_MM, -FOOT_MM + 4)
            pdf.multi_cell(pdf.epw, 3.6, self._drawable(self._paper.footer), align="L")
            pdf.set_xy(MARGIN_MM, -10)
            pdf.cell(pdf.epw / 2, 4, self._drawable(self._paper.mark), align="L")
            pdf.cell(pdf.epw / 2, 4, f"Halaman {page} dari {pages}", align="R")
        pdf.page = pages

    def _text(self, text: str, *, size: float = NORMAL, bold: bool = False, align: str = "L") -> None:
        self._pdf.set_font(FONT, "B" if bold else "", size)
        self._pdf.set_x(MARGIN_MM)
        self._pdf.multi_cell(
            0, LINE_MM * size / NORMAL, self._drawable(text), align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def _cell(self, width: float, text: str, left: float, top: float) -> None:
        self._pdf.set_xy(left, top)
        self._pdf.multi_cell(width, LINE_MM, self._drawable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _line_count(self, text: str, width: float) -> int:
        if not text:
            return 1
        lines = self._pdf.multi_cell(width, LINE_MM, self._drawable(text), dry_run=True, output="LINES")
        return len(cast("list[str]", lines))

    def _drawable(self, text: str) -> str:
        """Return the text with every letter that the font lacks replaced (rule 1)."""
        known = _letters()
        return "".join(letter if letter in known or letter == "\n" else MISSING for letter in text)


def _qr_picture(text: str) -> Image.Image:
    """Return a QR code with its quiet zone, one point per square: level M where that is no larger than version 15."""
    if len(text) > MAX_QR_LETTERS:
        raise ValueError("QR text")
    code = segno.make(text, error="m", boost_error=False, micro=False)
    if int(code.version) > 15:  # noqa: PLR2004  # readable on paper (protocol.permit.MAX_FACTS_BYTES)
        code = segno.make(text, error="l", boost_error=False, micro=False)
    out = io.BytesIO()
    code.save(out, kind="png", scale=1, border=QUIET)
    return Image.open(out).convert("1")


@cache
def _font_file(name: str) -> Path:
    """Return a font's place on disk: the package is installed as files."""
    return Path(str(resources.files("hub.permits") / "data" / "fonts" / name))


@cache
def _letters() -> frozenset[str]:
    """Return every letter that both faces have."""
    probe = FPDF()
    found: set[int] | None = None
    for style, name in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
        probe.add_font(FONT, style, _font_file(name))
        letters = set(cast("TTFFont", probe.fonts[FONT.lower() + style]).cmap)
        found = letters if found is None else found & letters
    return frozenset(chr(code) for code in found or ())
