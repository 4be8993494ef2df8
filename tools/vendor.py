"""Keep the third-party scripts and fonts that the built pages load from the book itself.

A page of the book asks nothing of any other machine, so MathJax, RequireJS and the Jupyter
widget manager are committed under ``book/_static/vendor``, and ONNX Runtime, which the pages of
`zsbir export web` need too, in the library. Readers need none of this::

    python tools/vendor.py             # verify every file against the manifest
    python tools/vendor.py --refresh   # fetch the versions below again (needs npm)
"""

import argparse
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / "book" / "_static" / "vendor"
RUNTIME = ROOT / "zsbir_lib" / "web" / "assets" / "runtime"
SLIDES = ROOT / "tools" / "slides" / "vendor"
MANIFEST = "manifest.json"
BY_HAND = {MANIFEST, "LICENSES.md"}


@dataclass(frozen=True)
class Package:
    """One npm package, and which of its files go where below its root.

    A place that ends in ``.gz`` is a file, which is packed; others are folders.
    """

    name: str
    version: str
    licence: str
    files: dict[str, str]
    root: Path = VENDOR


PACKAGES = (
    # The full build carries every TeX extension, so that none is fetched while a page is read.
    Package(
        "mathjax",
        "3.2.2",
        "Apache-2.0",
        {
            "es5/tex-chtml-full.js": "mathjax",
            "es5/output/chtml/fonts/woff-v2/*.woff": "mathjax/output/chtml/fonts/woff-v2",
            "LICENSE": "mathjax",
        },
    ),
    # .js, because not every static server knows that .mjs is JavaScript.
    Package(
        "onnxruntime-web",
        "1.30.0",
        "MIT",
        {
            "dist/ort.wasm.bundle.min.mjs": "ort.wasm.bundle.min.js",
            "dist/ort-wasm-simd-threaded.wasm": "ort-wasm-simd-threaded.wasm.gz",
        },
        RUNTIME,
    ),
    # What shows slides; the pages of the book do not load it.
    Package(
        "reveal.js",
        "5.2.1",
        "MIT",
        {
            "dist/reveal.js": "reveal",
            "dist/reveal.css": "reveal",
            "plugin/notes/notes.js": "reveal",
            "LICENSE": "reveal",
        },
        SLIDES,
    ),
)
ROOTS = tuple({package.root: None for package in PACKAGES})


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wanted(member: str, package: Package) -> str | None:
    """Return where below the package's root a file of its archive goes, or None."""
    inside = PurePosixPath(member).relative_to("package")
    for pattern, folder in package.files.items():
        if fnmatch(str(inside), pattern):
            return folder if PurePosixPath(folder).suffix else f"{folder}/{inside.name}"
    return None


def refresh(root: Path) -> None:
    """Fetch every package of a root with npm, unpack the files in use, write the manifest anew."""
    for path in root.iterdir() if root.exists() else ():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in BY_HAND:
            path.unlink()
    manifest = []
    for package in PACKAGES:
        if package.root != root:
            continue
        files = {}
        with tempfile.TemporaryDirectory() as folder:
            command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
            packed = subprocess.run(
                command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True
            )
            with tarfile.open(Path(folder, packed.stdout.split()[-1])) as archive:
                for member in archive:
                    target = wanted(member.name, package) if member.isfile() else None
                    if target is None:
                        continue
                    path = root / target
                    path.parent.mkdir(parents=True, exist_ok=True)
                    content = archive.extractfile(member).read()
                    if path.suffix == ".gz":
                        # Without a time, so that the same content gives the same file.
                        content = gzip.compress(content, mtime=0)
                    path.write_bytes(content)
                    files[target] = digest(path)
        manifest.append(
            {
                "name": package.name,
                "version": package.version,
                "licence": package.licence,
                "sha256": dict(sorted(files.items())),
            }
        )
    text = json.dumps({"packages": manifest}, indent=2)
    (root / MANIFEST).write_text(text + "\n", encoding="utf-8")


def problems(root: Path) -> list[str]:
    """Return what is wrong with the committed files of a root; empty when all is well."""
    recorded = json.loads((root / MANIFEST).read_text(encoding="utf-8"))["packages"]
    found = []
    versions = {entry["name"]: entry["version"] for entry in recorded}
    for package in PACKAGES:
        if package.root == root and versions.pop(package.name, None) != package.version:
            found.append(f"{package.name} {package.version} is not what {MANIFEST} records")
    found += [f"{MANIFEST} records {name}, which tools/vendor.py does not" for name in versions]
    expected = {path: sha for entry in recorded for path, sha in entry["sha256"].items()}
    present = {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}
    found += [f"{name} is missing" for name in sorted(expected.keys() - present)]
    found += [f"{name} is not recorded" for name in sorted(present - expected.keys() - BY_HAND)]
    found += [
        f"{name} differs from its checksum"
        for name in sorted(expected.keys() & present)
        if digest(root / name) != expected[name]
    ]
    return found


def main() -> int:
    """Verify, or refresh and verify."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--refresh", action="store_true", help="fetch every file again with npm")
    again = parser.parse_args().refresh
    found = []
    for root in ROOTS:
        if again:
            refresh(root)
        found += [f"{root.relative_to(ROOT)}: {line}" for line in problems(root)]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
