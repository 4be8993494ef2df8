"""Sphinx extension: a page loads what it uses, once.

The theme loads its icons twice, as a script of 1.5 MB that draws them and as fonts with every icon
there is; here the fonts are left, with the icons that the pages show. The search's index is loaded
where there is a search. Photographs are stored as such, not as PNG, pictures say how large they
are, and formulae are typeset a few at a time (``_static/math.js``). Signatures in the API pages are
a few elements each, not dozens.

Everything is done to the files of a finished build, and may be done to them again.
"""

import base64
import hashlib
import io
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from PIL import Image
from sphinx.application import Sphinx

SCRIPT = r'\s*<script[^>]* src="[^"]*{}[^"]*"></script>'
DEAD = [re.compile(SCRIPT.format(name)) for name in (r"scripts/fontawesome\.js",)]
DEAD.append(re.compile(r'\s*<link[^>]* href="[^"]*sphinx-thebe\.css[^"]*" />'))
SEARCH = [re.compile(SCRIPT.format(name))
          for name in (r"searchtools\.js", r"language_data\.js", r"searchindex\.js")]  # fmt: skip
MATHJAX = re.compile(r'(<script defer="defer" src=")([^"]*_static/)(vendor/mathjax/)')
IMAGE = re.compile(r'<img ([^>]*?)src="([^"]*_images/[^"?]+)([^"]*)"([^>]*?)\s*/?>')
# Of a signature, what only colours it; and a word that is kept in one piece.
TOKEN = re.compile(r'<span class="(?:[nopw]|k|kc|kt|m[ifh]?|s[12]?|bp|nb|default_value)">'
                   r"([^<]*)</span>")  # fmt: skip
PRE = re.compile(r'<span class="pre">([^<]*)</span>')
NAMED = re.compile(r'<span class="(?:[nopw]|k|kc)">((?:[^<]|</?a\b[^>]*>)*)</span>')
SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.S)
PLAIN_CODE = re.compile(r'<code class="[^"]*">(?:<span class="pre">[^<]*</span>\s*)+</code>')

HANDED = re.compile(r'src="data:image/png;base64,([^"]+)"')

# A formula in the text and the sign after it, which would else begin the next line.
FORMULA = r'<span class="math notranslate nohighlight">[^<]*</span>'
HELD = re.compile(rf'(?<!<span class="zsbir-held">)({FORMULA})([.,;:?!)]+)')

PANELS = 2.4  # times as wide as high are plots that stand side by side
PHOTOGRAPH = 0.3  # bytes of a PNG for each pixel, from which on it is one, or holds some
SMALL = 24_000  # bytes that are not worth the work
QUALITY = 88


@dataclass(frozen=True)
class Picture:
    """A picture for a page: a file's contents and suffix, width and height, and what is in it."""

    content: bytes
    suffix: str
    size: tuple[int, int]
    photos: bool

    @property
    def panels(self) -> bool:
        """Whether it has plots side by side, whose words a phone would make too small."""
        width, height = self.size
        return not self.photos and width > 600 and width > PANELS * height


def web_picture(png: bytes) -> Picture:
    """Return a picture as a page shows it: a PNG with photographs in it becomes WebP.

    What is drawn with lines and a few colours stays as it is, since PNG is small and exact there.
    """
    with Image.open(io.BytesIO(png)) as picture:
        size = picture.size
        photos = len(png) / (size[0] * size[1]) > PHOTOGRAPH
        if not photos or len(png) < SMALL:
            return Picture(png, "png", size, photos)
        made = io.BytesIO()
        mode = "RGBA" if picture.has_transparency_data else "RGB"
        picture.convert(mode).save(made, "WEBP", quality=QUALITY, method=4)
    content = made.getvalue()
    return Picture(content, "webp", size, photos) if len(content) < len(png) else (
        Picture(png, "png", size, photos))  # fmt: skip


def convert_pictures(folder: Path) -> dict[str, Picture]:
    """Convert the PNGs of a folder whose files have others' names; return what each is now."""
    files = sorted(folder.glob("*.png")) if folder.exists() else []

    def convert(file: Path) -> tuple[str, Picture]:
        picture = web_picture(file.read_bytes())
        if picture.suffix != "png":
            file.with_suffix(f".{picture.suffix}").write_bytes(picture.content)
            file.unlink()
        return file.name, picture

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(convert, files))


