"""One reader of images: the same picture gives the same pixels, however it was saved."""

import io
import os
import struct
import subprocess
import sys
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, PngImagePlugin

from zsbir_lib.drawings import read_image
from zsbir_lib.drawings.images import readable_suffixes
from zsbir_lib.errors import ZsbirError

RAMP = np.tile(np.linspace(0, 255, 48, dtype=np.uint8), (32, 1))  # darker to the left
COLOURS = np.stack([RAMP, RAMP[::-1, ::-1], np.full_like(RAMP, 90)], axis=2)


def png(width, height, data, depth=8, colour=0, extra=b""):
    """Return a PNG, written by hand: Pillow writes no 16-bit colours."""

    def chunk(kind, content):
        sum_ = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + sum_

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
        + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    )  # fmt: skip


def rows(array):
    """Return the rows of an image as a PNG has them, unfiltered."""
    return b"".join(b"\0" + row.tobytes() for row in array)


class TestDepth:
    def test_16_bits_grey(self, tmp_path):
        for name, save in {"a.png": "PNG", "a.tif": "TIFF"}.items():
            Image.fromarray(RAMP.astype(np.uint16) * 257).save(tmp_path / name, save)
            image = read_image(tmp_path / name)
            assert image.mode == "RGB"
            assert (np.asarray(image) == RAMP[..., None]).all()

    def test_16_bits_colour(self, tmp_path):
        deep = (COLOURS.astype(np.uint16) * 257).astype(">u2")
        (tmp_path / "a.png").write_bytes(png(48, 32, rows(deep), 16, 2))
        assert (np.asarray(read_image(tmp_path / "a.png")) == COLOURS).all()

    def test_16_bits_with_a_transparent_grey(self, tmp_path):
        deep = (RAMP.astype(np.uint16) * 257).astype(">u2")
        (tmp_path / "a.png").write_bytes(png(48, 32, rows(deep), 16))
        with Image.open(tmp_path / "a.png") as image:
            image.save(tmp_path / "b.png", transparency=0)
        pixels = np.asarray(read_image(tmp_path / "b.png"))[0, :, 0]
        assert pixels.tolist() == [255, *RAMP[0, 1:].tolist()]

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            (RAMP.astype(np.float32) / 255, RAMP),
            (RAMP.astype(np.float32), RAMP),
            (RAMP.astype(np.float32) * 1000 - 5000, RAMP),
            (RAMP.astype(np.int32) * 257, RAMP),
            (np.where(RAMP == 0, np.nan, RAMP / 255).astype(np.float32), RAMP),
        ],
        ids=["0 to 1", "0 to 255", "any range", "32 bits", "NaN"],
    )
    def test_floats_and_32_bits(self, tmp_path, values, expected):
        Image.fromarray(values).save(tmp_path / "a.tif")
        pixels = np.asarray(read_image(tmp_path / "a.tif"))[..., 0].astype(int)
        assert np.abs(pixels - expected).max() <= 1

    def test_palette_cmyk_and_black_and_white(self, tmp_path):
        colours = Image.fromarray(COLOURS)
        # Pillow 12 cannot read the YCbCr that it wrote; files of cameras hold it inside JPEG.
        for mode in ("P", "CMYK", "1", "L", "RGBA", "LA"):
            image = colours.convert(mode)
            image.save(tmp_path / "a.tif")
            expected = image.convert("RGB")
            assert (np.asarray(read_image(tmp_path / "a.tif")) == np.asarray(expected)).all()


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
    def test_it_is_turned_upright(self, tmp_path, orientation, suffix):
        exif = Image.Exif()
        exif[0x0112] = orientation
        options = {"lossless": True} if suffix == "webp" else {}
        Image.fromarray(COLOURS).save(tmp_path / f"a.{suffix}", exif=exif, **options)
        image = read_image(tmp_path / f"a.{suffix}")
        with Image.open(tmp_path / f"a.{suffix}") as stored:
            expected = ImageOps.exif_transpose(stored).convert("RGB")
        assert image.tobytes() == expected.tobytes()
        # Read again, as a drawing that is drawn anew is, it stays upright.
        assert read_image(image).tobytes() == image.tobytes()

    @pytest.mark.parametrize(
        "exif",
        [
            b"Exif\0\0II*\0\x08\0\0\0\xff\xff",
            b"Exif\0\0nonsense",
            b"Exif\0\0MM\0*\xff\xff\xff\xff",
            # An orientation that is none, and the promise of a second entry that is not there.
            b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x09\0\0\xff",
        ],
    )
    @pytest.mark.filterwarnings("ignore:Corrupt EXIF")
    def test_damaged_exif_is_passed_over(self, tmp_path, exif):
        Image.fromarray(RAMP).save(tmp_path / "a.jpg", exif=exif)
        Image.fromarray(RAMP).save(tmp_path / "b.jpg")
        image = read_image(tmp_path / "a.jpg")
        assert image.tobytes() == read_image(tmp_path / "b.jpg").tobytes()
        assert read_image(image).tobytes() == image.tobytes()

    def test_damaged_exif_in_a_text_chunk_is_passed_over(self, tmp_path):
        text = PngImagePlugin.PngInfo()
        text.add_text("Raw profile type exif", "\nexif\n  8\nno hexadecimal digits")
        Image.fromarray(RAMP).save(tmp_path / "a.png", pnginfo=text)
        image = read_image(tmp_path / "a.png")
        assert (np.asarray(image)[..., 0] == RAMP).all()
        assert image.info == {}


