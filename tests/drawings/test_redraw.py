"""Any drawing becomes a sketch like the data set's: the same picture, whatever it came from."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from zsbir_lib.datasets.toybox import Toy
from zsbir_lib.drawings import (
    TOYBOX_STYLE,
    DrawingStyle,
    crop_ink,
    find_ink,
    measure_style,
    normalise_drawing,
    read_drawing,
    redraw_ink,
)
from zsbir_lib.errors import ZsbirError


def draw_cat(size=(500, 500), width=8, ink="black", paper="white", mode="RGB", box=None):
    """Draw a cat's head; `box` is its place as fractions of the sheet."""
    image = Image.new(mode, size, paper)
    pen = ImageDraw.Draw(image)
    x0, y0, x1, y1 = box or (0.1, 0.1, 0.9, 0.9)
    side = min((x1 - x0) * size[0], (y1 - y0) * size[1])

    def at(x, y):
        return x0 * size[0] + x * side, y0 * size[1] + y * side

    pen.ellipse((*at(0.15, 0.3), *at(0.85, 1)), outline=ink, width=width)
    pen.line([at(0.22, 0.45), at(0.18, 0), at(0.45, 0.32)], fill=ink, width=width)
    pen.line([at(0.78, 0.45), at(0.82, 0), at(0.55, 0.32)], fill=ink, width=width)
    for y in (0.6, 0.75):
        pen.line([at(0, y), at(0.38, 0.7)], fill=ink, width=width)
        pen.line([at(1, y), at(0.62, 0.7)], fill=ink, width=width)
    return image


def darkness(image):
    return 255.0 - np.asarray(image.convert("L"), dtype=float)


def likeness(a, b):
    """Correlation of two sketches, blurred so that a shift by half a pixel does not matter."""
    soft = [darkness(image.filter(ImageFilter.GaussianBlur(1))).ravel() for image in (a, b)]
    return np.corrcoef(*soft)[0, 1]


REFERENCE = normalise_drawing(draw_cat(width=13))


def assert_a_sketch(image, size=64):
    assert (image.mode, image.size) == ("RGB", (size, size))
    pixels = darkness(image)
    assert pixels[0].max() == pixels[-1].max() == pixels[:, 0].max() == pixels[:, -1].max() == 0
    assert pixels.max() > 200
    y, x = np.nonzero(pixels > 100)
    extent = max(np.ptp(x), np.ptp(y)) + 1
    assert extent == pytest.approx(TOYBOX_STYLE.fill * size, rel=0.07)
    assert (x.min() + x.max()) / 2 == pytest.approx((size - 1) / 2, abs=size / 40)
    assert (y.min() + y.max()) / 2 == pytest.approx((size - 1) / 2, abs=size / 40)


def photographed(image, seed=0):
    """Put a drawing under a lamp at one side and before a noisy camera."""
    pixels = np.asarray(image.convert("RGB").filter(ImageFilter.GaussianBlur(1)), dtype=float)
    height, width = pixels.shape[:2]
    light = 0.45 + 0.5 * np.arange(width)[None, :, None] / width
    light = light - 0.15 * np.arange(height)[:, None, None] / height
    pixels = pixels * light * np.array([1, 0.95, 0.85])
    pixels += np.random.default_rng(seed).normal(size=pixels.shape) * 4
    return Image.fromarray(np.uint8(np.clip(pixels, 0, 255)))


