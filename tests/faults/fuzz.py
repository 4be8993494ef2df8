"""Change bytes of drawings and photos, and read what comes of it: an image, or one clear line.

    python tests/faults/fuzz.py --tries 10000 --seed 3 --keep FOLDER

Every kind of file that may hold a drawing is made of real ones, where ``--sketchy`` and
``--quickdraw`` name folders of them, or else of the Toybox. A case is a function of the seed and of
its number: ``--only NUMBER`` reads one alone, ``--keep`` writes those that fail. One line of JSON
says what happened: how many were read and how many refused, the slowest and what memory it took,
what went wrong.
"""

import argparse
import faulthandler
import io
import json
import random
import re
import resource
import struct
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from zsbir_lib.datasets.quickdraw_files import DrawingFiles
from zsbir_lib.datasets.toybox.instance import Toy
from zsbir_lib.drawings import normalise_drawing, read_drawing, read_image, render_strokes
from zsbir_lib.drawings.hands import StrokeDrawing
from zsbir_lib.drawings.stroke_files import read_all_strokes
from zsbir_lib.errors import ZsbirError
from zsbir_lib.store import Store

SIDE = 128  # pixels, of photos and sketches
SECONDS = 10.0  # of processor, for one file
HANGS = 120.0  # of the clock
LETTERS = 500  # of a message without the file's name
TOYS = ("cow", "pear", "bat", "saw", "door", "tree")
IMAGES = {
    "png": dict(format="PNG"),
    "palette.png": dict(format="PNG", mode="P", transparency=0),
    "deep.png": dict(format="PNG", mode="I;16"),
    "jpeg": dict(format="JPEG"),
    "progressive.jpeg": dict(format="JPEG", progressive=True, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01"
                             b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"),
    "cmyk.jpeg": dict(format="JPEG", mode="CMYK"),
    "webp": dict(format="WEBP"),
    "lossless.webp": dict(format="WEBP", mode="RGBA", lossless=True),
    "gif": dict(format="GIF", mode="P"),
    "tiff": dict(format="TIFF", compression="tiff_lzw"),
    "plain.tiff": dict(format="TIFF"),
    "bmp": dict(format="BMP"),
    "jp2": dict(format="JPEG2000"),
    "avif": dict(format="AVIF", speed=10),
    "ppm": dict(format="PPM"),
}  # fmt: skip
"""Files of images, by ending, and how each is saved."""

STROKES = ("ndjson", "json", "raw.ndjson", "svg", "bin")
WORDS = (
    *(
        "0",
        "7",
        "12.5",
        "-3",
        "1e3",
        "255",
        "1e309",
        "-1e400",
        "NaN",
        "Infinity",
        "1e308",
        "-1e308",
    ),
    *("999999999999", "null", "true", "[", "]", "{", "}", '"', ",", "-", ".", "\n", "\r", "\0"),
    *("\ufeff", "\\u0000", "0x1", "é", "<", ">", "/", "&#0;", "&lt;", "url(#a)", "%", "em", "Z"),
    *("matrix(0 0 0 0 0 0)", " A 1 1 0 1 1 ", "M", "m", " C ", "<!--", "]]>", "<use href='#a'/>"),
    *("stroke-width", "none", "inherit", "1e-320", "transform='scale(1e200)'", "viewBox='0 0 0 0'"),
    *("viewBox='0 0 -1 nan'", "width='1e9999'", "style='stroke:#12'"),
)


# --- What the files are made of ------------------------------------------------------------------


def toys():
    """Return photos, sketches and strokes of the Toybox."""
    all_ = [Toy(name, 0, 0) for name in TOYS]
    photos = [Image.fromarray(toy.photo(size=SIDE)) for toy in all_]
    sketches = [Image.fromarray(toy.sketch(0, size=SIDE)) for toy in all_]
    return photos, sketches, [toy.strokes.lines for toy in all_]


def real(sketchy, quickdraw, chance):
    """Return photos, sketches and strokes by people."""
    images = []
    for kind, ending in (("photo", "*.jpg"), ("sketch", "*.png")):
        paths = sorted(Path(sketchy).glob(f"256x256/{kind}/*/*/{ending}"))
        images.append([read_image(path, longest=SIDE) for path in chance.sample(paths, 12)])
    strokes = []
    for path in chance.sample(sorted(Path(quickdraw).rglob("*.ndjson")), 12):
        strokes += [one.strokes for one in list(read_all_strokes(path))[:2]]
    return *images, strokes


def as_lists(strokes, times=False):
    columns = [np.array([point[:2] for point in stroke]).T for stroke in strokes]
    low = min(column.min() for column in columns)
    high = max(column.max() for column in columns)
    scaled = [np.rint((c - low) * (255 / max(high - low, 1e-9))).astype(int) for c in columns]
    return [
        [*c.tolist(), *([list(range(0, 10 * c.shape[1], 10))] if times else [])] for c in scaled
    ]


def as_record(lists):
    parts = [struct.pack("<Q2sBIH", 5891796615823360, b"DE", 1, 1488400896, len(lists))]
    for x, y in lists:
        parts.append(struct.pack(f"<H{len(x)}B{len(y)}B", len(x), *x, *y))
    return b"".join(parts)


def as_svg(lists):
    lines = (" L ".join(f"{a} {b}" for a, b in zip(x, y, strict=True)) for x, y in lists)
    paths = "".join(f'<path fill="none" stroke="black" d="M {line}"/>' for line in lines)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 255 255" width="255">'
        '<style>.b{stroke:#345;fill:none}</style><rect width="100%" height="100%" fill="white"/>'
        f'<g id="a" transform="rotate(5) scale(1.1 0.9)">{paths}'
        '<circle class="b" cx="40" cy="50" r="20"/><path class="b" d="M9 9C10 40 60 10 70 70'
        'S9 80 1 1A30 20 10 0 1 90 90Q3 4 5 6z"/></g><use xlink:href="#a" x="3"/></svg>'
    ).encode()