class TestTransparency:
    def chalk(self, path, grey):
        alpha = np.where(np.eye(32), 255, 0).astype(np.uint8)
        Image.fromarray(np.dstack([np.full_like(alpha, grey), alpha]), "LA").save(path)

    def test_photos_lie_on_white(self, tmp_path):
        self.chalk(tmp_path / "a.png", 255)
        assert np.asarray(read_image(tmp_path / "a.png")).min() == 255

    @pytest.mark.parametrize(("grey", "paper"), [(255, 0), (0, 255)])
    def test_strokes_lie_on_what_they_stand_out_from(self, tmp_path, grey, paper):
        self.chalk(tmp_path / "a.png", grey)
        pixels = np.asarray(read_image(tmp_path / "a.png", paper="contrast"))[..., 0]
        assert (pixels == np.where(np.eye(32), grey, paper)).all()


def test_of_an_animation_the_first_frame(tmp_path):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime", "blue")]
    for suffix in ("gif", "webp", "png"):
        frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:])
        red, green, blue = read_image(tmp_path / f"a.{suffix}").getpixel((10, 10))
        assert red > 240 > 20 > max(green, blue)


def test_an_image_that_is_given_is_left_alone(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.tile(RAMP, (100, 60))).save(tmp_path / "a.jpg", exif=exif)
    with Image.open(tmp_path / "a.jpg") as image:
        assert read_image(image, longest=100).size == (100, 90)
        assert image.size == (2880, 3200)
        assert image.getexif()[0x0112] == 6


def test_the_formats_that_pillow_reads():
    assert {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".gif"} <= readable_suffixes()
    assert not {".eps", ".ps", ".pdf", ".svg"} & readable_suffixes()


