"""Record what a model says, row by row, so that nothing that was paid for is ever lost.

    with dual_bench.Recorder("run", dataset, model="my-vlm", generation={"seed": 0}) as rec:
        for row in rec.todo():
            rec.add(row["id"], my_model(row["image"], row["prompt"]))
    print(dual_bench.score("run"))

When `add` returns, the reply is with the system and survives kill -9. The same program, started
again, is given what is missing or has failed. One folder holds replies of one model, under one
set of settings, on one build of the data; anything else is refused, with what differs. How the
model is run, and what its words mean, is not for this module to know.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from difflib import get_close_matches
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any

from dual_bench.errors import BadValueError, ResponsesError, UnknownNameError
from dual_bench.files import make_folder
from dual_bench.journal import Journal
from dual_bench.outcomes import Reason
from dual_bench.recording.answer import Answer
from dual_bench.recording.concurrently import ask_each
from dual_bench.recording.earlier import check_settings, earlier_replies
from dual_bench.recording.identity import data_digest
from dual_bench.recording.settings import RunSettings, write_settings
from dual_bench.recording.sources import Row, Rows
from dual_bench.recording.todo import Todo, check_whole, positions
from dual_bench.responses import RESPONSES, Response

FAILED = (Reason.MODEL_ERROR.value, Reason.EMPTY.value, Reason.BLOCKED.value)


class Recorder:
    """The one writer of a run folder. Use it in a `with` block; `add` may be called by threads.

    Args:
        folder: of the run; made if it is missing.
        dataset: the rows to be asked: a `datasets.Dataset` as `dual_bench.load` gives it, or a
            list of dicts with an `id`. With the columns `prompt` and `pixel_sha256` a second
            start can tell whether it has the same data.
        model: its name, as you want to see it in tables.
        generation: everything else that could change a reply (temperature, system prompt,
            revision, number of tokens, ...), as plain JSON values.
        by: which program records, for run.json; None is this package.

    Raises:
        JournalError: another process has the folder, or it holds another run; says what differs.
        DualBenchError: the dataset cannot be used.
        OutputError: the folder cannot be made.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        dataset: Any,
        *,
        model: str,
        generation: Mapping[str, Any] | None = None,
        by: str | None = None,
    ) -> None:
        from dual_bench import __version__

        self.folder = Path(folder)
        self._rows = Rows(dataset)
        self.settings = RunSettings(
            model,
            generation or {},
            len(self._rows),
            data_digest(self._rows.digests),
            by or f"dual_bench {__version__}",
        )
        self._lock = Lock()
        make_folder(self.folder)
        with ExitStack() as undo:
            self._journal = undo.enter_context(Journal(self.folder / RESPONSES))
            is_begun = next(iter(self._journal.records()), None) is not None
            found = earlier_replies(self.folder, self._rows.digests, is_begun=is_begun)
            answered = any(reason is None for reason in found.values())
            check_settings(self.folder, self.settings, answered)
            write_settings(self.folder, self.settings)
            undo.pop_all()
        # id -> why there is no reply; None for a reply. Rows of other configs may be among them.
        self._known: dict[str, Reason | None] = found

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Wait until the disk has everything, and let go of the folder."""
        self._journal.close()

    @property
    def counts(self) -> dict[str, int]:
        """Rows of this dataset: `answered`, `missing`, and reasons that there are."""
        return self.count()

    def count(self, *, shard: int = 0, of: int = 1) -> dict[str, int]:
        """The same for a shard."""
        ids = [self._rows.ids[n] for n in positions(len(self._rows), shard, of)]
        reasons = Counter(self._known[id] for id in ids if id in self._known)
        failed = {reason.value: reasons[reason] for reason in Reason if reasons[reason]}
        return {"answered": reasons[None], **failed, "missing": len(ids) - reasons.total()}

    def todo(self, *, shard: int = 0, of: int = 1, retry: Iterable[str] = FAILED) -> Todo:
        """The rows that are missing or have failed, in the order of the dataset, each once.

        Args:
            shard: which part, from 0 on, where several processes share the work. Each has a
                folder of its own; `dual_bench.merge` joins them.
            of: how many parts there are.
            retry: the failures that are asked again: `model_error`, `empty`, `blocked`.

        Returns:
            An iterator with a length. A row is read, and its picture decoded, when its turn
            comes; several threads may share one iterator.

        Raises:
            BadValueError: no such shard.
            UnknownNameError: no such failure.
        """
        again = {_reason(name) for name in ([retry] if isinstance(retry, str) else retry)}
        part = positions(len(self._rows), shard, of)
        numbers = [n for n in part if self._is_due(self._rows.ids[n], again)]
        # `datasets` hashes a list number by number, and a range at once
        return Todo(self._rows.read(part if len(numbers) == len(part) else numbers), len(numbers))

    def batches(
        self, size: int, *, shard: int = 0, of: int = 1, retry: Iterable[str] = FAILED
    ) -> Iterator[list[Row]]:
        """The rows of `todo` in lists of `size`; the last may be shorter.

        Raises:
            BadValueError: `size` is not 1 or more, or no such shard.
            UnknownNameError: no such failure.
        """
        check_whole("size of a batch", size, 1)
        return self.todo(shard=shard, of=of, retry=retry).batches(size)

    def add(
        self,
        id: str,
        response: str | None,
        *,
        finish_reason: str | None = None,
        error: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        """Record what came back for a row. It is safe when this returns.

        Args:
            id: of the row.
            response: the model's words, unchanged; None where there are none.
            finish_reason: why it stopped, in the provider's word; a filter's makes it `blocked`.
            error: what went wrong in place of a reply; makes it `model_error`.
            meta: anything else, as plain JSON values. `row` is the recorder's own; `prompt` says
                what was asked, where that was not the row's prompt.

        Raises:
            UnknownNameError: no row has this id.
            BadValueError: it is a row, and not its id.
            ResponsesError: the row has a reply already, or a value is of another type.
            OutputError: it cannot be written; nothing of it stays in the file.
        """
        if not isinstance(id, str) or id not in self._rows.digests:
            raise _no_such(id, self._rows.ids)
        words = {"response": response, "finish_reason": finish_reason, "error": error}
        _check_words(id, words)
        _check_meta(id, meta)
        record: dict[str, Any] = {"id": id, "model": self.settings.model, "response": response}
        if finish_reason:
            record["finish_reason"] = finish_reason
        if error:
            record["error"] = error
        record["meta"] = {**(meta or {}), "row": self._rows.digests[id]}
        reason = Response(id, response, finish_reason=finish_reason, error=error).reason
        with self._lock:
            if self._known.get(id, Reason.MISSING) is None:
                raise ResponsesError(f"{self.folder}: {id} has a reply already; it was kept")
            self._journal.append(record)
            self._known[id] = reason

    def add_batch(
        self,
        rows: Sequence[str | Mapping[str, Any]],
        responses: Sequence[str | Answer | None],
        *,
        finish_reasons: Sequence[str | None] | None = None,
    ) -> None:
        """Record the replies to a batch, in its order.

        Args:
            rows: of the batch, or their ids.
            responses: one for each.
            finish_reasons: as for `add`; an `Answer` has its own.

        Raises:
            ResponsesError: there are more or fewer replies than rows; none is kept.
        """
        ends = finish_reasons if finish_reasons is not None else [None] * len(rows)
        if not len(rows) == len(responses) == len(ends):
            raise ResponsesError(
                f"a batch of {len(rows)} rows got {len(responses)} responses and {len(ends)} "
                f"finish reasons; none was kept"
            )
        for row, response, end in zip(rows, responses, ends, strict=True):
            answer = response if isinstance(response, Answer) else Answer(response, end)
            self.keep(row if isinstance(row, str) else row["id"], answer)

    def keep(self, id: str, answer: Answer) -> None:
        """`add` for what is an `Answer` already."""
        self.add(
            id,
            answer.response,
            finish_reason=answer.finish_reason,
            error=answer.error,
            meta=answer.meta,
        )

    async def ask_all(
        self,
        ask: Callable[[Row], Awaitable[str | Answer | None]],
        *,
        concurrency: int = 16,
        shard: int = 0,
        of: int = 1,
        retry: Iterable[str] = FAILED,
        patience: int = 20,
    ) -> None:
        """Ask for every row of `todo`, several at once, and record each reply as it comes.

        Args:
            ask: gets a row; gives the reply, or an `Answer` with more. What it raises becomes
                the row's error.
            concurrency: rows that are being asked at any time.
            shard: as for `todo`.
            of: as for `todo`.
            retry: as for `todo`.
            patience: failures in a row after which it is taken to be broken.

        Raises:
            BadValueError: `concurrency` is not 1 or more, or no such shard.
            RunStoppedError: `ask` failed `patience` times in a row; rows not asked stay missing.
            DualBenchError: what `ask` raised of these stops the run. Rows on their way are
                always waited for and kept, because they are paid for.
        """
        todo = self.todo(shard=shard, of=of, retry=retry)
        await ask_each(todo, ask, self.keep, concurrency, patience)

    def _is_due(self, id: str, again: set[Reason]) -> bool:
        reason = self._known.get(id, Reason.MISSING)
        return reason is not None and (reason is Reason.MISSING or reason in again)


def _reason(name: str) -> Reason:
    if str(name) not in FAILED:
        raise UnknownNameError("failure to ask again", name, FAILED)
    return Reason(name)


def _check_words(id: str, words: Mapping[str, Any]) -> None:
    for name, value in words.items():
        if value is not None and not isinstance(value, str):
            got = type(value).__name__
            raise ResponsesError(
                f"{id}: {name} must be a string or None, got a {got}: {value!r:.80}"
            )


def _check_meta(id: str, meta: Any) -> None:
    if meta is not None and not isinstance(meta, (dict, Mapping)):  # dict first: it is found faster
        got = type(meta).__name__
        raise ResponsesError(f"{id}: meta must be a mapping or None, got a {got}: {meta!r:.80}")


def _no_such(id: Any, ids: Sequence[str]) -> UnknownNameError:
    if isinstance(id, Mapping):
        return BadValueError("id", id, "the row's id", "give row['id']")
    few = get_close_matches(str(id), ids, n=2) or ids[:1]  # there are thousands
    return UnknownNameError("id of a row", id, [*few, f"... ({len(ids):,} rows)"])
