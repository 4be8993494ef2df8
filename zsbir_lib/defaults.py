"""What answers a drawing where nobody chose: for the command, the page, and the shipped gallery."""

from typing import Final

DEFAULT_METHOD: Final = "ours+gallery"
"""The method that ranks the photos of a data set; the page begins with it."""

TOYBOX_NETWORK: Final = "toynet-sketch"
"""The backbone of the Toybox, with a network for photos and one for drawings."""
