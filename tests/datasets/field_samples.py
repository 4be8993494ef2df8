"""Quick, Draw! and TU-Berlin in small, made up, in the layouts and forms of the real ones."""

import io
import json
import struct
from functools import cache

import numpy as np
from PIL import Image

STROKES = (((0, 255, 255), (0, 0, 255)), ((10, 60), (200, 250)))
"""One drawing: strokes of x and y, as Quick, Draw! keeps them."""

SVG = """<?xml version="1.0" encoding="utf-8"?>
<svg viewBox="0 0 800 800" preserveAspectRatio="xMinYMin meet" xmlns="http://www.w3.org/2000/svg">
<g fill="none" stroke="black" stroke-linecap="round" stroke-width="5">
<path id="0" d="M100 100 C 200 100 300 200 300 700"/><path id="1" d="M400 100 L 600 700"/></g></svg>
"""


def put_image(path, colour="red"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), colour).save(path)


def line(strokes=STROKES, *, raw=False, **more):
    """One line of an .ndjson: simplified, or raw, with times and other numbers."""
    drawing = [list(map(list, stroke)) for stroke in strokes]
    if raw:
        drawing = [[[3.7 * v + 11 for v in x], [3.7 * v + 5 for v in y],
                    [17 * i for i in range(len(x))]] for x, y in drawing]  # fmt: skip
    about = {"word": "cow", "countrycode": "DE", "timestamp": "2017-03-01 20:41:36.70725 UTC"}
    return json.dumps({**about, "recognized": True, "drawing": drawing, **more}) + "\n"


def record(strokes=STROKES, key=5891796615823360):
    """One drawing of a .bin."""
    parts = [struct.pack("<Q2sBIH", key, b"DE", 1, 1488400896, len(strokes))]
    for x, y in strokes:
        parts.append(struct.pack(f"<H{len(x)}B{len(y)}B", len(x), *x, *y))
    return b"".join(parts)


def bitmaps(count=2):
    """The array of a .npy: a square of ink in the middle of each bitmap."""
    rows = np.zeros((count, 28, 28), dtype=np.uint8)
    rows[:, 10:18, 10:18] = 255
    return rows.reshape(count, 784)


FILES = {
    "simplified": (".ndjson", lambda n: "".join(line(key_id=str(i)) for i in range(n)).encode()),
    "raw": (".ndjson", lambda n: "".join(line(raw=True) for _ in range(n)).encode()),
    "binary": (".bin", lambda n: b"".join(record(key=i) for i in range(n))),
}


def put_drawings(folder, word, form, count=2):
    """Write a file of drawings as Quick, Draw! has it; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    if form == "numpy_bitmap":
        path = folder / f"{word}.npy"
        np.save(path, bitmaps(count))
        return path
    ending, make = FILES[form]
    path = folder / f"{word}{ending}"
    path.write_bytes(make(count))
    return path


def put_quickdraw(root, classes, form="png", *, photos=2, sketches=2):
    """Write a data set as QuickDraw extended has it."""
    for name in classes:
        for i in range(photos):
            put_image(root / "QuickDraw_images_final" / name / f"image_{i:05}.jpg")
        if form != "png":
            put_drawings(root / form, name, form, sketches)
            continue
        for i in range(sketches):
            put_image(root / "QuickDraw_sketches_final" / name / f"51479479731{i:05}.png", "white")


@cache
def large_sketch():
    """The bytes of a sketch as large as TU-Berlin's are."""
    stream = io.BytesIO()
    Image.new("L", (1111, 1111), 255).save(stream, "PNG")
    return stream.getvalue()


def put_tuberlin(root, classes, form="png", *, photos=2, sketches=2):
    """Write a data set as TU-Berlin's archives have it; `classes` as {class: folder of photos}."""
    number = 0
    for name, folder in dict(classes).items():
        for i in range(photos):
            put_image(root / "ImageResized" / folder / f"n02782093_{i}.JPEG")
        for _ in range(sketches):
            number += 1
            path = root / form / name / f"{number}.{form}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(large_sketch() if form == "png" else SVG.encode())
    (root / form / "filelist.txt").write_text("airplane/1.png\n", encoding="utf-8")
