"""A real HTTP server that does what a script says, in the shape of OpenAI's chat completions.

    with ScriptedServer(lambda body, attempt: reply("[[2]]")) as server:
        client = OpenAI(base_url=server.url, api_key="none")

The script gets the request's JSON and the number of the attempt at this content, from 1 on. It
must not keep state of its own: requests come from several threads.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Action:
    """What the server does with one request.

    Attributes:
        status: of the answer.
        body: of the answer.
        headers: besides Content-Type (JSON unless named here) and Content-Length.
        delay: seconds before it says anything; cut short when the server is closed.
        drop: close the connection in the middle of the body.
        drip: seconds between one byte of the body and the next; 0 sends it in one piece.
        silent: close the connection without a word.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drop: bool = False
    drip: float = 0.0
    silent: bool = False


Script = Callable[[Body, int], Action]


def reply(content: object, finish_reason: str = "stop", refusal: str | None = None) -> Action:
    """A completion with one choice."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted",
        "choices": [choice],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
    return Action(body=json.dumps(body).encode())


def verdict(**fields: str) -> Action:
    """A completion whose content is a JSON object with these fields, after some reasoning."""
    return reply(json.dumps({"reasoning": "as the question says", **fields}))


def status(
    number: int, message: str = "scripted", headers: Mapping[str, str] | None = None, **error: Any
) -> Action:
    """An error, such as `status(400, "no such thing", param="temperature")`."""
    body = {"error": {"message": message, "type": "scripted", "param": None, "code": None, **error}}
    return Action(number, json.dumps(body).encode(), headers or {})


def garbage(body: bytes, content_type: str = "application/json") -> Action:
    """A body that is no completion, with status 200."""
    return Action(body=body, headers={"Content-Type": content_type})


def late(seconds: float, action: Action) -> Action:
    """The same, after a while."""
    return replace(action, delay=seconds)


def dropped(action: Action) -> Action:
    """The same, but only half of it."""
    return replace(action, drop=True)


def dripped(seconds: float, action: Action) -> Action:
    """The same, byte by byte, with so many seconds between them."""
    return replace(action, drip=seconds)


def last_content(body: Body) -> str:
    """The text of the last message; of a message with parts, its texts and no picture."""
    content = body["messages"][-1]["content"]
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if "text" in part)


class ScriptedServer:
    """The server; use it as a context manager.

    Attributes:
        bodies: of all requests, in the order in which they came.
        headers: of all requests.
        times: when each of them came, by time.monotonic.
        counts: requests by the text of their last message.
    """

    def __init__(self, script: Script) -> None:
        self.bodies: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.counts: Counter[str] = Counter()
        self._script = script
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False  # joined when it is closed, so that none outlives it
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """What a client takes as base_url."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, headers: Mapping[str, str], raw: bytes) -> Action:
        """Note the request and ask the script."""
        if not path.split("?")[0].endswith("/chat/completions"):
            return status(404, f"no such path: {path}")
        body = json.loads(raw)
        content = last_content(body)
        with self._lock:
            self.bodies.append(body)
            self.times.append(time.monotonic())
            self.headers.append({name.lower(): value for name, value in headers.items()})
            self.counts[content] += 1
            attempt = self.counts[content]
        action = self._script(body, attempt)
        self._closing.wait(action.delay)
        return action

    def closing(self, seconds: float) -> bool:
        """Wait so long, and say whether the server is being closed."""
        return self._closing.wait(seconds)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    action = server.answer(self.path, dict(self.headers.items()), raw)
                except Exception as err:  # a fault of the script shows as such in the test
                    action = status(418, f"the script failed: {type(err).__name__}: {err}")
                with suppress(OSError):  # the client may have hung up
                    self.send(action)

            def send(self, action: Action) -> None:
                if action.silent:
                    return
                self.send_response(action.status)
                headers = {"Content-Type": "application/json", **action.headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(action.body)))
                self.end_headers()
                whole = len(action.body)
                body = action.body[: whole // 2 if action.drop else whole]
                if not action.drip:
                    self.wfile.write(body)
                    return
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    if server.closing(action.drip):
                        return

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler
