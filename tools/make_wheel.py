"""Build the library's wheel to ``dist/``, and print the SHA-256 by which a reader knows it.

The same sources give the same bytes: they are built in a folder of their own, where no older build
can get in, and files carry a fixed date.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "zsbir_lib")
DIST = ROOT / "dist"
DATE = str(1_600_000_000)  # any that a ZIP file can hold


def main() -> int:
    """Build, and say what came out."""
    with tempfile.TemporaryDirectory() as folder:
        clean, out = Path(folder, "sources"), Path(folder, "out")
        clean.mkdir()
        for name in SOURCES:
            if (ROOT / name).is_dir():
                left_out = shutil.ignore_patterns("__pycache__", ".*")
                shutil.copytree(ROOT / name, clean / name, ignore=left_out)
            else:
                shutil.copy(ROOT / name, clean)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps",
                   "--disable-pip-version-check", "--wheel-dir", str(out), str(clean)]  # fmt: skip
        done = subprocess.run(command, env=os.environ | {"SOURCE_DATE_EPOCH": DATE})
        if done.returncode:
            print("error: the wheel was not built; pip says why above", file=sys.stderr)
            return done.returncode
        (built,) = out.glob("zsbir-*.whl")
        DIST.mkdir(exist_ok=True)
        wheel = Path(shutil.copy(built, DIST))
    print(f"{wheel.relative_to(ROOT)}, {wheel.stat().st_size / 1e6:.1f} MB")
    print(f"SHA256  {hashlib.sha256(wheel.read_bytes()).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
