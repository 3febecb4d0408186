"""What is asked in place of a row's own prompt: templates, what is recorded, what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from dual_bench.errors import BadValueError, DualBenchError, JournalError, ResponsesError
from dual_bench.recording.answer import Answer
from dual_bench.run import asked, run, with_prompt
from tests.recorder_kit import lines, recorder
from tests.replies_kit import rows
from tests.test_run_driver import Batch, Endpoint

ROWS = [{**row, "prompt": f"What is {row['id']}?"} for row in rows(4)]
IDS: list[str] = [row["id"] for row in ROWS]
TEMPLATE = "{prompt} In {language}, {prompt}"
WANT = {id: f"What is {id}? In {{language}}, What is {id}?" for id in IDS}


class Noting(Batch):
    """Notes the prompts that it was given."""

    def __init__(self, given: Mapping[str, Answer] | None = None, more: int = 0) -> None:
        super().__init__(given or {})
        self.prompts: dict[str, str] = {}
        self._more = more

    def answer(self, rows: Sequence[Mapping[str, Any]]) -> list[Answer]:
        self.prompts |= {row["id"]: row["prompt"] for row in rows}
        return super().answer(rows) + [Answer("x")] * self._more


class NotingEndpoint(Endpoint):
    """The same, one row at a time."""

    def __init__(self, given: Mapping[str, Answer | Exception] | None = None) -> None:
        super().__init__(given)
        self.prompts: dict[str, str] = {}

    async def ask(self, row: Mapping[str, Any]) -> Answer:
        self.prompts[row["id"]] = row["prompt"]
        return await super().ask(row)


@pytest.mark.parametrize(
    ("template", "want"),
    [
        (None, "Why {a}?"),
        ("{prompt}", "Why {a}?"),
        ("{prompt} {prompt}!", "Why {a}? Why {a}?!"),
        ("Say {{prompt}} {0} {a.b} %s", "Say {Why {a}?} {0} {a.b} %s"),
        ("What?", "What?"),
    ],
)
def test_a_template_holds_the_rows_prompt_and_nothing_else(template: str, want: str) -> None:
    row = {"id": "a", "prompt": "Why {a}?", "image": 7}
    assert asked(row, template) == {**row, "prompt": want}
    assert row["prompt"] == "Why {a}?"


@pytest.mark.parametrize("template", ["", " \n", 7])
def test_an_empty_template_is_a_mistake(template: Any) -> None:
    with pytest.raises(BadValueError, match="prompt must be the words to ask"):
        asked(ROWS[0], template)
    with pytest.raises(BadValueError, match="prompt must be the words to ask"):
        with_prompt({}, template)


@pytest.mark.parametrize("make", [Noting, NotingEndpoint])
def test_both_kinds_of_models_get_it_and_every_line_says_so(tmp_path: Path, make: Any) -> None:
    failing = Answer(None, error="no", meta={"attempts": 3})
    model = make({IDS[1]: failing})
    with recorder(tmp_path, ROWS, generation=with_prompt({}, TEMPLATE)) as rec:
        digests = dict(rec._rows.digests)
        run(model, rec, prompt=TEMPLATE, batch_size=3)
    assert model.prompts == WANT
    got = {line["id"]: line["meta"] for line in lines(tmp_path)}
    assert {id: meta["prompt"] for id, meta in got.items()} == WANT
    assert {id: meta["row"] for id, meta in got.items()} == digests  # those of the build
    assert got[IDS[1]]["attempts"] == 3
    with recorder(tmp_path, ROWS, generation=with_prompt({}, TEMPLATE)) as rec:
        assert rec.settings.generation["prompt"] == TEMPLATE
        assert rec.counts["answered"] == len(ROWS) - 1


def test_a_row_whose_model_raises_says_what_was_asked(tmp_path: Path) -> None:
    model = NotingEndpoint({IDS[2]: ValueError("no")})
    with recorder(tmp_path, ROWS, generation={"prompt": TEMPLATE}) as rec:
        run(model, rec, prompt=TEMPLATE)
    (line,) = [line for line in lines(tmp_path) if line["id"] == IDS[2]]
    assert (line["error"], line["meta"]["prompt"]) == ("ValueError: no", WANT[IDS[2]])


@pytest.mark.parametrize("make", [Noting, NotingEndpoint])
def test_without_a_template_nothing_is_noted(tmp_path: Path, make: Any) -> None:
    model = make()
    with recorder(tmp_path, ROWS, generation=with_prompt({}, None)) as rec:
        run(model, rec)
    assert model.prompts == {row["id"]: row["prompt"] for row in ROWS}
    assert not any("prompt" in line["meta"] for line in lines(tmp_path))


def test_a_template_that_is_not_among_the_settings_asks_nothing(tmp_path: Path) -> None:
    model = Noting()
    told = "prompt: the recorder's settings must hold it"
    with recorder(tmp_path, ROWS) as rec, pytest.raises(DualBenchError, match=told):
        run(model, rec, prompt=TEMPLATE)
    assert model.asked == []


def test_another_template_is_refused_in_the_same_folder(tmp_path: Path) -> None:
    with recorder(tmp_path, ROWS, generation={"prompt": TEMPLATE}) as rec:
        run(Noting(), rec, prompt=TEMPLATE)
    with pytest.raises(JournalError, match=r'generation\.prompt: was .*, is "Why\?"'):
        recorder(tmp_path, ROWS, generation=with_prompt({}, "Why?"))
    with pytest.raises(JournalError, match=r"generation\.prompt: was .*, is absent"):
        recorder(tmp_path, ROWS, generation=with_prompt({}, None))


def test_too_many_answers_are_still_refused(tmp_path: Path) -> None:
    told, settings = "batch of 8 rows got 9 responses", {"prompt": "Why?"}
    with recorder(tmp_path, ROWS, generation=settings) as rec:  # noqa: SIM117
        with pytest.raises(ResponsesError, match=told):
            run(Noting(more=1), rec, prompt="Why?")
    assert lines(tmp_path) == []
