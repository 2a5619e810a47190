"""Writes the golden vectors anew: ``make vectors``. Says which files changed; look at each change before a commit.

The only module of ``protocol`` that touches files; a program never imports it.
"""

import json
from importlib.resources import files

from protocol.vectors.build import FILES

HERE = files("protocol.vectors")


def read(name: str) -> str:
    """Return a golden file as it is stored, or nothing."""
    path = HERE.joinpath(name)
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def render(name: str) -> str:
    """Return a golden file as the code makes it now."""
    stored = json.loads(read(name) or "{}")
    return json.dumps(FILES[name](stored), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every file whose content differs."""
    for name in FILES:
        text = render(name)
        if text != read(name):
            with open(str(HERE.joinpath(name)), "w", encoding="utf-8") as file:  # noqa: PTH123  # protocol has no pathlib
                file.write(text)
            print(f"{name}: written")


if __name__ == "__main__":
    main()