def originals(photos, sketches, strokes):
    """Return some files of each kind."""
    found = {}
    for kind, options in IMAGES.items():
        options = dict(options)
        name, mode = options.pop("format"), options.pop("mode", "RGB")
        if name not in Image.SAVE and Image.init() and name not in Image.SAVE:
            continue  # this Pillow does not know it
        files = []
        for image in [*photos[:4], *sketches[:4]]:
            if mode == "I;16":
                image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
            else:
                image = image.convert(mode)
            stream = io.BytesIO()
            image.save(stream, name, **options)
            files.append(stream.getvalue())
        found[kind] = files
    lists = [as_lists(one) for one in strokes]
    timed = [as_lists(one, times=True) for one in strokes]

    def text(drawing):
        return json.dumps({"word": "cat", "recognized": True, "drawing": drawing})

    pairs = range(0, len(lists), 2)
    found["ndjson"] = ["\n".join(map(text, lists[n : n + 2])).encode() for n in pairs]
    found["raw.ndjson"] = ["\n".join(map(text, timed[n : n + 2])).encode() for n in pairs]
    found["json"] = [json.dumps(json.loads(text(one)), indent=1).encode() for one in lists]
    found["svg"] = [as_svg(one) for one in lists]
    found["bin"] = [b"".join(map(as_record, lists[n : n + 2])) for n in pairs]
    small = [np.asarray(image.convert("L").resize((28, 28))).reshape(-1) for image in sketches]
    stream = io.BytesIO()
    np.save(stream, 255 - np.stack(small[:6]))
    found["npy"] = [stream.getvalue()]
    return found


# --- What is done to them ------------------------------------------------------------------------