def lighter_page(text: str, pictures: dict[str, Picture], *, search: bool) -> str:
    """Return the HTML of a page without what it does not use.

    Parameters
    ----------
    text
        As Sphinx wrote it, or already lighter.
    pictures
        What became of the picture of each name.
    search
        Whether the page is the one that searches.
    """
    for pattern in DEAD if search else [*DEAD, *SEARCH]:
        text = pattern.sub("", text)
    if "_static/math.js" not in text:
        text = MATHJAX.sub(r'<script defer="defer" src="\2math.js"></script>\n    \1\2\3', text)

    def image(found: re.Match) -> str:
        before, address, query, after = found.groups()
        picture = pictures.get(address.rsplit("/", 1)[1])
        if picture is None or " width=" in f" {before}{after}":
            return found[0]
        address = f"{address.rsplit('.', 1)[0]}.{picture.suffix}{query}"
        width, height = picture.size
        kind = " data-photos" if picture.photos and width > 400 else ""
        kind = " data-panels" if picture.panels else kind
        lazy = "" if "loading=" in before + after else ' loading="lazy"'
        return (f'<img {before}src="{address}"{after} width="{width}" height="{height}" '
                f'decoding="async"{lazy}{kind} />')  # fmt: skip

    text = IMAGE.sub(image, text)
    text = HELD.sub(r'<span class="zsbir-held">\1\2</span>', text)
    text = SIGNATURE.sub(lambda found: plain_signature(found[0]), text)
    return PLAIN_CODE.sub(lambda found: PRE.sub(r"\1", found[0]), text)


def take_out_pictures(site: Path, page: Path, text: str) -> str:
    """Put the pictures that a page holds in its HTML, handed on from another page, into files."""
    up = "../" * len(page.relative_to(site).parent.parts)

    def take(found: re.Match) -> str:
        picture = web_picture(base64.b64decode(found[1]))
        name = f"{hashlib.sha256(picture.content).hexdigest()}.{picture.suffix}"
        (site / "_images").mkdir(exist_ok=True)
        (site / "_images" / name).write_bytes(picture.content)
        width, height = picture.size
        return f'data-handed width="{width}" height="{height}" src="{up}_images/{name}"'

    return HANDED.sub(take, text)


def plain_signature(text: str) -> str:
    """Return a signature whose words are no elements of their own, except links and names."""
    for pattern in (PRE, TOKEN, NAMED, TOKEN):
        text = pattern.sub(r"\1", text)
    return text


RULE = re.compile(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')
FONT = re.compile(r"url\((\.\./vendor/fontawesome/webfonts/(fa-[a-z]+-\d+)\.woff2)\)"
                  r' format\("woff2"\),url\([^)]*\.ttf\) format\("truetype"\)')  # fmt: skip
CODE = re.compile(r'content:"\\(f[0-9a-f]{3})"')


def lighter_icons(statics: Path, used: set[str]) -> None:
    """Leave the icons that are used in the theme's fonts and style sheet.

    Parameters
    ----------
    statics
        The folder ``_static`` of a built book.
    used
        Classes of icons, such as ``"fa-moon"``.
    """
    sheet = statics / "styles" / "pydata-sphinx-theme.css"
    text = sheet.read_text(encoding="utf-8")
    if ".woff2" not in text:
        return  # done before
    others = "".join(one.read_text(encoding="utf-8") for one in sheet.parent.glob("*.css")
                     if one != sheet)  # fmt: skip
    codes = {int(code, 16) for code in CODE.findall(others)}
    codes |= {int(code, 16) for code in CODE.findall(RULE.sub("", text))}

    def rule(found: re.Match) -> str:
        if not used & set(re.findall(r"fa-[a-z0-9-]+", found[1])):
            return ""
        codes.add(int(found[2], 16))
        return found[0]

    def font(found: re.Match) -> str:
        source = (sheet.parent / found[1]).with_suffix(".ttf")
        with TTFont(source) as whole:
            left = codes & set(whole.getBestCmap())
            # It reports every table of every font.
            logging.getLogger("fontTools").setLevel(logging.WARNING)
            chooser = subset.Subsetter(subset.Options(layout_features=[], hinting=False))
            chooser.populate(unicodes=left)
            chooser.subset(whole)
            whole.flavor = "woff"  # WOFF2 needs a package more and would save a kilobyte
            whole.save(source.with_suffix(".woff"))
        return f'url({found[1].removesuffix("2")}) format("woff")'

    text = FONT.sub(font, RULE.sub(rule, text))
    sheet.write_text(text, encoding="utf-8")


def lighten(site: Path) -> None:
    """Make all pages of a built book lighter."""
    pictures = convert_pictures(site / "_images")
    used: set[str] = set()
    for page in sorted(site.rglob("*.html")):
        before = page.read_text(encoding="utf-8")
        after = lighter_page(before, pictures, search=page.name == "search.html")
        after = take_out_pictures(site, page, after)
        used.update(re.findall(r"\bfa-[a-z0-9-]+", after))
        if after != before:
            page.write_text(after, encoding="utf-8")
    for script in (site / "_static" / "scripts").glob("*.js"):
        if script.name != "fontawesome.js":
            used.update(re.findall(r"\bfa-[a-z0-9-]+", script.read_text(encoding="utf-8")))
    lighter_icons(site / "_static", used)
    for useless in ("scripts/fontawesome.js", "scripts/fontawesome.js.map"):
        (site / "_static" / useless).unlink(missing_ok=True)


def finished(
    app: Sphinx, exception: Exception | None, do: Callable[[Path], None] = lighten
) -> None:
    """Do so when all pages are written."""
    if exception is None and app.builder.format == "html":
        do(Path(app.outdir))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("build-finished", finished, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
