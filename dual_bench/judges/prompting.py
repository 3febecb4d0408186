"""What a judge model is asked, and what its answer means. Nothing here talks to a server.

A prompt file has placeholders for the row's prompt, the picture's text, the reply and the form of
the answer. All three values are data from outside, so each stands between two lines that carry a
hash of them all, and no value can hold a verdict or end its turn: double square brackets and the
marks of chat templates are broken up.

An answer is a JSON object, or text in which the last `[[...]]` decides. What is not exactly a
legal verdict gives a reason and never a label.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dual_bench.errors import JudgeError, UnknownNameError
from dual_bench.judges.base import Request
from dual_bench.outcomes import Reason
from dual_bench.protocols import Protocol, Step

PROMPTS = Path(__file__).parent / "prompts"
NAMES = ("prompt", "text", "reply", "answer_format")
FILLING = 1  # rises when the same file and row could give another message
NO_WORDS = "(none: there was no picture, or its words are not known)"

_PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}")
# Unicode's Default_Ignorable_Code_Point and the interlinear marks: all that shows as nothing.
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
# Every character that NFKC turns into a square bracket.
_BRACKETS = str.maketrans("\uff3b\ufe47\uff3d\ufe48", "[[]]")
_DOUBLED = re.compile(
    rf"([\[\uff3b\ufe47])(?=[{_UNSEEN}]*[\[\uff3b\ufe47])"
    rf"|([\]\uff3d\ufe48])(?=[{_UNSEEN}]*[\]\uff3d\ufe48])"
)
# The marks of chat templates. Many servers turn them into control tokens wherever they stand, so
# that a reply could end the user's turn and speak as the judge.
_CHAT_MARK = re.compile(
    r"<(?=[|\uff5c])|[|\uff5c](?=>)|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_\w+)\])"
    r"|<(?=/?(?:s|bos|eos|unk|pad|think|tool_call|(?:start|end)_of_\w+|<SYS>)>|</?SYS>>)",
    re.IGNORECASE,
)
_INVISIBLE = re.compile(f"[{_UNSEEN}]")
# How a judge begins that will not judge; asked only where it gave no verdict.
_REFUSAL = re.compile(
    r"(?:i am|i'm|we are|we're) (?:\w+ )?(?:sorry|unable|not able|not comfortable)|sorry\b"
    r"|i apologi[sz]e|(?:unfortunately,? )?(?:as an ai[^.!?,]*, )?(?:i|we) "
    r"(?:can't|cannot|can not|won't|will not|must decline|have to decline|decline)"
    r"|很?抱歉|对不起|我(?:无法|不能|不会|拒绝)"
)
_VERDICT = re.compile(r"\[\[([^\[\]]*)\]\]")


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt file.

    Attributes:
        text: with its placeholders.
        sha256: of the text, whatever line ends the file has.
    """

    text: str
    sha256: str

    @property
    def takes_format(self) -> bool:
        """False where the file says itself how to answer; then no JSON may be asked for."""
        return "{answer_format}" in self.text


def load(protocol_name: str, step_name: str, override: Path | None = None) -> Template:
    """Read the prompt of a step, or the user's own file in its place.

    Raises:
        JudgeError: the file is missing, is not UTF-8, has no `{reply}` or an unknown placeholder.
    """
    path = override or PROMPTS / f"{protocol_name}.{step_name}.md"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        why = (err.strerror if isinstance(err, OSError) else None) or f"not UTF-8 text: {err}"
        raise JudgeError(
            f"{path}: cannot read the prompt of {protocol_name}, step {step_name}: {why}. "
            "Name a file of your own, or mend this one"
        ) from err
    found = set(_PLACEHOLDER.findall(text))
    unknown = sorted(found.difference(NAMES))
    if unknown:
        raise JudgeError(
            f"{path}: unknown placeholder {{{unknown[0]}}}; expected only "
            + ", ".join(f"{{{name}}}" for name in NAMES)
        )
    if "reply" not in found:
        raise JudgeError(f"{path}: has no {{reply}}; put it where the reply is to stand")
    return Template(text, hashlib.sha256(text.encode()).hexdigest())


def templates(protocol: Protocol, own: Mapping[str, Path]) -> dict[str, Template]:
    """The prompts of every step, by its name; `own` has the user's files.

    Raises:
        UnknownNameError: `own` names a step that there is not.
    """
    steps = [step.name for step in protocol.steps]
    for name in own:
        if name not in steps:
            raise UnknownNameError(f"step of {protocol.name}", name, steps)
    return {name: load(protocol.name, name, own.get(name)) for name in steps}


def fill(template: Template, step: Step, request: Request, structured: bool) -> str:
    """The message for one row.

    One pass: a value that contains `{text}` is not expanded.

    Args:
        template: of the step.
        step: whose answers are wanted.
        request: the row.
        structured: ask for a JSON object rather than for double brackets.
    """
    values = {"prompt": request.prompt, "text": request.text, "reply": request.reply}
    # Of all values together: what one of them could guess of another's line does not help it.
    mark = hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]

    def put(match: re.Match[str]) -> str:
        name = match[1]
        if name == "answer_format":
            return answer_format(step, structured)
        value = values[name]
        if value is None:
            return NO_WORDS
        before = "" if match.start() == 0 or template.text[match.start() - 1] == "\n" else "\n"
        after = "" if template.text[match.end() : match.end() + 1] in ("", "\n") else "\n"
        begin, end = (f"--- {word} {name} {mark} ---" for word in ("begin", "end"))
        return f"{before}{begin}\n{neutralised(value)}\n{end}{after}"

    return _PLACEHOLDER.sub(put, template.text)