DRAWINGS = {
    "large, hairlines": draw_cat((3000, 3000), 1),
    "felt-tip": draw_cat(width=24),
    "white on black": draw_cat(ink="white", paper="black"),
    "yellow on white": draw_cat(ink="#fff000"),
    "blue on black": draw_cat(ink="#0000c0", paper="black"),
    "red on green": draw_cat(ink="#c82020", paper="#b4c8b4"),
    "black on transparent": draw_cat(ink=(0, 0, 0, 255), paper=(0, 0, 0, 0), mode="RGBA"),
    "white on transparent": draw_cat(
        ink=(255, 255, 255, 255), paper=(255, 255, 255, 0), mode="RGBA"
    ),
    "grey with alpha": draw_cat(ink=(40, 255), paper=(0, 0), mode="LA"),
    "palette": draw_cat().convert("P"),
    "black and white only": draw_cat().convert("1"),
    "16 bits": Image.fromarray(np.asarray(draw_cat().convert("L")).astype(np.uint16) * 257),
    "float": Image.fromarray(np.asarray(draw_cat().convert("L")).astype(np.float32) / 255),
    "CMYK": draw_cat().convert("CMYK"),
    "wide sheet": draw_cat((1200, 400), 7, box=(0.4, 0.1, 0.8, 0.9)),
    "in a corner": draw_cat((1200, 1200), 5, box=(0.7, 0.72, 0.95, 0.97)),
    "cut by the edge": draw_cat(box=(0, 0, 1, 1)),
    "photographed": photographed(draw_cat((1200, 900), 6, ink="#404048")),
    "small": draw_cat((60, 60), 2),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_same_drawing_gives_the_same_sketch(name):
    sketch = normalise_drawing(DRAWINGS[name])
    assert_a_sketch(sketch)
    assert likeness(sketch, REFERENCE) > (0.7 if name == "small" else 0.85)


@pytest.mark.parametrize("width", [1, 3, 10, 30])
def test_strokes_get_the_width_of_the_style(width):
    for style in (TOYBOX_STYLE, DrawingStyle(fill=0.7, line_width=0.012)):
        sketch = normalise_drawing(draw_cat((1000, 1000), width), size=256, style=style)
        measured = measure_style([sketch])
        assert measured.fill == pytest.approx(style.fill, rel=0.04)
        # Strokes that are near the style's width already are left alone.
        assert 0.55 * style.line_width < measured.line_width < 1.65 * style.line_width


def test_the_toyboxs_own_sketches_have_the_toyboxs_style():
    names = ("cow", "giraffe", "pear", "car_(sedan)", "teapot", "airplane")
    sketches = [Image.fromarray(Toy(n, i).sketch(i)) for n in names for i in range(5)]
    style = measure_style(sketches)
    assert style.fill == pytest.approx(TOYBOX_STYLE.fill, rel=0.06)
    assert style.line_width == pytest.approx(TOYBOX_STYLE.line_width, rel=0.15)


def test_a_sketch_of_the_data_set_stays_what_it_is():
    for number in range(3):
        sketch = Image.fromarray(Toy("giraffe", 4).sketch(number))
        normalised = normalise_drawing(sketch)
        again = normalise_drawing(normalised)
        assert likeness(normalised, again) > 0.95


def test_a_filled_shape_becomes_its_outline():
    image = Image.new("RGB", (400, 400), "white")
    ImageDraw.Draw(image).ellipse((100, 100, 300, 300), fill="black")
    sketch = normalise_drawing(image)
    assert_a_sketch(sketch)
    pixels = darkness(sketch)
    assert pixels[24:40, 24:40].max() == 0
    assert pixels[32].max() > 200


@pytest.mark.parametrize("shape", ["ellipse", "rectangle"])
@pytest.mark.parametrize("radius", [7, 12])
def test_an_eye_stays_in_a_drawing_that_is_drawn_anew(shape, radius):
    image = draw_cat((600, 600), 3)
    blind = darkness(normalise_drawing(image))
    for x in (262, 264):  # wherever the grid's cells happen to lie
        eyed = image.copy()
        box = (x - radius, 307 - radius, x + radius, 307 + radius)
        getattr(ImageDraw.Draw(eyed), shape)(box, fill="black")
        assert (darkness(normalise_drawing(eyed)) - blind).max() > 60


def test_ink_that_was_found_and_cut_is_drawn_as_the_drawing_itself():
    image = DRAWINGS["in a corner"]
    ink = crop_ink(find_ink(read_drawing(image)))
    assert redraw_ink(ink).tobytes() == normalise_drawing(image).tobytes()


def test_a_speck_does_not_move_the_drawing():
    image = draw_cat((1000, 1000), 8, box=(0.4, 0.4, 0.9, 0.9))
    image.putpixel((3, 3), (0, 0, 0))
    assert_a_sketch(normalise_drawing(image))


def test_the_size_is_a_parameter():
    assert_a_sketch(normalise_drawing(draw_cat(), size=256), 256)
    with pytest.raises(ZsbirError, match="size 4 is not from 16 to 1024"):
        normalise_drawing(draw_cat(), size=4)


def test_the_result_does_not_depend_on_chance():
    image = DRAWINGS["photographed"]
    assert normalise_drawing(image).tobytes() == normalise_drawing(image).tobytes()


def test_ink_is_between_0_and_1_and_where_the_strokes_are():
    ink = find_ink(read_drawing(draw_cat(width=20)))
    assert ink.shape == (500, 500)
    assert (ink.min(), ink.max()) == (0, 1)
    assert ink.mean() == pytest.approx(
        (np.asarray(draw_cat(width=20).convert("L")) < 128).mean(), rel=0.05
    )


def noisy_paper():
    grain = np.random.default_rng(0).normal(200, 4, (300, 300, 3))
    return Image.fromarray(np.uint8(np.clip(grain, 0, 255)))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (Image.new("RGB", (80, 80), "white"), "all of one colour"),
        (Image.new("RGB", (80, 80), "black"), "all of one colour"),
        (Image.new("RGBA", (80, 80), (0, 0, 0, 0)), "all of one colour"),
        (Image.new("RGB", (1, 1)), "all of one colour"),
        (noisy_paper(), "nothing on it stands out"),
        (photographed(Image.new("RGB", (400, 300), "white")), "nothing on it stands out"),
    ],
    ids=["white", "black", "transparent", "one pixel", "grain", "photographed paper"],
)
def test_an_empty_drawing_is_refused(image, message):
    with pytest.raises(ZsbirError, match=rf"the cat is empty: .*{message}"):
        normalise_drawing(image, what="the cat")


def test_a_speck_is_no_drawing():
    image = Image.new("L", (400, 400), 255)
    image.paste(0, (200, 200, 204, 204))
    with pytest.raises(ZsbirError, match=r"empty"):
        normalise_drawing(image)


def test_styles_out_of_range_are_refused():
    with pytest.raises(ZsbirError, match="cannot fill 2 of its frame"):
        DrawingStyle(2, 0.03)
    with pytest.raises(ZsbirError, match=r"line width 0\.5"):
        DrawingStyle(0.8, 0.5)
    with pytest.raises(ZsbirError, match="none has anything drawn on it"):
        measure_style([Image.new("L", (64, 64), 255)])
