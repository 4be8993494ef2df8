"""Make the gallery that comes with the library, from which a first drawing is answered.

``zsbir retrieve`` without options fits its method on the Toybox and prepares the photos of the
unseen classes. Most of that is drawing the whole Toybox, which whoever only wants to see their
drawing answered need not wait for. When drawings, networks or the method get another version, what
is shipped is no longer found by its key, and a test asks to run this again::

    python tools/ship_gallery.py
"""

import shutil

from zsbir_lib.cli.galleries import DatasetGallery
from zsbir_lib.cli.models import origin
from zsbir_lib.cli.options import FeatureOptions
from zsbir_lib.defaults import DEFAULT_METHOD, TOYBOX_NETWORK
from zsbir_lib.methods import create_method
from zsbir_lib.methods.kept import SHIPPED, keep_gallery


def ship() -> None:
    """Write the entry of the store, in place of the one that was there."""
    options = FeatureOptions(device="cpu")
    backbone = options.load_backbone(TOYBOX_NETWORK)
    dataset = options.load()
    features = options.extract(dataset, backbone)
    method = create_method(DEFAULT_METHOD, **options.method_parameters(DEFAULT_METHOD, []))
    method.fit(features.pairs_for(method))
    names = dataset.split.unseen
    photos = DatasetGallery(dataset, names)
    photos.prepare(features, backbone, method)
    shutil.rmtree(SHIPPED, ignore_errors=True)
    recipe = options.about_recipe(dataset, backbone, names)
    keep_gallery(method, photos.index, recipe, origin(features), root=SHIPPED)
    for lock in SHIPPED.rglob(".lock"):
        lock.unlink()
    for path in sorted(SHIPPED.rglob("*.*")):
        print(path.relative_to(SHIPPED), path.stat().st_size)


if __name__ == "__main__":
    ship()
