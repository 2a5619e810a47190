"""Scans that look like what residents hand in: photographed cards and scanned pages. No real person, card or number."""

from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

MARK = "CONTOH - BUKAN DOKUMEN ASLI"
_DESKS = ((121, 96, 72), (90, 92, 96), (146, 138, 120), (70, 84, 78))
_GRAIN = 512
"""Side of the tile of noise that a photo's grain is made of: drawing it anew for each photo would cost a second."""


class Camera:
    """Makes pictures with one seeded random source, so that a demo can be repeated."""

    def __init__(self, random: Random) -> None:
        """Take the random source."""
        self._random = random
        self._grain = Image.effect_noise((_GRAIN, _GRAIN), 60)

    def card(self, title: str, lines: list[str]) -> bytes:
        """Return a photo (JPEG, 0.1 to 2 MB) of an identity card on a desk."""
        side = self._random.choice((1000, 1280, 1600, 2000))
        photo = Image.new("RGB", (side, side * 3 // 4), self._random.choice(_DESKS))
        card = self._draw_card(title, lines).resize((side * 3 // 4, side * 15 // 32))
        turned = card.rotate(self._random.uniform(-4, 4), expand=True, resample=Image.Resampling.BILINEAR)
        photo.paste(turned, (side // 9, side // 9), turned)
        return _jpeg(self._grained(photo), quality=self._random.randrange(70, 88))

    def page(self, title: str, lines: list[str]) -> bytes:
        """Return a photo (JPEG) of a printed page."""
        page = self._draw_page(title, lines).convert("RGB")
        return _jpeg(self._grained(page), quality=self._random.randrange(62, 80))

    def pdf(self, title: str, lines: list[str]) -> bytes:
        """Return a PDF of one to three scanned pages."""
        pages = [self._draw_page(title, lines) for _ in range(self._random.randrange(1, 4))]
        target = BytesIO()
        pages[0].save(target, "PDF", save_all=True, append_images=pages[1:], resolution=150, quality=60)
        return target.getvalue()

    def _draw_card(self, title: str, lines: list[str]) -> Image.Image:
        card = Image.new("RGBA", (1000, 630), (0, 0, 0, 0))
        pen = ImageDraw.Draw(card)
        pen.rounded_rectangle((0, 0, 999, 629), 36, fill=(176, 208, 228, 255), outline=(70, 100, 130, 255), width=4)
        for top in range(30, 600, 22):
            pen.line((0, top, 999, top + 60), fill=(160, 196, 220, 255), width=3)
        pen.text((500, 40), title, font=_font(40), fill=(20, 30, 60, 255), anchor="mm")
        pen.rectangle((740, 150, 940, 430), fill=self._tone(), outline=(60, 60, 60, 255), width=3)
        pen.ellipse((790, 180, 890, 300), fill=(222, 190, 160, 255))
        pen.rounded_rectangle((760, 300, 920, 430), 40, fill=self._tone())
        for place, line in enumerate(lines):
            pen.text((40, 110 + place * 56), line, font=_font(32), fill=(15, 20, 30, 255))
        pen.text((500, 590), MARK, font=_font(34), fill=(170, 20, 20, 255), anchor="mm")
        return card

    def _draw_page(self, title: str, lines: list[str]) -> Image.Image:
        page = Image.new("L", (1050, 1485), self._random.randrange(236, 250))
        pen = ImageDraw.Draw(page)
        pen.text((525, 110), title, font=_font(40), fill=30, anchor="mm")
        pen.line((90, 160, 960, 160), fill=60, width=4)
        for place, line in enumerate([*lines, "", *self._prose()]):
            pen.text((100, 210 + place * 48), line, font=_font(28), fill=45)
        left, top = self._random.randrange(520, 640), self._random.randrange(1150, 1230)
        pen.ellipse((left, top, left + 200, top + 200), outline=110, width=7)
        pen.line([(left - 60 + step * 14, top + 90 + self._random.randrange(-50, 50)) for step in range(22)], fill=50)
        pen.text((525, 1430), MARK, font=_font(34), fill=90, anchor="mm")
        return page.rotate(self._random.uniform(-1.2, 1.2), fillcolor=225, resample=Image.Resampling.BILINEAR)

    def _prose(self) -> list[str]:
        words = ("yang", "bertanda", "tangan", "di", "bawah", "ini", "menerangkan", "bahwa", "surat", "benar", "adanya")
        return [" ".join(self._random.choices(words, k=9)) for _ in range(12)]

    def _grained(self, picture: Image.Image) -> Image.Image:
        """Lay grain and unequal light over a picture, as a phone's camera does."""
        grain = Image.new("L", picture.size)
        shift = self._random.randrange(_GRAIN)
        for left in range(-shift, picture.width, _GRAIN):
            for top in range(-shift, picture.height, _GRAIN):
                grain.paste(self._grain, (left, top))
        light = Image.linear_gradient("L").resize(picture.size).filter(ImageFilter.GaussianBlur(8))
        dimmed = Image.composite(picture, Image.new("RGB", picture.size, (40, 38, 34)), light.point(_BRIGHT))
        return Image.blend(dimmed, grain.convert("RGB"), self._random.uniform(0.05, 0.14))

    def _tone(self) -> tuple[int, int, int, int]:
        return (self._random.randrange(90, 190), self._random.randrange(60, 120), self._random.randrange(50, 110), 255)


_BRIGHT = [150 + level * 105 // 255 for level in range(256)]


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _jpeg(picture: Image.Image, *, quality: int) -> bytes:
    target = BytesIO()
    picture.save(target, "JPEG", quality=quality)
    return target.getvalue()
