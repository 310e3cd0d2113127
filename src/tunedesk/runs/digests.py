"""What a model folder is known by, so that a run notices when its base model is another one."""

import hashlib
from pathlib import Path

_NAMES = ("config.json", "generation_config.json")
_WHOLE_BYTES = 64 * 2**20
_EDGE_BYTES = 2**20


def model_digest(folder: Path) -> str:
    """sha256 over the configuration and the weights.

    Of a weight file over 64 MiB only its size, its first MiB (where safetensors keeps names and shapes) and
    its last are read: enough to tell two models apart in an instant, not a proof against forgery.
    """
    digest = hashlib.sha256()
    weights = sorted(folder.glob("*.safetensors"))
    for path in [*(folder / name for name in _NAMES), *weights]:
        if not path.is_file():
            continue
        size = path.stat().st_size
        digest.update(f"{path.name} {size}\n".encode())
        with open(path, "rb") as file:
            if size <= _WHOLE_BYTES:
                digest.update(file.read())
            else:
                digest.update(file.read(_EDGE_BYTES))
                file.seek(-_EDGE_BYTES, 2)
                digest.update(file.read())
    return digest.hexdigest()