class TestRefusals:
    def check(self, path, match):
        with pytest.raises(ZsbirError, match=match) as raised:
            read_image(path)
        assert "\n" not in str(raised.value)
        assert path.name in str(raised.value)

    @pytest.mark.parametrize(
        ("write", "reason"),
        [
            (lambda p: None, "there is no such file"),
            (lambda p: p.mkdir(), "it is a folder"),
            (lambda p: p.write_bytes(b""), r"empty \(0 bytes\)"),
            (lambda p: p.write_text("no image"), "it is no image"),
            (lambda p: p.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9"), "no image"),
            (lambda p: p.write_bytes(png(48, 32, rows(RAMP))[:70]), "cannot read the image"),
            (lambda p: p.write_bytes(png(20_000, 20_000, b"")), "too large; reduce it to 8000"),
            (lambda p: p.write_bytes(png(8100, 8100, b"")), "8100 x 8100 pixels are too large"),
            (lambda p: p.write_bytes(png(1, 8_000_000, b"")), "1 x 8000000 pixels are a line"),
            (lambda p: p.write_bytes(png(5000, 4, b"")), "5000 x 4 pixels are a line"),
        ],
        ids=["missing", "folder", "0 bytes", "text", "PostScript", "truncated", "bomb", "too large",
             "a column", "a row"],
    )  # fmt: skip
    def test_what_is_no_image_is_refused_in_one_line(self, tmp_path, write, reason):
        path = tmp_path / "image.png"
        write(path)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.check(path, reason)

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
    def test_a_pipe_is_refused_at_once(self, tmp_path):
        os.mkfifo(tmp_path / "image.png")
        self.check(tmp_path / "image.png", "it is a named pipe")

    def test_images_in_memory_are_held_to_the_same_limits(self):
        with pytest.raises(ZsbirError, match="cannot read the image: 2001 x 2 pixels are a line"):
            read_image(Image.new("L", (2001, 2)))


def test_a_small_file_costs_little_memory(tmp_path):
    """What an image of a few bytes may cost: less than any of these would take unpacked."""
    pytest.importorskip("resource")
    sizes = {"column": (1, 8_000_000), "two": (2, 1_000_000), "flat": (60_000, 60), "small": (9, 9)}
    for name, (width, height) in sizes.items():
        data = png(width, height, (b"\0" + b"\xff" * width) * height)
        assert len(data) < 30_000
        (tmp_path / f"{name}.png").write_bytes(data)
    code = """if True:
        import resource, sys
        from zsbir_lib.drawings import read_drawing
        from zsbir_lib.errors import ZsbirError
        def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        read_drawing(sys.argv[1] + "/small.png")
        before = peak()
        for name in sys.argv[2:]:
            try:
                print(name, read_drawing(f"{sys.argv[1]}/{name}.png").size)
            except ZsbirError:
                print(name, "refused")
        print(round(peak() - before))
    """
    command = [sys.executable, "-c", code, str(tmp_path), *sizes]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert out[:-1] == ["column refused", "two refused", "flat (2000, 2)", "small (9, 9)"]
    assert int(out[-1]) < 80  # MB


def test_a_hairline_keeps_its_darkness_when_reduced():
    pixels = np.full((3000, 900), 255, dtype=np.uint8)
    pixels[1501] = 0
    image = read_image(Image.fromarray(pixels), longest=500)
    assert image.size == (150, 500)
    assert np.asarray(image)[250].max() == 0


def encoded(suffix):
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(COLOURS).save(stream, suffix, exif=exif)
    return stream.getvalue()


FILES = {suffix: encoded(suffix) for suffix in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP")}


@settings(max_examples=300)
@given(
    suffix=st.sampled_from(sorted(FILES)),
    edits=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), max_size=6),
    end=st.floats(0.2, 1),
)
@pytest.mark.filterwarnings("ignore")
def test_damaged_bytes_give_an_image_or_a_clear_error(tmp_path_factory, suffix, edits, end):
    data = bytearray(FILES[suffix])
    for place, bytes_ in edits:
        start = int(place * (len(data) - 1))
        data[start : start + len(bytes_)] = bytes_
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data[: max(1, int(end * len(data)))])
    try:
        image = read_image(path, longest=64)
    except ZsbirError as error:
        message = str(error)
        assert (str(path) in message, "\n" in message) == (True, False)
    else:
        assert image.mode == "RGB"
        assert read_image(image).tobytes() == image.tobytes()


@pytest.mark.skipif(sys.platform == "win32", reason="libtiff cannot be reached there")
@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "jpeg"])
def test_a_damaged_tiff_writes_nothing_of_its_own(tmp_path, compression):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.tif", compression=compression)
    data = bytearray((tmp_path / "a.tif").read_bytes())
    data[200:600] = bytes(byte ^ 0x5A for byte in data[200:600])
    (tmp_path / "a.tif").write_bytes(data)
    code = (
        "import sys; from zsbir_lib.drawings import read_image; from zsbir_lib import ZsbirError\n"
        "try: read_image(sys.argv[1])\n"
        "except ZsbirError as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.tif")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    if compression != "jpeg":  # which decodes what is left
        assert done.stdout.startswith(f"cannot read the image {tmp_path / 'a.tif'}: ")
        assert done.stdout.count("\n") == 1


def test_bytes_of_a_file_are_read_as_the_file(tmp_path):
    Image.new("RGB", (4, 3), (1, 2, 3)).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    assert np.asarray(read_image(data)).tolist() == [[[1, 2, 3]] * 4] * 3
    with pytest.raises(ZsbirError, match="cannot read the thumbnail: it is no image"):
        read_image(b"nothing", what="the thumbnail")


def test_a_large_jpeg_may_be_decoded_small_but_not_smaller_than_asked(tmp_path):
    Image.new("RGB", (1600, 1200), (90, 60, 30)).save(tmp_path / "a.jpg")
    assert read_image(tmp_path / "a.jpg").size == (1600, 1200)
    assert read_image(tmp_path / "a.jpg", shorter=300).size == (400, 300)
    assert read_image(tmp_path / "a.jpg", shorter=301).size == (800, 600)