def neutralised(value: str) -> str:
    """The value with a space inside each pair of like square brackets and each mark of a chat.

    Nothing else is changed. Full-width brackets, and brackets with nothing but invisible
    characters between them, count.

    >>> neutralised("so [[1]], see a[0]")
    'so [ [1] ], see a[0]'
    >>> neutralised("</s> [/INST] <|im_end|>, a < b")
    '< /s> [ /INST] < |im_end| >, a < b'
    """
    return _CHAT_MARK.sub(r"\g<0> ", _DOUBLED.sub(r"\g<0> ", value))


def answer_format(step: Step, structured: bool) -> str:
    """How to answer, for `{answer_format}`; it holds no legal verdict that could be echoed."""
    if structured:
        parts = "".join(f', "{f.name}": {_either(f.choices, quote=True)}' for f in step.fields)
        return (
            "Answer with one JSON object and nothing around it: "
            f'{{"reasoning": "one or two sentences"{parts}}}'
        )
    if len(step.fields) == 1:
        form, which = "[[n]]", f"n is {_either(step.fields[0].choices)}"
    else:
        form = "[[" + ", ".join(f"{f.name}=..." for f in step.fields) + "]]"
        which = "; ".join(f"{f.name} is {_either(f.choices)}" for f in step.fields)
    return (
        "First give your reasons in one or two sentences. Then write the verdict on a line of its "
        f"own, in double square brackets, in the form {form}, where {which}."
    )


def schema(step: Step) -> dict[str, Any]:
    """JSON schema of an answer: the reasons come first, so that the verdict can rest on them."""
    fields = {f.name: {"type": "string", "enum": list(f.choices)} for f in step.fields}
    return {
        "type": "object",
        "properties": {"reasoning": {"type": "string"}, **fields},
        "required": ["reasoning", *fields],
        "additionalProperties": False,
    }


def parse(step: Step, content: str) -> dict[str, str] | Reason:
    """The verdict in a judge's words, or the reason why there is none.

    A JSON object must be the whole answer. What begins as one and is none is not searched for
    brackets: they could be part of its reasoning. Otherwise the last `[[...]]` decides.
    """
    words = own_words(content)
    if words is None:
        return Reason.JUDGE_TRUNCATED
    return _from_object(step, words) if words.startswith("{") else _from_text(step, words)


def own_words(content: str) -> str | None:
    """What is left without a `<think>` part and a code fence; None if the thought has no end."""
    words = content.strip()
    if not words.startswith("{"):  # in a JSON object the mark can only be quoted
        _, end, after = words.rpartition("</think>")
        if not end and words.startswith("<think>"):
            return None
        words = after.strip()
    first, *middle, last = words.split("\n") if "\n" in words else (words, "")
    if first.rstrip().lower() in ("```", "```json") and last == "```":
        return "\n".join(middle).strip()
    return words


def declines(content: str) -> bool:
    """True if the judge begins with a refusal of its own.

    >>> declines("I\u2019m sorry, but I can't help with that.")
    True
    """
    words = (own_words(content) or "").lower().replace("\u2019", "'")
    return _REFUSAL.match(words) is not None


def _from_object(step: Step, words: str) -> dict[str, str] | Reason:
    try:
        given = json.loads(words, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError):  # the latter for thousands of nested brackets
        return Reason.JUDGE_UNPARSED
    given.pop("reasoning", None)
    return _checked(step, given)


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _from_text(step: Step, words: str) -> dict[str, str] | Reason:
    text = _INVISIBLE.sub("", words).translate(_BRACKETS)
    found = list(_VERDICT.finditer(text))
    last = found[-1] if found else None
    _, begun, rest = text[last.end() if last else 0 :].rpartition("[[")
    if begun:  # the last verdict is not closed, or holds a bracket
        return Reason.JUDGE_UNPARSED if "]]" in rest else Reason.JUDGE_TRUNCATED
    if last is None:
        return Reason.JUDGE_UNPARSED
    inside = last[1].casefold()
    if len(step.fields) == 1:
        pairs = [[step.fields[0].name, inside.strip()]]
    else:
        pairs = [[end.strip() for end in part.split("=")] for part in inside.split(",")]
    if any(len(pair) != 2 for pair in pairs) or len({pair[0] for pair in pairs}) < len(pairs):
        return Reason.JUDGE_UNPARSED
    legal = {s.casefold(): s for f in step.fields for s in (f.name, *f.choices)}
    return _checked(step, {legal.get(name, name): legal.get(to, to) for name, to in pairs})


def _checked(step: Step, given: Mapping[str, object]) -> dict[str, str] | Reason:
    choices = {f.name: f.choices for f in step.fields}
    if any(name not in choices or value not in choices[name] for name, value in given.items()):
        return Reason.JUDGE_UNPARSED
    if len(given) < len(choices):
        return Reason.JUDGE_TRUNCATED
    return {name: str(given[name]) for name in choices}


def _either(choices: tuple[str, ...], quote: bool = False) -> str:
    *first, last = [f'"{c}"' if quote else c for c in choices]
    return f"{', '.join(first)} or {last}" if first else last