def mutated(data, others, words, chance):
    """Return a file with a few changes of the kinds that copies, editors and people make."""
    data = bytearray(data)
    is_text = data[:1] in b"{[<"
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8, 30))):
        size = max(1, len(data))
        # Half of the changes hit the head, where sizes and offsets stand.
        place = chance.randrange(size if chance.random() < 0.5 else min(size, 120))
        length = chance.choice((1, 2, 4, 16, chance.randint(1, size)))
        kind = 8 if is_text and chance.random() < 0.7 else chance.randrange(9)
        if kind == 0 and data:
            data[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[place : place + 1] = bytes([chance.choice((0, 1, 0x7F, 0x80, 0xFF))])
        elif kind == 2:
            number = chance.choice((0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, chance.getrandbits(32)))
            data[place : place + 4] = struct.pack(chance.choice("<>") + "I", number)
        elif kind == 3:
            data[place : place + length] = chance.randbytes(min(length, 64))
        elif kind == 4:
            del data[place : place + length]
        elif kind == 5:
            data[place:place] = data[place : place + length] * chance.choice((1, 2, 8))
        elif kind == 6:
            del data[chance.randrange(size) :]
        elif kind == 7:
            other = chance.choice(others)
            start = chance.randrange(len(other))
            data[place : place + length] = other[start : start + length]
        else:
            word = chance.choice(words).encode()
            if digit := re.search(rb"\d", data[place:]):
                place += digit.start()
            data[place : place + chance.randrange(3)] = word
    return bytes(data[:2_000_000])


def with_right_sums(data):
    """Return a PNG whose checksums fit what is in it now: it is damaged before it was saved."""
    data, place = bytearray(data), 8
    while place + 12 <= len(data):
        end = place + 8 + struct.unpack_from(">I", data, place)[0]
        if end + 4 > len(data):
            break
        struct.pack_into(">I", data, end, zlib.crc32(data[place + 4 : end]))
        place = end + 4
    return bytes(data)


def case(files, number, seed):
    """Return the kind and the content of a case."""
    chance = random.Random(f"{seed}/{number}")
    kind = list(files)[number % len(files)]
    data = chance.choice(files[kind])
    every = [one for some in files.values() for one in some]
    data = mutated(data, files[kind] if chance.random() < 0.8 else every, WORDS, chance)
    return kind, with_right_sums(data) if kind.endswith("png") and chance.random() < 0.7 else data


# --- Reading -------------------------------------------------------------------------------------


def read(path, kind, store):
    """Do with a file what the library does; return whether it was read."""
    readers = [lambda: read_drawing(path, number=0)]
    if kind in IMAGES and path.stem.endswith("0"):  # what comes behind costs ten times more
        readers = [lambda: normalise_drawing(read_drawing(path), what=str(path))]
    if kind in IMAGES:
        readers.append(lambda: read_image(path, shorter=224))
    elif kind not in ("bin", "npy"):
        readers.append(lambda: [_drawn(one, path) for one in read_all_strokes(path)])
    form = {"bin": "binary", "npy": "numpy_bitmap", "ndjson": "simplified"}.get(kind)
    if form:
        readers.append(lambda: _all_of(path, form, store))
    done = 0
    for reader in readers:
        try:
            reader()
            done += 1
        except ZsbirError as error:
            _check(str(error), path)
    return done > 0


def _check(message, path):
    assert "\n" not in message, f"several lines: {message!r}"
    assert str(path) in message, f"the file is not named: {message!r}"
    assert len(message.replace(str(path), "")) < LETTERS, f"a long message: {message!r}"


def _drawn(one, path):
    if one.error is not None:
        raise one.error
    try:
        render_strokes(one.strokes)
        StrokeDrawing.of(one.strokes)
    except ZsbirError as error:  # of strokes, which know no file
        raise ZsbirError(f"{path}: {error}") from None


def _all_of(path, form, store):
    drawings = DrawingFiles(["cat"], {"cat": {path.name: str(path)}}, form, 8, store)
    for number in range(len(drawings)):
        try:
            assert drawings.read(number).mode == "RGB"
        except ZsbirError as error:
            _check(str(error), path)


def peak():
    """Return the most memory that this process has had, in MB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--sketchy", type=Path)
    parser.add_argument("--quickdraw", type=Path)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    made_of = real(options.sketchy, options.quickdraw, chance) if options.sketchy else toys()
    files = originals(*made_of)
    result = {
        "tries": options.tries,
        "seed": options.seed,
        "read": 0,
        "refused": 0,
        "kinds": len(files),
    }
    slowest, largest, faults = (0.0, None), (0.0, None), []
    kinds = Counter()
    numbers = range(options.tries) if options.only is None else [options.only]
    with tempfile.TemporaryDirectory() as base:
        for kind, some in files.items():  # whole ones are read, which loads everything, too
            path = Path(base, f"whole.{kind}")
            path.write_bytes(some[0])
            assert read(path, kind, Store(Path(base, "store"))), kind
        before = peak()
        for number in numbers:
            kind, data = case(files, number, options.seed)
            path = Path(base, f"{number}.{kind}")
            path.write_bytes(data)
            known, start, problem = peak(), time.process_time(), None
            faulthandler.dump_traceback_later(HANGS, exit=True)
            with warnings.catch_warnings(record=True) as said:
                try:
                    was_read = read(path, kind, Store(Path(base, "store")))
                    result["read" if was_read else "refused"] += 1
                    kinds[kind] += was_read
                except BaseException as error:
                    problem = "".join(traceback.format_exception(error)[-3:])
            faulthandler.cancel_dump_traceback_later()
            seconds = time.process_time() - start
            slowest = max(slowest, (round(seconds, 2), number), key=lambda pair: pair[0])
            largest = max(largest, (round(peak() - known), number), key=lambda pair: pair[0])
            if seconds > SECONDS:
                problem = problem or f"{seconds:.1f} s"
            # That one is Pillow's own word of what is then refused as too large.
            said = [w for w in said if w.category is not Image.DecompressionBombWarning]
            if said:
                problem = problem or f"a warning: {said[0].message} ({said[0].filename})"
            if problem:
                faults.append(f"case {number} ({kind}): {problem}")
                if options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / path.name).write_bytes(data)
            path.unlink()
    result |= {"slowest": slowest, "largest": largest, "peak": round(peak() - before)}
    result["read of each"] = {kind: kinds[kind] for kind in files}
    print(json.dumps({**result, "faults": faults}))


if __name__ == "__main__":
    main()
