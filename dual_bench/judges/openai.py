"""A judge behind any OpenAI-compatible endpoint: a provider's, or a server of your own.

Whatever the server or the model does, a row gets a legal verdict or the reason why it has none;
only a user's mistake (a wrong key, an unknown model) raises. Retries, back-off and `Retry-After`
are the `openai` package's. Nothing is asked a second time because its verdict was not liked.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dual_bench.endpoint import adaptation, error_in, find_endpoint, is_block, utf8
from dual_bench.errors import DependencyError, JudgeError
from dual_bench.judges import prompting
from dual_bench.judges.base import Reply, Request
from dual_bench.outcomes import Reason
from dual_bench.protocols import Protocol, Step

STRUCTURED = ("auto", "json", "text")
TEMPERATURE = 0
TEXT_KEPT = 2000  # characters of the judge's words in the evidence
ERROR_KEPT = 300

ENDINGS = {
    "content_filter": Reason.JUDGE_BLOCKED,
    "length": Reason.JUDGE_TRUNCATED,
    "max_tokens": Reason.JUDGE_TRUNCATED,
    "error": Reason.JUDGE_ERROR,  # routers end so where the model behind them broke off
}


class Said(NamedTuple):
    """What came of one question: answers or a reason, the judge's words, and what went wrong."""

    result: dict[str, str] | Reason
    text: str = ""
    error: str = ""


