"""VLMEvalKit's prediction files as run folders: the same words, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import dual_bench
from dual_bench.bridges.vlmevalkit.convert import convert
from dual_bench.bridges.vlmevalkit.failures import doubt, is_failure
from dual_bench.errors import OutputError, ResponsesError
from dual_bench.recording import Recorder, read_settings, row_digest
from dual_bench.responses import read_responses
from tests.vlmevalkit_kit import AWKWARD, FAILURES, MODEL, SAID, asked, dump, frame, name_of

TEXT = (".tsv", ".csv", ".json", ".jsonl")


def recorded(folder: Path) -> Path:
    """The same replies through the recorder."""
    with Recorder(folder, asked(), model=MODEL) as rec:
        for row, said in zip(asked(), SAID, strict=True):
            failed = said in FAILURES
            rec.add(row["id"], None if failed else said, error=said if failed else None)
    return folder


@pytest.mark.parametrize("ending", TEXT)
def test_a_log_gives_what_the_recorder_gives(tmp_path: Path, ending: str) -> None:
    found = convert(dump(frame(), tmp_path, ending), tmp_path / "run")
    own = recorded(tmp_path / "own")
    mine, theirs = (list(read_responses(f)) for f in (own, tmp_path / "run"))
    same = [(r.id, r.response, r.error, r.finish_reason, r.meta["row"]) for r in mine]
    assert [(r.id, r.response, r.error, r.finish_reason, r.meta["row"]) for r in theirs] == same
    one, two = (dual_bench.score(f, asked()) for f in (own, tmp_path / "run"))
    assert one.verdicts == two.verdicts
    assert one.to_dict()["estimates"] == two.to_dict()["estimates"]
    assert found.failed == sum(one.unscored.values()) == len(FAILURES) + 3  # and three blank ones
    assert found.replies == len(SAID) - found.failed
    assert found.missing == ()
    assert not any("which export" in line for line in found.notes)
    settings = read_settings(own)
    assert settings is not None
    assert (found.settings.rows, found.settings.data) == (settings.rows, settings.data)
    assert read_settings(tmp_path / "run") == found.settings
    assert (found.settings.model, found.settings.by) == (MODEL, "vlmevalkit")


@pytest.mark.parametrize("ending", TEXT)
def test_what_may_be_something_else_is_a_doubt(tmp_path: Path, ending: str) -> None:
    found = convert(dump(frame(), tmp_path, ending), tmp_path / "run")
    doubted = [r for r in read_responses(tmp_path / "run") if "doubt" in r.meta]
    assert sorted(str(r.response) for r in doubted) == sorted(
        [
            "nan",
            "None",
            "_x000D_ and _x0041_ and x005F_",
            'On the board: "Failed to obtain answer via API."',
        ]
    )
    assert set(found.notes) == {
        f"1 replies may not be what the model said ({r.meta['doubt']}): {r.id}" for r in doubted
    }


@pytest.mark.parametrize("text", FAILURES)
def test_failures_are_known(text: str) -> None:
    assert is_failure(text)


@pytest.mark.parametrize(
    "text",
    [
        *AWKWARD,
        "Failed to obtain answer sheets are shown in the picture",
        "Error code: 40000 is on the screen",
        "Error code: 404. The page is not there.",
        "\nFailed to obtain answer via API.",
        'The JSON {"error":{"message":"x"}} is shown',
    ],
)
def test_a_reply_is_no_failure(text: str) -> None:
    assert not is_failure(text)


def test_words_of_a_failure_elsewhere_are_a_doubt() -> None:
    assert doubt('It says "Error code: 404".')
    assert not doubt("It says nothing.")


@pytest.mark.parametrize("ending", [".tsv", ".json"])
def test_a_megabyte_is_a_reply(tmp_path: Path, ending: str) -> None:
    data = frame(["字 \n" * 250_000, *SAID[1:]])
    convert(dump(data, tmp_path, ending), tmp_path / "run")
    assert read_responses(tmp_path / "run").items[0].response == "字 \n" * 250_000


def test_a_folder_of_several_files_is_one_run(tmp_path: Path) -> None:
    run = tmp_path / "T20260101_G0a1b2c3d"
    run.mkdir()
    data = frame()
    for part in (data[:10], data[10:]):
        dump(part, run, ".tsv")
    (run / f"{MODEL}_{name_of(data)}_PREV.pkl").write_bytes(b"")
    found = convert(run, tmp_path / "run")
    assert found.settings.rows == len(SAID)
    assert found.settings.by == "vlmevalkit 0a1b2c3d"
    (run / "status.json").write_text('{"commit": "ffff"}')
    assert convert(run, tmp_path / "again").settings.by == "vlmevalkit ffff"


def test_settings_of_the_user_are_kept(tmp_path: Path) -> None:
    log = dump(frame(), tmp_path, ".tsv")
    found = convert(log, tmp_path / "run", model="other", generation={"temperature": 0})
    assert (found.settings.model, found.settings.generation) == ("other", {"temperature": 0})


def test_what_was_thought_is_kept_apart(tmp_path: Path) -> None:
    data = frame().assign(thinking=["hm", *[""] * (len(SAID) - 1)])
    convert(dump(data, tmp_path, ".tsv"), tmp_path / "run")
    first, second, *_ = read_responses(tmp_path / "run")
    assert first.meta["thinking"] == "hm"
    assert "thinking" not in second.meta


def test_a_missing_value_of_json_is_no_reply(tmp_path: Path) -> None:
    log = dump(frame(), tmp_path, ".json")
    text = log.read_text("utf-8")
    log.write_text(text.replace('"prediction": "1.0"', '"prediction": NaN', 1), "utf-8")
    convert(log, tmp_path / "run")
    assert [r.response for r in read_responses(tmp_path / "run")].count(None) == len(FAILURES) + 1


def renamed(log: Path) -> Path:
    return log.rename(log.with_name("predictions.tsv"))


def twice(log: Path) -> Path:
    log.write_text(log.read_text("utf-8").replace(asked()[1]["id"], asked()[0]["id"]), "utf-8")
    return log


def changed(log: Path) -> Path:
    log.write_text(log.read_text("utf-8").replace("row-", "row ", 1), "utf-8")
    return log


def cut(log: Path) -> Path:
    log.write_bytes(log.read_bytes()[:60_000])
    return log


def pickled(log: Path) -> Path:
    return log.rename(log.with_suffix(".pkl"))


def old_excel(log: Path) -> Path:
    return log.rename(log.with_suffix(".xls"))


def latin(log: Path) -> Path:
    log.write_bytes(log.read_bytes().replace("图".encode(), b"\xe4"))
    return log


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (renamed, "which model"),
        (twice, "line 3: a second prediction on dual_use/vcr-001/harmful"),
        (changed, "expected our id"),
        (cut, "not a legal record"),
        (pickled, "can run any code"),
        (old_excel, "before .xlsx"),
        (latin, "not UTF-8"),
    ],
)
def test_what_cannot_be_taken_is_refused(
    tmp_path: Path, spoil: Callable[[Path], Path], message: str
) -> None:
    log = spoil(dump(frame(), tmp_path, ".tsv"))
    with pytest.raises(ResponsesError, match=message) as caught:
        convert(log, tmp_path / "run")
    assert log.name in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("ending", TEXT)
@pytest.mark.parametrize("column", ["prediction", "dual_bench_id", "dual_bench_row"])
def test_columns_must_be_there(tmp_path: Path, ending: str, column: str) -> None:
    data = frame()
    path = dump(data, tmp_path, ending)
    path.write_text(path.read_text("utf-8").replace(column, "other"), "utf-8")
    with pytest.raises(ResponsesError, match=f"there is no column '{column}'"):
        convert(path, tmp_path / "run")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "expected a JSON list"),
        ("[1]", "row 1: expected an object"),
        ("[{", "not whole JSON"),
        ("[]", "holds no prediction"),
        ("", "not whole JSON"),
    ],
)
def test_json_of_another_form_is_refused(tmp_path: Path, text: str, message: str) -> None:
    log = tmp_path / f"{MODEL}_{name_of(frame())}.json"
    log.write_text(text)
    with pytest.raises(ResponsesError, match=message):
        convert(log, tmp_path / "run")


def test_records_of_agents_are_refused(tmp_path: Path) -> None:
    log = dump(frame(), tmp_path, ".json")
    log.write_text(log.read_text("utf-8").replace('"007"', '{"text": "7"}'), "utf-8")
    with pytest.raises(ResponsesError, match="row 16: 'prediction' must be text, got a JSON dict"):
        convert(log, tmp_path / "run")


def test_a_part_is_taken_only_on_demand(tmp_path: Path) -> None:
    log = dump(frame(), tmp_path, ".tsv")
    dump(frame()[:-1], tmp_path, ".tsv").replace(log)  # another run's rows under this name
    with pytest.raises(ResponsesError, match="38 rows are not those of the export"):
        convert(log, tmp_path / "run")
    assert convert(log, tmp_path / "run", partial=True).settings.rows == len(SAID) - 1


def test_a_name_that_says_nothing_is_named(tmp_path: Path) -> None:
    log = renamed(dump(frame(), tmp_path, ".tsv"))
    notes = convert(log, tmp_path / "run", model="m").notes
    assert notes[0] == (
        "1 files do not say which export they are of; they may not be whole: predictions.tsv"
    )


def test_two_models_are_not_mixed(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for model, part in (("a", frame()[:5]), ("b", frame()[5:])):
        dump(part, logs, ".tsv", model)
    with pytest.raises(ResponsesError, match="2 models: a, b"):
        convert(logs, tmp_path / "run")


def test_a_folder_without_predictions(tmp_path: Path) -> None:
    with pytest.raises(ResponsesError, match="holds no prediction file"):
        convert(tmp_path, tmp_path / "run")
    pickled(dump(frame(), tmp_path, ".tsv"))
    with pytest.raises(ResponsesError, match="PRED_FORMAT"):
        convert(tmp_path, tmp_path / "run")
    with pytest.raises(ResponsesError, match="no such file"):
        convert(tmp_path / "none.tsv", tmp_path / "run")


def test_a_folder_with_replies_is_left_alone(tmp_path: Path) -> None:
    own = recorded(tmp_path / "own")
    before = (own / "responses.jsonl").read_bytes()
    with pytest.raises(OutputError, match="holds replies already"):
        convert(dump(frame(), tmp_path, ".tsv"), own)
    assert (own / "responses.jsonl").read_bytes() == before


def test_rows_are_compared_with_the_build(tmp_path: Path, build: Path) -> None:
    rows = dual_bench.load("dual_use", path=build, hazards=["privacy"]).to_list()
    log = dump(frame(["hello"] * len(rows), rows), tmp_path, ".tsv")
    found = convert(log, tmp_path / "run", data=build)
    assert len(found.missing) == 11 * len(rows)
    assert not {r["id"] for r in rows} & set(found.missing)
    other = [{**row, "prompt": "Say what it shows."} for row in rows]
    assert row_digest(other[0]) != row_digest(rows[0])
    log = dump(frame(["hello"] * len(rows), other), tmp_path, ".tsv")
    with pytest.raises(ResponsesError, match="6 of its 6 rows had another prompt or picture"):
        convert(log, tmp_path / "other", data=build)
