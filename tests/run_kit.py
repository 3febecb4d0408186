"""`dual-bench run` for tests: a server that knows rows by their picture, and looks at folders."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import datasets
from click.testing import CliRunner, Result

import dual_bench
from builders.importers.base import Changes, Imported
from builders.importers.package import write
from builders.row import make_row
from dual_bench.cli import main
from dual_bench.journal import read_journal
from dual_bench.responses import Response
from dual_bench.schema import Config
from tests.scripted_server import Action, Body, ScriptedServer, late, reply

ROOT = Path(__file__).parents[1]
MAIN = "from dual_bench.cli import main; main(prog_name='dual-bench')"
Row = dict[str, Any]


def command(*arguments: object, status: int = 0) -> Result:
    """Run the command in this process; it must end with this status, and never by a bug."""
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exit_code == status, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    shown = [c for c in result.output if unicodedata.category(c) in ("Cc", "Cf", "Cs")]
    assert set(shown) <= {"\n"}
    return result


def mistake(*arguments: object) -> str:
    """What the command says to a user's mistake: one line, and exit status 2."""
    result = command(*arguments, status=2)
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def started(*arguments: object, code: str = MAIN, **options: Any) -> subprocess.Popen[str]:
    """The command in a process of its own, with the cache of this one and no key or proxy."""
    cache = str(datasets.config.HF_DATASETS_CACHE)
    env = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**env, "HF_DATASETS_CACHE": cache, "NO_PROXY": "*"},
        **options,
    )


def rows_of(build: Path, *configs: str, **which: Any) -> list[Row]:
    """Rows as they were built, with pictures as bytes."""
    parts = [dual_bench.load(name, path=build, decode=False, **which) for name in configs]
    return [row for part in parts for row in part]


def lines(folder: Path) -> list[dict[str, Any]]:
    """What stands in responses.jsonl, line by line."""
    return read_journal(folder / "responses.jsonl")


def said(folder: Path) -> dict[str, str | None]:
    """Id -> reply, of the lines that have one; none may be there twice."""
    good = [line for line in lines(folder) if reason(line) is None]
    found = {line["id"]: line["response"] for line in good}
    assert len(found) == len(good)
    return found


def reason(line: Mapping[str, Any]) -> str | None:
    """Why a line of responses.jsonl has no reply."""
    end, error = line.get("finish_reason"), line.get("error")
    return Response(line["id"], line["response"], finish_reason=end, error=error).reason


def content(folder: Path) -> dict[str, bytes]:
    """Every file, byte by byte."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def seen(body: Body) -> tuple[str, bytes | None]:
    """The prompt and the picture of a request."""
    parts = body["messages"][-1]["content"]
    if isinstance(parts, str):
        return parts, None
    (picture,) = (part["image_url"]["url"] for part in parts if part["type"] == "image_url")
    (prompt,) = (part["text"] for part in parts if part["type"] == "text")
    return prompt, base64.b64decode(picture.partition(";base64,")[2], validate=True)


def words(id: str) -> str:
    """What a model says of a row."""
    return f"A reply to {id}: a line of words, and no more."


def own(folder: Path, prompt: str, pair: str = "p") -> Path:
    """A build of two rows, in a config `mine`."""

    def made() -> Iterator[Row]:
        for side in ("harmful", "benign"):
            yield make_row(
                config="mine", pair_id=pair, cluster_id="p", hazard="unknown", side=side,
                variant="text", prompt=f"{prompt} {side}", picture=None, text=None,
                expected="answer",
            )  # fmt: skip

    config = Config("mine", ("text",), "mine", hazards=("unknown",))
    write(folder, Imported("t", "mine", {"mine": config}, made, Changes(), (), "h", "none"))
    return folder


class Endpoint:
    """A server that tells the rows apart by prompt and picture.

    Attributes:
        asked: ids in the order in which their requests came.
        sick: id -> what is done in place of `words`, while it is not well.
        delay: seconds before each answer.
    """

    def __init__(self, rows: list[Row], sick: Mapping[str, Action] | None = None) -> None:
        self.ids = {(r["prompt"], r["image"] and r["image"]["bytes"]): r["id"] for r in rows}
        assert len(self.ids) == len(rows)
        self.asked: list[str] = []
        self.sick = dict(sick or {})
        self.delay = 0.0
        self.released = threading.Event()  # for those who let requests wait
        self.released.set()
        self.server = ScriptedServer(self._script)
        # else many that connect at once are kept waiting for a second, by the system
        self.server._server.socket.listen(128)

    def __enter__(self) -> Endpoint:
        self.server.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.released.set()
        self.server.__exit__(kind, value, trace)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def counts(self) -> Counter[str]:
        """How often each row was asked."""
        return Counter(self.asked)

    def taken(self) -> list[str]:
        """What was asked since this was called last."""
        found, self.asked = self.asked, []
        return found

    def _script(self, body: Body, attempt: int) -> Action:
        id = self.ids[seen(body)]  # a picture that is not the build's is an error of the script
        self.asked.append(id)
        self.released.wait(20)
        return self.sick.get(id) or late(self.delay, reply(words(id)))

    def options(self, build: Path, out: Path, *more: object) -> list[object]:
        """The arguments of a run against this server."""
        base = ["run", "--model", "openai:m", "--url", self.url, "--data", build, "--out", out]
        return [*base, *more]
