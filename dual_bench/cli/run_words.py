"""Messages of a run in the words of the command line: an option as it is typed.

The classes name their arguments, since they are used from Python, too. A message of theirs
begins with the argument that is wrong; that word, and nothing of what a server or a user says, is
put into the command line's words here. The few that name one elsewhere are listed as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dual_bench.errors import DualBenchError, UnknownNameError

OPTIONS = {  # argument -> option
    "api_key_env": "--key-env",
    "base_url": "--url",
    "batch_size": "--batch-size",
    "concurrency": "--concurrency",
    "device": "--device",
    "dtype": "--dtype",
    "extra_body": "--extra",
    "max_new_tokens": "--max-tokens",
    "max_requests": "--max-requests",
    "max_tokens": "--max-tokens",
    "max_wait": "--max-wait",
    "name": "--name",
    "prompt": "--prompt",
    "retries": "--retries",
    "revision": "--revision",
    "seed": "--seed",
    "system": "--system",
    "temperature": "--temperature",
    "timeout": "--timeout",
}
PHRASES = {  # of our own, before anything that a server says
    ", or name a base_url": ", or name an address with --url",
    ", or its base_url is not right": ", or the address (--url) is not right",
    "; max_requests are used up": "; --max-requests is used up",
    " s, and max_wait is ": " s, and --max-wait is ",
}
CHOICES = {"hazard": "--hazard", "side": "--side", "variant": "--variant", "config": "--config"}


@contextmanager
def typed_words() -> Iterator[None]:
    """What is raised inside speaks of options."""
    try:
        yield
    except DualBenchError as err:
        err.args = (typed(err),)
        raise


def typed(err: DualBenchError) -> str:
    """The message of an error in the words of the command line.

    >>> typed(DualBenchError("max_wait must be 0 or more, got -1"))
    '--max-wait must be 0 or more, got -1'
    """
    if isinstance(err, UnknownNameError):
        if err.kind.startswith("option of "):
            offered = [OPTIONS[name] for name in err.legal if name in OPTIONS]
            return str(UnknownNameError(err.kind, OPTIONS.get(str(err.got), err.got), offered))
        return f"{_first_word(str(err))}{_repeated(err)}"
    return _first_word(str(err))


def _first_word(message: str) -> str:
    for argument, option in OPTIONS.items():
        if message.startswith((f"{argument} ", f"{argument}: ")):
            message = option + message.removeprefix(argument)
            break
    for ours, theirs in PHRASES.items():
        message = message.replace(ours, theirs, 1)
    return message


def _repeated(err: UnknownNameError) -> str:
    """A hint where several names stand in one."""
    option = CHOICES.get(err.kind.split()[0])
    names = [name.strip() for name in str(err.got).split(",")]
    if option is None or len(names) < 2:
        return ""
    return f" For several, repeat it: {' '.join(f'{option} {name}' for name in names if name)}"
