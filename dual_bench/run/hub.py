"""Whether a model of this machine is there, before a library looks for it: a folder, or the Hub.

The libraries ask the Hub for one file after another and repeat each request for half a minute, so
that a slip in a name costs minutes where there is no network. One request tells it at once. What
that cannot tell (a mirror that only has files, a Hub that is ill) is left to the library. Nothing
is asked about a folder, about what the cache holds, or with HF_HUB_OFFLINE=1.
"""

from __future__ import annotations

import hashlib
import os
from difflib import get_close_matches
from pathlib import Path

from dual_bench.errors import RunStoppedError

HUB = "https://huggingface.co"
SECONDS = 10  # for the one request
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf")
_NO_WAY = ("ConnectError", "ConnectTimeout", "ConnectionError")  # of httpx, and of requests
_SAMPLES, _SAMPLE = 16, 64


def whole(model: str) -> str:
    """A folder by its whole path, whichever way it was written; any other name as it is.

    >>> whole("owner/no-such-model")
    'owner/no-such-model'
    """
    folder = os.path.expanduser(model)  # a shell does not, after `transformers:`
    return os.path.realpath(folder) if os.path.isdir(folder) else model


def find(model: str, revision: str | None = None) -> str:
    """The same, and an error where there can be no such model; see `check`."""
    check(found := whole(model), revision)
    return found


def check(model: str, revision: str | None = None) -> None:
    """Make sure that there can be such a model.

    Args:
        model: a folder, or a name on the Hub.
        revision: on the Hub.

    Raises:
        RunStoppedError: it is no folder, and the Hub does not have it or cannot be reached.
    """
    if os.path.isdir(model) or "://" in model or os.environ.get("VLLM_USE_MODELSCOPE"):
        return
    try:
        found = _on_the_hub(model, revision)
    except ImportError:
        return  # then the library that needs it says so
    if found:
        raise RunStoppedError(f"{model}: no folder {model!r} here, and {found}{_like(model)}")


def _on_the_hub(model: str, revision: str | None) -> str:
    """Why the Hub cannot give it; empty where it can, or might."""
    from huggingface_hub import HfApi, constants, try_to_load_from_cache
    from huggingface_hub.errors import RepositoryNotFoundError

    if constants.HF_HUB_OFFLINE:
        return ""
    try:
        if isinstance(try_to_load_from_cache(model, "config.json", revision=revision), str):
            return ""
        HfApi().model_info(model, timeout=SECONDS)
    except RepositoryNotFoundError:
        if constants.ENDPOINT != HUB:  # a mirror can have the files and no such page
            return ""
        return "not found on the Hub (if it is private, log in with `hf auth login`)"
    except Exception as err:  # of whichever library carries the request
        if any(kind.__name__ in _NO_WAY for kind in type(err).__mro__):
            return "not found on the Hub, which cannot be reached; is there a network?"
    return ""


def _like(model: str) -> str:
    """A hint, where a folder beside has nearly the same name."""
    name = Path(model)
    try:
        beside = [str(f) for f in name.parent.iterdir() if f.is_dir()]
    except OSError:
        return ""
    close = get_close_matches(str(name), beside, n=1)
    return f" Did you mean the folder {close[0]!r}?" if close else ""


def files_mark(folder: str) -> str | None:
    """16 digits over a little of each file of weights; None where there is none, or no folder.

    For a library that shows its weights to nobody: they can change under the name of a folder.
    """
    digest, found = hashlib.sha256(), False
    if not os.path.isdir(folder):
        return None
    for file in sorted(f for f in Path(folder).iterdir() if f.suffix in WEIGHTS):
        size, found = file.stat().st_size, True
        digest.update(f"{file.name} {size}\n".encode("utf-8", "surrogatepass"))
        with file.open("rb") as content:
            for n in range(_SAMPLES + 1):
                content.seek(max(0, size - _SAMPLE) * n // _SAMPLES)
                digest.update(content.read(_SAMPLE))
    return digest.hexdigest()[:16] if found else None
