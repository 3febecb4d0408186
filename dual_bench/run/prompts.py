"""What is asked in place of a row's own prompt: a template in which `{prompt}` stands for it.

    run(model, recorder, prompt="{prompt} Answer in one sentence.")

A template holds no code and reaches nothing but the prompt: other braces stay as they are. The
row stays the row of the build, so its digest, and with it the data of the run, do not change.
What was asked stands beside each reply, as `meta.prompt`, for the judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dual_bench.errors import BadValueError, DualBenchError
from dual_bench.recording.answer import Answer
from dual_bench.recording.todo import Todo
from dual_bench.run.kinds import Row

OWN = "{prompt}"


def asked(row: Row, template: str | None) -> Row:
    """The row as the model gets it; the same row where there is no template.

    >>> asked({"id": "a", "prompt": "Why {x}?"}, "{prompt} Be brief, {y}.")
    {'id': 'a', 'prompt': 'Why {x}? Be brief, {y}.'}

    Raises:
        DualBenchError: the template is empty.
    """
    if template is None:
        return row
    _check(template)
    own = row.get("prompt")
    if OWN not in template:
        return {**row, "prompt": template}
    if not isinstance(own, str):
        return row  # the model says what it lacks
    return {**row, "prompt": template.replace(OWN, own)}


def with_prompt(generation: Mapping[str, Any], template: str | None) -> Mapping[str, Any]:
    """A model's settings, as a recorder should get them: the template is one of them.

    >>> with_prompt({"seed": 1}, None), with_prompt({"seed": 1}, "Why?")
    ({'seed': 1}, {'seed': 1, 'prompt': 'Why?'})

    Raises:
        DualBenchError: the template is empty.
    """
    if template is None:
        return generation
    _check(template)
    return {**generation, "prompt": template}


class Asking:
    """The rows of one run as they are asked, and what was asked of those on their way.

    Args:
        template: None asks the rows' own prompts, and notes nothing.
        generation: the settings that are recorded; they must hold the template.

    Raises:
        DualBenchError: they do not, so that replies to two templates could be mixed.
    """

    def __init__(self, template: str | None, generation: Mapping[str, Any]) -> None:
        self._template = template
        self._asked: dict[str, str | None] = {}  # of rows that have no answer yet
        if template is not None and generation.get("prompt") != template:
            raise DualBenchError(
                f"prompt: the recorder's settings must hold it, as with_prompt(model.generation, "
                f"prompt) gives them; they have {generation.get('prompt')!r}"
            )

    def rows(self, todo: Todo) -> Todo:
        """The rows to be asked, with what is asked of them as their prompt."""
        return todo if self._template is None else Todo(self._noted(todo), len(todo))

    def answer(self, id: str, answer: Answer) -> Answer:
        """An answer, and what was asked."""
        prompt = self._asked.pop(id, None)
        if prompt is None:
            return answer
        return answer._replace(meta={**answer.meta, "prompt": prompt})

    def batch(self, rows: Sequence[Row], answers: Sequence[Answer]) -> Sequence[Answer]:
        """The same for a batch; one with too few or too many is for the recorder to refuse."""
        if len(rows) != len(answers):
            return answers
        return [self.answer(row["id"], one) for row, one in zip(rows, answers, strict=True)]

    def _noted(self, todo: Todo) -> Iterator[dict[str, Any]]:
        for row in todo:
            new = dict(asked(row, self._template))
            self._asked[new["id"]] = new.get("prompt")
            yield new


def _check(template: str) -> None:
    if not isinstance(template, str) or not template.strip():
        raise BadValueError("prompt", template, f"the words to ask; {OWN} stands for a row's own")
