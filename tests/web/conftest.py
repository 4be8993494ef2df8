"""A small data set in memory, its features, and pages made of them."""

import numpy as np
import pytest
from PIL import Image

from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit
from zsbir_lib.features import extract_features, load_backbone
from zsbir_lib.web import export_web
from zsbir_lib.web.networks import onnx_bytes


class Squares(SketchPhotoDataset):
    """Six classes of noisy pictures in memory, two of them unseen."""

    name = "squares"
    class_names = ("bat", "camel", "cow", "owl", "pear", "saw")
    split = ZeroShotSplit("test", ("bat", "camel", "cow", "owl"), ("pear", "saw"))
    fingerprint = "squares-1"

    def __init__(self):
        self.photo_labels = np.repeat(np.arange(6), 6)
        self.photo_ids = [f"{self.class_names[c]}/{i}" for i, c in enumerate(self.photo_labels)]
        self.sketch_photos = np.repeat(np.arange(36), 2)
        self.sketch_labels = self.photo_labels[self.sketch_photos]
        self.sketch_ids = [f"{self.photo_ids[i // 2]}-{i % 2 + 1}" for i in range(72)]

    def photo(self, index):
        noise = np.random.default_rng(index).integers(0, 120, (64, 64, 3))
        noise[:, : 10 * (1 + self.photo_labels[index])] += 100
        return Image.fromarray(noise.astype(np.uint8))

    def sketch(self, index):
        return self.photo(int(self.sketch_photos[index])).convert("L")

    def with_split(self, split):
        raise NotImplementedError


@pytest.fixture(scope="session")
def squares():
    return Squares()


@pytest.fixture(scope="session")
def backbone():
    return load_backbone("toynet")


@pytest.fixture(scope="session")
def features(squares, backbone, session_cache):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSBIR_CACHE", str(session_cache))
        return extract_features(squares, backbone, progress=False)


@pytest.fixture(scope="session")
def export(squares, backbone, features):
    """Export a page of three photos with the methods named, and return what it says.

    PyTorch takes seconds to write a network, and the backbone is the same in all pages: it is
    written once, unless a test wants it `anew`.
    """
    pytest.importorskip("onnxscript")
    written = {}

    def onnx_once(network, inputs, dynamic=()):
        if "pixels" not in inputs:
            return onnx_bytes(network, inputs, dynamic)
        state = [(name, value.numpy().tobytes()) for name, value in network.state_dict().items()]
        key = (str(network), tuple(state), inputs["pixels"].shape)
        if key not in written:
            written[key] = onnx_bytes(network, inputs, dynamic)
        return written[key]

    def export(folder, *methods, anew=False, **options):
        photos = [squares.photo(i) for i in (24, 25, 30)]
        with pytest.MonkeyPatch.context() as patch:
            if not anew:
                patch.setattr("zsbir_lib.web.export.onnx_bytes", onnx_once)
            return export_web(
                folder, features, backbone, photos, ["pear", "pear", "saw"],
                examples={"pear": squares.sketch(48)}, methods=methods, **options,
            )  # fmt: skip

    return export
