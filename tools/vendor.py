"""Keep the third-party scripts and fonts that the built pages load from the book itself.

A page of the book asks nothing of any other machine, so MathJax, RequireJS and the Jupyter
widget manager are committed under ``book/_static/vendor``. Readers need none of this::

    python tools/vendor.py             # verify every file against the manifest
    python tools/vendor.py --refresh   # fetch the versions below again (needs npm)
"""

import argparse
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

VENDOR = Path(__file__).resolve().parents[1] / "book" / "_static" / "vendor"
MANIFEST = "manifest.json"
BY_HAND = {MANIFEST, "LICENSES.md"}


@dataclass(frozen=True)
class Package:
    """One npm package, and which of its files go where below ``vendor``."""

    name: str
    version: str
    licence: str
    files: dict[str, str]


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
    Package("requirejs", "2.3.8", "MIT", {"require.js": "widgets"}),
    Package(
        "@jupyter-widgets/html-manager",
        "1.0.15",
        "BSD-3-Clause; bundled Font Awesome 5.15.4 fonts OFL-1.1; bundled jQuery MIT",
        {"dist/embed-amd.js": "widgets", "dist/*.woff2": "widgets/fonts"},
    ),
)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wanted(member: str, package: Package) -> str | None:
    """Return where below ``vendor`` a file of the package's archive goes, or None."""
    inside = PurePosixPath(member).relative_to("package")
    for pattern, folder in package.files.items():
        if fnmatch(str(inside), pattern):
            return f"{folder}/{inside.name}"
    return None


def refresh() -> None:
    """Fetch every package with npm, unpack the files in use and write the manifest anew."""
    for path in VENDOR.iterdir() if VENDOR.exists() else ():
        if path.name not in BY_HAND:
            shutil.rmtree(path)
    manifest = []
    for package in PACKAGES:
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
                    path = VENDOR / target
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(archive.extractfile(member).read())
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
    (VENDOR / MANIFEST).write_text(text + "\n", encoding="utf-8")


def problems() -> list[str]:
    """Return what is wrong with the committed files; empty when all is well."""
    recorded = json.loads((VENDOR / MANIFEST).read_text(encoding="utf-8"))["packages"]
    found = []
    versions = {entry["name"]: entry["version"] for entry in recorded}
    for package in PACKAGES:
        if versions.pop(package.name, None) != package.version:
            found.append(f"{package.name} {package.version} is not what {MANIFEST} records")
    found += [f"{MANIFEST} records {name}, which tools/vendor.py does not" for name in versions]
    expected = {path: sha for entry in recorded for path, sha in entry["sha256"].items()}
    present = {p.relative_to(VENDOR).as_posix() for p in VENDOR.rglob("*") if p.is_file()}
    found += [f"{name} is missing" for name in sorted(expected.keys() - present)]
    found += [f"{name} is not recorded" for name in sorted(present - expected.keys() - BY_HAND)]
    found += [
        f"{name} differs from its checksum"
        for name in sorted(expected.keys() & present)
        if digest(VENDOR / name) != expected[name]
    ]
    return found


def main() -> int:
    """Verify, or refresh and verify."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--refresh", action="store_true", help="fetch every file again with npm")
    if parser.parse_args().refresh:
        refresh()
    found = problems()
    for line in found:
        print(f"{VENDOR.name}: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
