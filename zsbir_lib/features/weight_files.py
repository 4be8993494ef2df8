"""Weight files as people have them: read as data, or named for what they are.

A weight file is only ever *data*: safetensors, or a torch file opened with ``weights_only=True``.
Nothing here unpickles, since unpickling a file runs whatever code its author put into it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import re
import stat
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from zsbir_lib.errors import ZsbirError

_SAFE = "save its state_dict() as safetensors and pass that"
# What a file begins with, and what it is then.
_BEGINNINGS = (
    (b"\x93NUMPY", f"a NumPy array: {_SAFE}"),
    (b"\x89HDF", f"HDF5, as Keras writes it: {_SAFE} from PyTorch"),
    (b"GGUF", f"GGUF: {_SAFE} from PyTorch"),
    (b"\x1f\x8b", "compressed (gzip): unpack it"),
    (b"BZh", "compressed (bzip2): unpack it"),
    (b"\xfd7zXZ", "compressed (xz): unpack it"),
    (b"7z\xbc\xaf", "compressed (7z): unpack it"),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd): unpack it"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"%PDF", "a PDF"),
)
_ANNEX = "a git-annex pointer, not the file itself: run `git annex get` in that folder"
# What files of text hold that stand where weights should be. All lower case.
_TEXTS = (
    (r"version https://git-lfs\.github\.com", "a Git LFS pointer, not the file itself: run "
     "`git lfs pull` in that folder, or download the file again"),
    (r"(\S*/)?\.?(git/)?annex/objects/", _ANNEX),
    (r"(<!--.*?-->\s*|<\?xml[^>]*>\s*)*<(!doctype )?html", "a web page, saved in place of the "
     "file: open it to see what it says, and download the file itself"),
    (r"<", "XML, such as an error of a file server: download the file itself"),
    (r'\{[^}]*"weight_map"|\{.*\.safetensors"', "the index of weights in several files: join them "
     "into one file of named tensors"),
    (r"[\[{]", "JSON, such as a configuration or an error of a server: pass the weights"),
)  # fmt: skip
# Names that wrap a network, or a part of one, and are never a layer's own.
_WRAPPERS = re.compile(
    r"(?:^|(?<=\.))(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\."
)


@dataclass(frozen=True)
class StateDict:
    """Named tensors, and the place in a file where they stand.

    Attributes
    ----------
    tensors : dict of str to Tensor
        By their names in the file.
    source : str
        For messages: the file, and what the dictionary is called in it.
    """

    tensors: Mapping[str, Tensor]
    source: str


def read_weights(path: str | os.PathLike) -> dict[str, Tensor]:
    """Read a file of named tensors without running anything that it holds.

    Parameters
    ----------
    path
        safetensors under any ending, or a file written by ``torch.save`` of a state dict, or of a
        dictionary that holds one (under ``"state_dict"``, ``"model"`` or any other name).

    Raises
    ------
    ZsbirError
        If the file is missing, damaged, something else, or holds several state dicts; the message
        says what it is, and what to do.
    """
    found = state_dicts(path)
    if len(found) > 1:
        raise ZsbirError(_several(path, [state.source for state in found]))
    return dict(found[0].tensors)


def state_dicts(path: str | os.PathLike) -> list[StateDict]:
    """Read every dictionary of named tensors in a file; see `read_weights`."""
    path = Path(path)
    size = _check_file(path)
    with open(path, "rb") as stream:
        head = stream.read(4096)
    try:
        if _is_safetensors(head, size):
            return [StateDict(load_file(path), str(path))]
        if path.suffix == ".safetensors" and head[8:9] == b"{":
            raise ZsbirError(f"{path} is damaged, it is cut off: get it again")
        _refuse_what_is_something_else(path, head)
        # A namespace of a training's options often stands beside the weights; it is data, too.
        # From a stream, not a name: new versions of torch look at a name's ending.
        with open(path, "rb") as stream, torch.serialization.safe_globals([argparse.Namespace]):
            content = torch.load(stream, map_location="cpu", weights_only=True)
    except ZsbirError:
        raise
    except SafetensorError as error:
        raise ZsbirError(f"{path} is a damaged safetensors file: {error}") from None
    except pickle.UnpicklingError as error:
        raise ZsbirError(_unpicklable(path, head, str(error))) from None
    except (RuntimeError, EOFError, ValueError, KeyError, IndexError, AttributeError, TypeError):
        raise ZsbirError(f"{path} is not a weight file, or is damaged") from None
    except OSError as error:
        raise ZsbirError(f"cannot read the weight file {path}: {first_line(error)}") from None
    found = [
        StateDict(tensors, f"{path}, its {place}" if place else str(path))
        for place, tensors in _dictionaries(content)
    ]
    if not found:
        raise ZsbirError(f"{path} holds no state dict: a dictionary of named tensors is needed")
    return found


def _check_file(path: Path) -> int:
    """Return the size of a regular file that is not empty."""
    try:
        found = path.stat()
    except OSError as error:
        if path.is_symlink() and "annex" in os.readlink(path):
            raise ZsbirError(f"{path} is {_ANNEX}") from None
        if isinstance(error, FileNotFoundError):
            raise ZsbirError(f"there is no weight file {path}") from None
        raise ZsbirError(f"cannot read the weight file {path}: {error.strerror}") from None
    if stat.S_ISDIR(found.st_mode):
        raise ZsbirError(f"{path} is a folder: pass the weight file that is in it")
    if not stat.S_ISREG(found.st_mode):
        raise ZsbirError(f"{path} is not a regular file: pass a weight file")
    if found.st_size == 0:
        raise ZsbirError(f"the weight file {path} is empty (0 bytes)")
    return found.st_size


def _is_safetensors(head: bytes, size: int) -> bool:
    """Tell by the content: eight bytes with the header's length, then JSON."""
    return head[8:9] == b"{" and 8 + int.from_bytes(head[:8], "little") <= size


