"""The transformers loop with a real, if tiny, vision-language model that is made on the spot.

Needs torch and transformers, which the project does not; `transformers serve` needs more.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import dual_bench
from dual_bench.errors import DamagedBuildError, RunStoppedError
from dual_bench.responses import read_responses
from dual_bench.run.kinds import BatchModel
from dual_bench.run.openai import ChatModel
from dual_bench.run.transformers import TransformersModel
from tests.real_server.server import RealServer
from tests.tiny_vlm import SIDE, make_vlm

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

SERVING = ("accelerate", "fastapi", "uvicorn", "openai")
PROMPT = "Describe the image."
SORRY, NOTE, BARE = "I'm sorry, but I can't help.", "It shows a note.", "There is no picture."
ROOM = 40  # tokens, one a byte
COUNT = 48


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of torch wait for each other busily: on a shared machine one is faster than two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def models(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of a model that babbles and of one that tells black from white."""
    folder = tmp_path_factory.mktemp("models")
    make_vlm(folder / "random")
    picture = {name: Image.new("RGB", (SIDE, SIDE), name) for name in ("black", "white")}
    lessons = [(picture["black"], PROMPT, SORRY), (picture["white"], PROMPT, NOTE)]
    make_vlm(folder / "taught", [*lessons, (None, PROMPT, BARE)])
    return folder


@pytest.fixture(scope="module")
def babbler(models: Path) -> TransformersModel:
    return TransformersModel(str(models / "random"), device="cpu", max_new_tokens=ROOM)


@pytest.fixture(scope="module")
def taught(models: Path) -> TransformersModel:
    return TransformersModel(str(models / "taught"), device="cpu", max_new_tokens=ROOM)


@pytest.fixture(scope="module")
def mixed(build: Path) -> list[dict[str, Any]]:
    """Rows with prompts of many lengths; some have a picture, some none."""
    rows = list(dual_bench.load("contrast_text", path=build))
    bare = [row for row in rows if row["image"] is None]
    return [row for pair in zip(rows, bare, strict=False) for row in pair][:24]


def row(colour: str | None, id: str = "a") -> dict[str, Any]:
    image = Image.new("RGB", (200, 90), colour) if colour else None
    return {"id": id, "prompt": PROMPT, "image": image}


def record(folder: Path, dataset: Any, model: TransformersModel, size: int = 16) -> dict[str, int]:
    with dual_bench.Recorder(folder, dataset, model=model.name, generation=model.generation) as rec:
        for rows in rec.batches(size):
            rec.add_batch(rows, model.answer(rows))
        return rec.counts


def test_batches_and_single_rows_give_the_same_replies(
    babbler: TransformersModel, mixed: list[dict[str, Any]]
) -> None:
    assert {row["image"] is None for row in mixed} == {True, False}
    assert len({len(row["prompt"]) for row in mixed}) > 8
    together = babbler.answer(mixed)
    assert [answer for row in mixed for answer in babbler.answer([row])] == together
    assert len({answer.response for answer in together}) > 1
    assert {(answer.error, answer.finish_reason) for answer in together} == {(None, "length")}


def test_each_row_is_answered_for_its_own_picture(taught: TransformersModel) -> None:
    colours = ["black", None, "white", "white", None, "black"]
    answers = taught.answer([row(colour, str(n)) for n, colour in enumerate(colours)])
    said = {"black": SORRY, "white": NOTE, None: BARE}
    assert [(a.response, a.finish_reason) for a in answers] == [
        (said[colour], "stop") for colour in colours
    ]


