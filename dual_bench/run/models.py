"""A model by the name that the command line gives it, such as `openai:gpt-5-mini`.

Each kind is a module of its own, imported when it is asked for, because each needs packages that
the others do not. A model of your own needs none of this: see `dual_bench.Recorder`.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re
from collections.abc import Mapping
from typing import Any

from dual_bench.errors import BadValueError, DualBenchError, EndpointError, UnknownNameError
from dual_bench.run.hub import whole
from dual_bench.run.kinds import Model

KINDS: Mapping[str, tuple[str, str]] = {  # kind -> its module and class
    "openai": ("dual_bench.run.openai", "ChatModel"),
    "transformers": ("dual_bench.run.transformers", "TransformersModel"),
    "vllm": ("dual_bench.run.vllm", "VLLMModel"),
}
RENAMED: Mapping[str, Mapping[str, str]] = {"transformers": {"max_tokens": "max_new_tokens"}}
_BARE = re.compile(r"@[\w.-]+(:\d+|/|:\d+/.*|/.*)$")  # an address, and no version of a model
FORMS = ("openai:MODEL", "openai:MODEL@URL", "transformers:MODEL", "vllm:MODEL")


def make_model(spec: str, *, name: str | None = None, **options: Any) -> Model:
    """The model that is meant; nothing is asked yet.

    Args:
        spec: one of `FORMS`. MODEL is what the endpoint calls it, or a repository or folder.
        name: its name in a run folder and in tables; None is MODEL, and of a folder its whole
            path. What an endpoint or the Hub calls it then stands in `generation.model`.
        options: of the kind's class; those that are None are not given.

    Raises:
        UnknownNameError: no such kind, or the kind has no such option.
        DualBenchError: there is no such folder, or the name is empty.
        EndpointError: two addresses.
        DependencyError: its package is missing; names the extra.
    """
    kind = kind_of(spec)
    if name is not None and not name.strip():  # before the model: loading one takes long
        raise BadValueError("name", name, "a name for tables")
    called = spec.partition(":")[2]
    own = RENAMED.get(kind, {})
    given = {own.get(key, key): value for key, value in options.items() if value is not None}
    if kind == "openai" and "@http" in called:
        called, _, url = called.partition("@http")
        if "base_url" in given:  # else requests, and the key, would go to one that was not meant
            raise EndpointError("base_url: a second address; there is one after @ in the model")
        given["base_url"] = f"http{url}"
    elif kind == "openai" and _BARE.search(called):  # else it would go to the default address
        raise EndpointError(f"{spec}: write the address with http:// or https:// after the @")
    elif kind != "openai" and _is_path(called) and not os.path.exists(whole(called)):
        raise DualBenchError(f"{spec}: there is no folder {called}")  # else the Hub would be asked
    module, class_ = KINDS[kind]
    made = getattr(importlib.import_module(module), class_)
    legal = _options(made)
    for key in given:
        if key not in legal:
            raise UnknownNameError(f"option of {kind}: models", key, legal)
    model: Model = made(called, **given)
    return model if name is None else _named(model, name)


def kind_of(spec: str) -> str:
    """The kind of model that a name means.

    Raises:
        UnknownNameError: no such kind.
    """
    kind, _, name = spec.partition(":")
    if kind not in KINDS or not name:
        raise UnknownNameError("model", spec, FORMS)
    return kind


def _named(model: Model, name: str) -> Model:
    """The model under another name, under which no two models can be mixed.

    What an endpoint or the Hub calls it is kept beside its settings. Where a folder lies says
    nothing of what is in it: its weights have a fingerprint there.
    """
    if name != model.name and model.generation.get("weights") is None:
        model.generation = {**model.generation, "model": model.name}
    model.name = name
    return model


def _is_path(name: str) -> bool:
    """Whether it can only be a folder: a repository is called NAME or OWNER/NAME."""
    return name.startswith((".", "/", "~")) or name.count("/") > 1


def _options(made: Any) -> list[str]:
    """What a class takes beside the name; `**limits` stands for those of `chat.Limits`."""
    found = []
    for name, parameter in list(inspect.signature(made).parameters.items())[1:]:
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            from dual_bench.run.chat import Limits

            found += list(inspect.signature(Limits).parameters)
        else:
            found.append(name)
    return found