class OpenAIJudge:
    """Ask a chat model.

    Args:
        protocol: whose questions are asked.
        model: as the endpoint calls it.
        base_url: of the endpoint; None takes `OPENAI_BASE_URL`, or else OpenAI's own.
        api_key_env: environment variable that holds the key. With a base_url it may be unset.
        prompts: step name -> a prompt file of your own.
        workers: requests in flight at once.
        timeout: seconds that a request waits for the server; each retry has as many again.
        retries: how often a request is repeated that fails for reasons of the server.
        max_tokens: room for the judge's answer.
        structured: `json` sends a schema, `text` asks for double brackets, `auto` sends the
            schema until the server says that it knows none.
        name: in place of `openai:<model>`; the hash of the settings still follows it.

    Raises:
        DependencyError: the `openai` package is missing.
        JudgeError: no key, or a setting that cannot be.
        UnknownNameError: `prompts` names a step that the protocol does not have.
    """

    def __init__(
        self,
        protocol: Protocol,
        model: str,
        *,
        base_url: str | None = None,
        api_key_env: str = "OPENAI_API_KEY",
        prompts: Mapping[str, Path] = {},
        workers: int = 8,
        timeout: float = 60.0,
        retries: int = 5,
        max_tokens: int = 1024,
        structured: str = "auto",
        name: str | None = None,
    ) -> None:
        least = {"workers": 1, "retries": 0, "max_tokens": 1, "timeout": 0.001}
        given = {"workers": workers, "retries": retries, "max_tokens": max_tokens}
        for key, value in {**given, "timeout": timeout}.items():
            if not value >= least[key]:
                raise JudgeError(f"{key} must be {least[key]} or more, got {value!r}")
        if structured not in STRUCTURED:
            raise JudgeError(f"structured must be one of {STRUCTURED}, got {structured!r}")
        self._endpoint = find_endpoint(base_url, api_key_env, error=JudgeError)
        self._protocol = protocol
        self._templates = prompting.templates(protocol, prompts)
        self._workers = workers
        self._identity = {
            "kind": "openai",
            "model": model,
            "base_url": self._endpoint.shown,
            "protocol": protocol.id,
            "prompts": {step: t.sha256 for step, t in self._templates.items()},
            "filling": prompting.FILLING,
            "temperature": TEMPERATURE,
            "max_tokens": max_tokens,
            "structured": structured,
        }
        digest = hashlib.sha256(json.dumps(self._identity, sort_keys=True).encode()).hexdigest()
        self._name = f"{name or f'openai:{model}'}#{digest[:8]}"
        self._limits: dict[str, Any] = {"timeout": timeout, "max_retries": retries}
        self._openai = _package()
        self._client = self._openai.OpenAI(
            base_url=self._endpoint.url, api_key=self._endpoint.key or "none", **self._limits
        )
        self._lock = threading.Lock()
        self._adapted: dict[str, str] = {}  # replaced and never changed: threads read it

    @property
    def name(self) -> str:
        """The model and a hash of every setting that the verdicts depend on."""
        return self._name

    @property
    def workers(self) -> int:
        """As many as were asked for; the client is thread-safe."""
        return self._workers

    def describe(self) -> dict[str, Any]:
        """The settings, and under `adapted` what the server made us ask in another way."""
        return self._identity | self._limits | {"workers": self._workers, "adapted": self._adapted}

    def __call__(self, request: Request) -> Reply:
        """Ask the steps that this row needs.

        Raises:
            JudgeError: the server refuses the key or does not know the model.
        """
        answers: dict[str, str] = {}
        words: list[str] = []
        evidence: dict[str, str] = {}
        for step in self._protocol.steps:
            if not step.when(answers, request.side):
                continue
            said, mode = self._ask(step, request)
            words.append(said.text)
            evidence = {
                "text": self._endpoint.scrubbed("\n".join(words))[-TEXT_KEPT:],
                "mode": mode,
            }
            if isinstance(said.result, Reason):
                failed = {"error": said.error} if said.error else {}
                return Reply(reason=said.result, evidence={**answers, **evidence, **failed})
            answers |= said.result
        return Reply(self._protocol.label(answers), evidence={**answers, **evidence})

    def _ask(self, step: Step, request: Request) -> tuple[Said, str]:
        """One step; asked again where the server rejects a parameter, once for each."""
        while True:
            sent = self._settings(step, self._adapted)
            mode = "json" if "response_format" in sent else "text"
            template = self._templates[step.name]
            message = utf8(prompting.fill(template, step, request, mode == "json"))
            try:
                completion = self._client.chat.completions.create(
                    messages=[{"role": "user", "content": message}], **sent
                )
            except self._openai.APIStatusError as err:
                change = {} if _is_block(err) else _change(err, sent)
                if not change:
                    return self._failed(err), mode
                self._adapt(change)
            # A body that is no JSON comes through as it was raised by the parser.
            except (self._openai.OpenAIError, ValueError, RecursionError) as err:
                return self._failed(err), mode
            else:
                return self._read(step, completion), mode

    def _settings(self, step: Step, adapted: Mapping[str, str]) -> dict[str, Any]:
        sent: dict[str, Any] = {"model": self._identity["model"]}
        sent[adapted.get("max_tokens", "max_tokens")] = self._identity["max_tokens"]
        if "temperature" not in adapted:
            sent["temperature"] = TEMPERATURE
        plain = self._identity["structured"] == "text" or "response_format" in adapted
        if self._templates[step.name].takes_format and not plain:
            answer = {"name": step.name, "strict": True, "schema": prompting.schema(step)}
            sent["response_format"] = {"type": "json_schema", "json_schema": answer}
        return sent

    def _adapt(self, change: dict[str, str]) -> None:
        if "response_format" in change and self._identity["structured"] == "json":
            where = self._identity["base_url"]
            raise JudgeError(f'{where} takes no response_format; use structured "auto" or "text"')
        with self._lock:
            self._adapted = {**self._adapted, **change}

    def _failed(self, err: Exception) -> Said:
        """The reason for a request that brought no answer; raises for a user's mistake."""
        line = self._brief(err)
        if isinstance(err, self._openai.APITimeoutError):
            return Said(Reason.JUDGE_TIMEOUT, error=line)
        if _is_block(err):
            return Said(Reason.JUDGE_BLOCKED, error=line)
        status = getattr(err, "status_code", 0)
        if mistake := self._endpoint.mistake(status, str(self._identity["model"]), line):
            raise JudgeError(mistake) from None
        return Said(Reason.JUDGE_ERROR, error=line)

    def _read(self, step: Step, completion: object) -> Said:
        """The verdict in a completion; the package checks no types, so this does."""
        choices = getattr(completion, "choices", None)
        choice = choices[0] if isinstance(choices, list) and choices else None
        message: Any = getattr(choice, "message", None)
        if not hasattr(message, "content"):
            said = getattr(completion, "error", None)  # routers send it with status 200
            error = f"no choices in the server's answer{f': {said}' if said else ''}"
            return Said(Reason.JUDGE_ERROR, error=self._endpoint.scrubbed(error)[:ERROR_KEPT])
        content = message.content if isinstance(message.content, str) else ""
        if getattr(message, "refusal", None):
            return Said(Reason.JUDGE_REFUSED, str(message.refusal), "the judge declined")
        ending = getattr(choice, "finish_reason", None)
        if isinstance(ending, str) and ending in ENDINGS:
            return Said(ENDINGS[ending], content, f"finish_reason {ending}")
        result = prompting.parse(step, content)
        if result is Reason.JUDGE_UNPARSED and prompting.declines(content):
            return Said(Reason.JUDGE_REFUSED, content, "the judge declined")
        return Said(result, content, "" if isinstance(result, dict) else "no legal verdict")

    def _brief(self, err: Exception) -> str:
        cause = f" ({type(err.__cause__).__name__})" if err.__cause__ else ""
        first = (str(err).splitlines() or [""])[0]
        return self._endpoint.scrubbed(f"{type(err).__name__}: {first}{cause}")[:ERROR_KEPT]


def _package() -> Any:
    try:
        import openai
    except ImportError as err:
        raise DependencyError(
            'the openai judge needs the openai package: pip install "dual-bench[judge]"'
        ) from err
    return openai


def _is_block(err: Exception) -> bool:
    """True where a filter stopped the prompt, whichever status it came with."""
    return is_block(error_in(getattr(err, "body", None)))


def _change(err: Any, sent: Mapping[str, Any]) -> dict[str, str]:
    return adaptation(err.status_code, f"{err.param} {err.message} {err.body}", sent)
