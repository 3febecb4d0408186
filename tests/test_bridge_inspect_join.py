"""One reply a row out of several logs of Inspect: which one, whatever the logs are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dual_bench.bridges.inspect.join import Said, joined_replies, joined_rows
from dual_bench.bridges.inspect.log import Entry
from dual_bench.errors import ResponsesError
from dual_bench.responses import Response

OLD, NEW = Path("old.eval"), Path("new.eval")


def said(text: str | None, sample: str | None = None, **meta: Any) -> Said:
    return Said(Response("r", text, "m", "stop", None, meta), sample, False)


def failed(error: str = "down", sample: str | None = None, *, withdrawn: bool = False) -> Said:
    return Said(Response("r", None, "m", "stop", error, {}), sample, withdrawn)


def kept(old: Said, new: Said) -> Response:
    (found,) = joined_replies({OLD: [old], NEW: [new]})
    return found


def test_a_reply_goes_before_a_failure_in_either_log() -> None:
    words, down = said("words"), failed()
    assert kept(words, down).response == kept(down, words).response == "words"
    assert kept(words, said("")).response == kept(said(""), words).response == "words"


def test_of_failures_the_last_is_kept() -> None:
    assert kept(failed("first"), failed("last")).error == "last"


def test_the_same_reply_twice_is_one() -> None:
    assert kept(said("words", "a"), said("words", "a")).response == "words"
    assert kept(said("words", "a"), said("words", "b", retries=1)).response == "words"


def test_two_different_replies_are_refused_with_both_logs_and_the_rows() -> None:
    with pytest.raises(ResponsesError, match=r"old.eval and new.eval have .* 1 rows.* r;"):
        kept(said("one"), said("two"))
    cut = Response("r", "one", "m", "length")
    with pytest.raises(ResponsesError, match="different replies"):
        kept(said("one"), Said(cut, None, False))


def test_a_reply_that_the_retry_asked_for_again_gives_way() -> None:
    first, again = said("one", failed_after="the scorer broke"), said("two")
    assert kept(first, again).response == kept(again, first).response == "two"
    both = said("two", failed_after="and again")
    assert kept(first, both).response == "two"
    assert kept(first, failed()).response == "one"  # better than none


def test_what_is_invalid_in_one_log_is_invalid_in_all() -> None:
    marked = failed("marked as invalid", "a", withdrawn=True)
    assert kept(said("words", "a"), marked).error == "marked as invalid"
    assert kept(marked, said("words", "a")).error == "marked as invalid"
    assert kept(marked, said("asked again", "b")).response == "asked again"
    nameless = failed(withdrawn=True)  # of an Inspect that gave samples no names
    assert kept(nameless, said("words", None)).response == "words"


def test_a_row_that_changed_between_two_logs_is_refused() -> None:
    one, other = Entry("r", 1, "0" * 16), Entry("r", 1, "1" * 16)
    nameless = Entry("r", 1, None)
    assert joined_rows({OLD: [one], NEW: [one]}) == {"r": "0" * 16}
    assert joined_rows({OLD: [nameless], NEW: [one]}) == {"r": "0" * 16}
    assert joined_rows({OLD: [one], NEW: [nameless]}) == {"r": "0" * 16}
    with pytest.raises(ResponsesError, match=r"old.eval and new.eval: r had another prompt"):
        joined_rows({OLD: [one], NEW: [other]})
