"""Puts OpenAI's rank files into resources/tokenizers: takes them out of a wheel and checks their SHA-256.

pip download --no-deps litellm==1.109.1 -d FOLDER
python packaging/build_tokenizers.py FOLDER/litellm-1.109.1-….whl [--out resources/tokenizers]

The wheel is only unpacked, never installed; resources/tokenizers/README.md says where the files come from.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import zipfile
from pathlib import Path

INSIDE = "litellm/litellm_core_utils/tokenizers/"
# Name of the encoding: the file's name in tiktoken's cache (SHA-1 of the address it is published at), and
# the SHA-256 that tiktoken 0.14.0 demands of its content.
FILES = {
    "o200k_base": (
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    "cl100k_base": (
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
    "p50k_base": (
        "ec7223a39ce59f226a68acc30dc1af2788490e15",
        "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069",
    ),
}
DEFAULT_OUT = Path(__file__).resolve().parent.parent / "resources" / "tokenizers"


def take(wheel: Path, out: Path) -> list[Path]:
    """The files written. ValueError when one is not what tiktoken expects; then nothing is written."""
    found = {}
    with zipfile.ZipFile(wheel) as archive:
        for name, (cached, expected) in FILES.items():
            data = archive.read(INSIDE + cached)
            digest = hashlib.sha256(data).hexdigest()
            if digest != expected:
                raise ValueError(f"{cached} in {wheel.name} has the SHA-256 {digest}, not {expected}.")
            found[out / f"{name}.tiktoken"] = data
    out.mkdir(parents=True, exist_ok=True)
    for path, data in found.items():
        path.write_bytes(data)
    return list(found)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path, help="the downloaded wheel")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    chosen = parser.parse_args()
    for path in take(chosen.wheel, chosen.out):
        print(f"{path.name}: {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
