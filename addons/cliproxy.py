"""The product's door: `mitmdump -s addons/cliproxy.py`, or mitmweb for the console. Lists the addons, no more."""

import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

missing = [name for name in ("msgspec", "pydantic", "yaml") if find_spec(name) is None]
if missing:
    sys.exit(
        f"cliproxy needs {', '.join(missing)}, which this environment does not have. Start it with {ROOT}/scripts/run"
    )

from addons.service import Service  # noqa: E402

addons = [Service()]
