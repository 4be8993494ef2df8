"""What the scripts of a page expect to find beside them: the format of ``model.json``.

A page answers drawings for any gallery; its scripts know no data set and no class. Whoever writes
one gives these keys. File names are relative; a file whose contents depend on the data has a name
of its own (``zsbir_lib.web.folder.named``). All numbers in files are little-endian.

============== ==================================================================================
key            what it is
============== ==================================================================================
``format``     `FORMAT`
``side``       pixels of a drawing's side, as the backbone takes it
``backbone``   ONNX: ``pixels`` (1, 3, side, side) from 0 to 255 to a feature (1, d)
``photos``     how many photos the gallery has, n
``thumbnails`` one picture with all photos, row by row: ``columns`` in each row, each of
               ``thumbnail`` by ``thumbnail`` pixels
``methods``    by name, the best first: the page begins with it. See below
``classes``    optional: names of classes. Without them no words for classes are shown
``labels``     optional, with ``classes``: the class of each photo, as an index
``examples``   optional: sketches to start from, by name, as URLs of data
``map``        optional: ``places``, n pairs of float32, where each photo lies; ``mean`` (d) and two
               ``axes`` (d), with which features are put beside them
============== ==================================================================================

A method has a ``title``; ``gallery``, n rows of ``width`` int8, directions of the photos; and
either ``network``, ONNX of ``feature`` (1, d) to queries (1, width), or what a generative method
has. All keys but ``certainty`` and ``diffusion`` are of generative ones.

================ ================================================================================
key              what it is
================ ================================================================================
``generators``   for each ``weight`` of its regulariser a ``network``, ONNX of ``feature`` (1, d)
                 and ``z`` (k, latent_dim) to queries (k, width); and ``back``, n rows of d int8,
                 the photos as sketches
``samples``      the numbers of samples to choose from; ``most_centres``, the largest K
``latents``      float32 rows of ``latent_dim``: as many as the largest of ``samples``, then where
                 K-means begins, for each of ``samples`` and each K up to it
``sketch_mean``  (d) and ``sketch_scale``: how a sketch is put beside ``back``
``map_shift``    two numbers: what is generated is about another mean than the map's
``certainty``    optional, of any method: when the page says "not sure", as
                 `zsbir_lib.web.certainty.Certainty` has it. Without it the page says that it does
                 not know
``diffusion``    optional, of a method with a ``network``: scores spread over a graph, as in
                 `zsbir_lib.retrieval.DiffusionIndex`. ``graph``: n + 1 uint32, where the edges of
                 each photo begin; then the other end of each edge, uint32; then its weight,
                 float32. ``alpha``, ``temperature``, ``steps``
================ ================================================================================
"""

FORMAT = "zsbir-web-3"
"""What ``model.json`` says, and draw.js expects."""

ENTRY = "model.json"
"""The file that names all files whose contents depend on the data."""