def test_what_the_model_gets(taught: TransformersModel, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []
    real = taught._model.generate

    def generate(**how: Any) -> Any:
        seen.append(how)
        return real(**how)

    monkeypatch.setattr(taught._model, "generate", generate)
    taught.answer([row("black"), row("white") | {"prompt": "What is it, and what is it for?"}])
    (given,) = seen
    black, white = given["pixel_values"]
    assert black.max() < 0 < white.min()
    short, long = given["attention_mask"].tolist()
    assert (short[0], short[-1]) == (0, 1)  # padded where the prompt begins
    assert set(long) == {1}
    assert given["do_sample"] is False


def test_a_preview_is_what_the_model_reads(taught: TransformersModel) -> None:
    assert taught.preview(row("black")) == (
        f"<|im_start|>user\n<image>{PROMPT}<|im_end|>\n<|im_start|>assistant\n"
    )
    assert isinstance(taught, BatchModel)


def test_a_cut_reply_says_so(models: Path) -> None:
    model = TransformersModel(str(models / "taught"), device="cpu", max_new_tokens=len(SORRY))
    assert model.answer([row("black")]) == [(SORRY, "length", None, {})]  # no room for the end
    (answer,) = model.answer([row("white")])
    assert (answer.response, answer.finish_reason) == (NOTE, "stop")


def test_nothing_after_the_end_mark_is_read(taught: TransformersModel) -> None:
    words, after = (taught._words(text)["input_ids"] for text in ("A note.", "padding"))
    end = taught._words.eos_token_id
    assert taught._read([*words, end, *after, end]) == ("A note.", "stop", None, {})
    assert taught._read([end, *after]) == ("", "stop", None, {})


def test_a_row_that_fails_has_an_error_and_the_others_their_replies(
    taught: TransformersModel,
) -> None:
    bad = row(None, "bad") | {"image": {"bytes": b"no picture", "path": None}}
    marks = row("white", "marks") | {"prompt": "What is <image> here?"}  # the placeholder's name
    answers = taught.answer([row("black"), bad, row("white"), marks, row("black")])
    assert [a.response for a in answers] == [SORRY, None, NOTE, None, SORRY]
    assert "picture cannot be read" in str(answers[1].error)
    assert answers[3].error


def test_memory_that_runs_out_halves_the_batch(
    taught: TransformersModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    real = taught._model.generate

    def generate(**how: Any) -> Any:
        sizes.append(len(how["input_ids"]))
        if sizes[-1] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(**how)

    monkeypatch.setattr(taught._model, "generate", generate)
    model = TransformersModel(taught.name, device="cpu", max_new_tokens=ROOM)
    monkeypatch.setattr(model, "_model", taught._model)
    assert [a.response for a in model.answer([row("white")] * 5)] == [NOTE] * 5
    assert sizes == [5, 2, 3, 1, 2]


def test_a_lost_device_stops_the_run(
    taught: TransformersModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def generate(**how: Any) -> Any:
        raise torch.AcceleratorError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(taught._model, "generate", generate)
    with pytest.raises(RunStoppedError, match="cannot be used any more"):
        taught.answer([row("black")])


def test_pictures_that_were_not_loaded_stop_the_run(taught: TransformersModel) -> None:
    with pytest.raises(DamagedBuildError, match="load the column"):
        taught.answer([{"id": "a", "prompt": PROMPT, "pixel_sha256": "00"}])


def test_drawing_is_repeatable_and_differs_by_seed_and_row(models: Path) -> None:
    def said(seed: int, id: str) -> str | None:
        model = TransformersModel(
            str(models / "random"), device="cpu", max_new_tokens=9, temperature=1.0, seed=seed
        )
        return model.answer([row("black", id)])[0].response

    assert said(0, "a") == said(0, "a")
    assert len({said(0, "a"), said(1, "a"), said(0, "b")}) == 3


def test_settings_name_the_weights(models: Path, babbler: TransformersModel) -> None:
    generation = dict(babbler.generation)
    weights = generation.pop("weights")
    assert generation.pop("defaults").keys() >= {"eos_token_id"}
    assert generation == {
        "max_new_tokens": ROOM, "temperature": 0.0, "seed": 0, "system": None,
        "dtype": "float32", "revision": None,
    }  # fmt: skip
    make_vlm(models / "another", seed=2)
    assert TransformersModel(str(models / "another")).generation["weights"] != weights
    again = TransformersModel(str(models / "random"), system="Be kind.")
    assert (again.generation["weights"], again.generation["system"]) == (weights, "Be kind.")


def test_models_that_cannot_be_used(models: Path, tmp_path: Path) -> None:
    with pytest.raises(RunStoppedError, match=r"^no/such: cannot be loaded \(no folder"):
        TransformersModel("no/such")
    with pytest.raises(RunStoppedError, match="cannot be loaded: "):
        TransformersModel(str(tmp_path))
    for file in (models / "random").iterdir():
        if file.name != "chat_template.jinja":
            (tmp_path / file.name).symlink_to(file)
    with pytest.raises(RunStoppedError, match="is no model for chats"):
        TransformersModel(str(tmp_path))


def test_48_rows_into_a_run_folder_and_a_second_start(
    build: Path, tmp_path: Path, taught: TransformersModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = dual_bench.load("dual_use", path=build).select(range(COUNT))
    asked: list[str] = []
    real = taught.answer
    failing = {rows[3]["id"], rows[40]["id"]}

    def answer(batch: Any) -> Any:
        asked.extend(row["id"] for row in batch)
        return [
            a._replace(response=None, error="x") if row["id"] in failing else a
            for row, a in zip(batch, real(batch), strict=True)
        ]

    monkeypatch.setattr(taught, "answer", answer)
    assert record(tmp_path, rows, taught) == {"answered": 46, "model_error": 2, "missing": 0}
    assert asked == rows["id"]
    monkeypatch.undo()
    assert record(tmp_path, rows, taught) == {"answered": 48, "missing": 0}
    result = dual_bench.score(tmp_path, dataset=rows)
    assert len(result.verdicts) == COUNT
    assert {v.reason for v in result.verdicts} == {None}


@pytest.fixture(scope="module")
def server(models: Path) -> Iterator[RealServer]:
    if missing := [name for name in SERVING if find_spec(name) is None]:
        pytest.skip(f"transformers serve needs {', '.join(missing)}")
    with RealServer(sys.executable, models) as running:
        yield running


def test_transformers_serve_says_the_same_over_http(
    server: RealServer, build: Path, tmp_path: Path, babbler: TransformersModel
) -> None:
    rows, raw = (
        dual_bench.load("dual_use", path=build, decode=decode).select(range(COUNT))
        for decode in (True, False)
    )

    async def ask() -> None:
        async with chat("random", server) as model:
            with dual_bench.Recorder(tmp_path / "http", raw, model="random") as rec:
                await rec.ask_all(model.ask, concurrency=4)

    asyncio.run(ask())
    record(tmp_path / "here", rows, babbler)
    assert server.completions >= COUNT
    assert replies(tmp_path / "http") == replies(tmp_path / "here")
    here, http = (dual_bench.score(tmp_path / way, dataset=rows) for way in ("here", "http"))
    assert [(v.id, v.label) for v in here.verdicts] == [(v.id, v.label) for v in http.verdicts]


def test_transformers_serve_takes_pictures_as_data_uris(server: RealServer) -> None:
    async def ask() -> list[str | None]:
        async with chat("taught", server) as model:
            return [(await model.ask(row(colour))).response for colour in ("black", None, "white")]

    assert asyncio.run(ask()) == [SORRY, BARE, NOTE]


def chat(name: str, server: RealServer) -> Any:
    return ChatModel(name, base_url=server.url, api_key_env="NO_KEY", max_tokens=ROOM)


def replies(folder: Path) -> dict[str, tuple[str | None, str | None]]:
    found = read_responses(folder / "responses.jsonl")
    return {item.id: (item.response, item.finish_reason) for item in found}