def _refuse_what_is_something_else(path: Path, head: bytes) -> None:
    for beginning, what in _BEGINNINGS:
        if head.startswith(beginning):
            raise ZsbirError(f"{path} is {what}")
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").lstrip().lower()
    for pattern, what in _TEXTS:
        if re.match(pattern, text, re.DOTALL):
            raise ZsbirError(f"{path} is {what}")
    if head.startswith(b"PK"):
        _refuse_other_archives(path)
    elif head[257:262] == b"ustar" and tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            names = set(archive.getnames())
        what = "a tar archive: unpack it"
        if {"storages", "tensors", "pickle"} <= names:
            what = (
                "in the tar format of PyTorch before 0.4, which cannot be read without running it: "
                f"where you trust it, open it with torch.load(..., weights_only=False), and {_SAFE}"
            )
        raise ZsbirError(f"{path} is {what}")


def _refuse_other_archives(path: Path) -> None:
    """Refuse a zip archive that ``torch.save`` did not write, or that is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            ends = {name.rpartition("/")[2] for name in names}
            if "constants.pkl" in ends:
                raise ZsbirError(
                    f"{path} is a TorchScript program, not a file of weights: open it with "
                    f"torch.jit.load where you trust it, and {_SAFE}"
                )
            if "data.pkl" not in ends:
                arrays = all(name.endswith(".npy") for name in names)
                what = f"NumPy arrays (npz): {_SAFE}" if arrays else "a zip archive: unpack it"
                raise ZsbirError(f"{path} is {what}")
            if (bad := archive.testzip()) is not None:
                raise ZsbirError(
                    f"{path} is damaged, {bad} in it has another checksum: get it again"
                )
    except zipfile.BadZipFile:
        raise ZsbirError(f"{path} is damaged, or cut off: get it again") from None


def _unpicklable(path: Path, head: bytes, reason: str) -> str:
    # A pickle begins with its protocol, and torch.save writes a zip; a picture is neither.
    if head[:2] != b"PK" and head[:1] != b"\x80":
        return f"{path} is not a weight file, or is damaged"
    unknown = re.search(r"GLOBAL (\S+)", reason)
    if unknown or "Unsupported" in reason:
        which = f", {unknown[1]} among them" if unknown else ""
        return (
            f"{path} holds Python objects{which}, not only tensors, and is refused because opening "
            f"it could run code: {_SAFE}"
        )
    return f"{path} is not a weight file, or is damaged"


def _dictionaries(content: object, place: str = "") -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Yield every dictionary of named tensors at any depth, and what it is called."""
    if not isinstance(content, Mapping):
        return
    named = {key: value for key, value in content.items() if isinstance(key, str)}
    tensors = {key: value for key, value in named.items() if isinstance(value, Tensor)}
    # Numbers alone are no weights: the best accuracy, say, beside the state dict.
    if any(tensor.ndim for tensor in tensors.values()):
        yield place, tensors
    for key, value in named.items():
        # The state of an optimiser has tensors of the same shapes as the weights.
        if "optim" not in key.lower():
            yield from _dictionaries(value, f"{place}[{key!r}]")


