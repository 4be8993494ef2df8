"""Galleries of one's own photos: a folder is indexed once, and then searched by drawing.

`index_photos` reads a folder of photos into an index, or brings that up to date; `PhotoIndex` opens
one, and `PhotoGallery` searches it. An index is a folder that can be copied to another machine.
"""

from zsbir_lib.gallery.listing import Listing, list_photos
from zsbir_lib.gallery.making import IndexReport, check_place, index_photos
from zsbir_lib.gallery.photo_gallery import PhotoGallery
from zsbir_lib.gallery.photo_index import THUMBNAIL, PhotoIndex
from zsbir_lib.gallery.pictures import webp
from zsbir_lib.gallery.searching import check_search, search_kind

__all__ = [
    "THUMBNAIL",
    "IndexReport",
    "Listing",
    "PhotoGallery",
    "PhotoIndex",
    "check_place",
    "check_search",
    "index_photos",
    "list_photos",
    "search_kind",
    "webp",
]
