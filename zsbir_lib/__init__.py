"""Zero-shot sketch-based image retrieval, from pixels to a ranked gallery.

The book in ``book/`` builds this library chapter by chapter; the library can be used without it.
"""

__version__ = "0.1.0"