def fit(
    candidates: Sequence[StateDict],
    wanted: Mapping[str, Tensor],
    name: str,
    optional_prefix: str = "",
) -> dict[str, Tensor]:
    """Return the tensors that a network wants, by its own names and in its types.

    What all names of a file share before the network's (``module.``, ``model.backbone.``, ...) is
    taken off; the file may hold more than the network.

    Parameters
    ----------
    candidates
        The dictionaries that a file holds.
    wanted
        The network's state dict, on any device; only shapes and types are looked at.
    name
        What messages call the network.
    optional_prefix
        Start of the network's names that the file may leave out.

    Raises
    ------
    ZsbirError
        If none fits, naming the tensors that differ as the file calls them; if several fit and
        differ in their numbers; or if a weight is NaN or infinite.
    """
    # Batch norm counts its batches; the count is never used in evaluation, and may be left out.
    needed = [key for key in wanted if not key.endswith("num_batches_tracked")]
    alignments = [
        (state, prefix, names)
        for state in candidates
        for prefix, names in _alignments(state.tensors, wanted, optional_prefix)
    ]

    def agreeing(alignment: tuple[StateDict, str, dict[str, str]]) -> int:
        state, _, names = alignment
        return sum(
            key in names and state.tensors[names[key]].shape == wanted[key].shape for key in needed
        )

    fitting = [a for a in alignments if agreeing(a) == len(needed)]
    if not fitting:
        state, prefix, names = max(alignments, key=lambda a: (agreeing(a), len(a[2])))
        raise ZsbirError(_difference(state, prefix, names, wanted, needed, name))
    results = [_converted(state, names, wanted) for state, _, names in fitting]
    if not all(_same(results[0], other) for other in results[1:]):
        places = [
            f"{state.source}, {prefix}*" if prefix else state.source for state, prefix, _ in fitting
        ]
        raise ZsbirError(f"more than one part fits {name}: {_several('the file', places)}")
    return results[0]


def _alignments(
    tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor], optional_prefix: str
) -> list[tuple[str, dict[str, str]]]:
    """Return every way to take a prefix off: the prefix, and the file's name for each wanted one.

    The first has no prefix.
    """
    ways: dict[tuple[str, str], dict[str, str]] = {("", ""): {}}
    for given in tensors:
        plain = _WRAPPERS.sub("", given)
        starts = [0, *(match.end() for match in re.finditer(r"\.", plain))]
        for start in starts:
            for added in dict.fromkeys(("", optional_prefix)):
                if (key := added + plain[start:]) in wanted:
                    ways.setdefault((plain[:start], added), {})[key] = given
    unique: dict[tuple[tuple[str, str], ...], str] = {}
    for (prefix, _), names in ways.items():
        unique.setdefault(tuple(sorted(names.items())), prefix)
    return [(prefix, dict(names)) for names, prefix in unique.items()]


def _converted(
    state: StateDict, names: Mapping[str, str], wanted: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    fitted = {}
    for key, expected in wanted.items():
        given = names.get(key)
        tensor = torch.zeros(()) if given is None else state.tensors[given].detach()
        fitted[key] = tensor.to(expected.dtype)
        if not torch.isfinite(fitted[key]).all():
            raise ZsbirError(f"{state.source} is damaged: {given} holds NaN or infinite numbers")
    return fitted


def _same(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(first[key], second[key]) for key in first)


def _difference(
    state: StateDict,
    prefix: str,
    names: Mapping[str, str],
    wanted: Mapping[str, Tensor],
    needed: Sequence[str],
    name: str,
) -> str:
    reshaped = [
        f"{given} {_shape(state.tensors[given])} instead of {_shape(wanted[key])}"
        for key, given in names.items()
        if state.tensors[given].shape != wanted[key].shape
    ]
    lists = (
        ("missing", [prefix + key for key in needed if key not in names]),
        ("of another shape", reshaped),
        ("unexpected", sorted(set(state.tensors) - set(names.values()))),
    )
    differences = [f"{label} {some(values)}" for label, values in lists if values]
    return f"{state.source} does not fit {name}: {'; '.join(differences)}"


def _several(path: str | os.PathLike, places: Sequence[str]) -> str:
    return (
        f"{path} holds several state dicts ({some(places, 4)}): save the one you mean alone, with "
        "torch.save"
    )


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def some(names: Sequence[str], limit: int = 3) -> str:
    """Return the first few of many names, and how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def first_line(error: Exception) -> str:
    """Return the first line of what an error says, or its kind."""
    return str(error).strip().split("\n", 1)[0] or type(error).__name__


def weights_id(state: Mapping[str, Tensor]) -> str:
    """Return twelve hexadecimal digits that identify the names, shapes and values of tensors."""
    digest = hashlib.sha256()
    for key in sorted(state):
        tensor = state[key].detach().cpu().contiguous()
        digest.update(f"{key} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()[:12]
