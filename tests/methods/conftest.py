"""The methods' tests share what they learn from."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
