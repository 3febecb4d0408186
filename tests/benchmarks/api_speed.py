"""How many requests a second does the loop for endpoints send, beside bare clients?

    python -m tests.benchmarks.api_speed [--data dual-bench] [--rows 4000] [--concurrency 64]
                                         [--delay 0] [--only "bare aiohttp" model run]

All in one run, against a server in a process of its own that answers after --delay ms, at once
where that is 0:
- bare aiohttp: one session that posts request bodies made beforehand, and reads the answers;
- bare httpx: the same with httpx, on which the openai package stands;
- raw asyncio: the same bytes over asyncio's streams, with an HTTP client of ten lines;
- loaded: bare aiohttp that sends rows as it reads them from the built files: loading and base64;
- model: `ChatModel.ask` over rows in memory: base64, JSON, posting, reading the completion;
- run: the same from the built files on disk into a run folder, through `Recorder.ask_all`.
They take turns; requests and CPU are those of the best round, since other programs only ever slow
them down, and the share of bare aiohttp is the median of the rounds, with the lowest and highest.
The server says how many bytes it was sent: they are the same for all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import httpx

import dual_bench
from dual_bench.recording.sources import Rows
from dual_bench.run.choice import SENT
from dual_bench.run.openai import ChatModel
from dual_bench.run.request import Request, content_of

CHOICE = {"index": 0, "message": {"role": "assistant", "content": "A fence."}}
USAGE = {"prompt_tokens": 300, "completion_tokens": 3, "total_tokens": 303}
COMPLETION = {"id": "c", "object": "chat.completion", "model": "m", "usage": USAGE}
BODY = json.dumps(COMPLETION | {"choices": [CHOICE | {"finish_reason": "stop"}]}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
    len(BODY),
    BODY,
)
TOTAL = b"GET /total "  # asks how many bytes of bodies came since it was asked last
BARE = "bare aiohttp"
SERVER_ROOM = 2**20  # bytes that the server takes from a connection at a time


class Server(asyncio.Protocol):
    """Answers every request at once, whatever it is."""

    received = 0  # bytes of bodies, over all connections
    delay = 0.0  # seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.head, self.left = b"", 0

    def data_received(self, data: bytes) -> None:
        if self.left == 0:
            self.head += data
            head, found, data = self.head.partition(b"\r\n\r\n")
            if not found:
                return
            self.head = b""
            if head.startswith(TOTAL):
                self.tell()
                return
            self.left = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        Server.received += len(data)
        self.left -= len(data)
        if self.left == 0:
            if self.delay:
                asyncio.get_running_loop().call_later(self.delay, self.transport.write, ANSWER)
            else:
                self.transport.write(ANSWER)

    def tell(self) -> None:
        total, Server.received = str(Server.received).encode(), 0
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(total) + total)


async def serve() -> None:
    """Serve until killed; prints the port first."""
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def server(delay: float = 0.0) -> Iterator[int]:
    module = "tests.benchmarks.api_speed"
    command = [sys.executable, "-m", module, "--serve", "--delay", str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:  # or what failed would wait for it for ever
            process.terminate()


Work = Callable[[], Awaitable[None]]


async def share(
    items: Iterable[Any], concurrency: int, one: Callable[[Any], Awaitable[Any]]
) -> None:
    """So many tasks work through the items, each taking the next."""
    queue = iter(items)

    async def work() -> None:
        for item in queue:
            await one(item)

    await asyncio.gather(*(work() for _ in range(concurrency)))


def bare(port: int, bodies: Callable[[], Iterable[bytes]], concurrency: int) -> Work:
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    headers = {"Content-Type": "application/json", "Authorization": "Bearer none"}

    async def run() -> None:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

            async def one(body: bytes) -> None:
                async with session.post(url, data=body) as answer:
                    assert await answer.read() == BODY

            await share(bodies(), concurrency, one)

    return run


def read(rows: Rows, request: Request) -> Iterator[bytes]:
    """The bodies, each made when its turn comes."""
    for row in rows.read(range(len(rows))):
        yield request.body(content_of(row), {})


def bare_httpx(port: int, bodies: Sequence[bytes], concurrency: int) -> Work:
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    headers = {"Content-Type": "application/json", "Authorization": "Bearer none"}

    async def run() -> None:
        limits = httpx.Limits(max_connections=concurrency)
        async with httpx.AsyncClient(limits=limits, headers=headers, trust_env=False) as client:

            async def one(body: bytes) -> None:
                assert (await client.post(url, content=body)).content == BODY

            await share(bodies, concurrency, one)

    return run


def raw(port: int, bodies: Sequence[bytes], concurrency: int) -> Work:
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"

    async def run() -> None:
        async def one(body: bytes) -> None:
            reader, writer = free.pop()
            writer.write((head % len(body)).encode() + body)
            await writer.drain()
            said = (await reader.readuntil(b"\r\n\r\n")).lower().partition(b"content-length:")[2]
            assert await reader.readexactly(int(said.split(b"\r\n")[0])) == BODY
            free.append((reader, writer))

        free = [await asyncio.open_connection("127.0.0.1", port) for _ in range(concurrency)]
        await share(bodies, concurrency, one)
        for _, writer in free:
            writer.close()

    return run


def model(port: int, rows: Sequence[dict[str, Any]], concurrency: int) -> Work:
    async def run() -> None:
        async with made(port, concurrency) as chat:

            async def one(row: dict[str, Any]) -> None:
                assert (await chat.ask(row)).response == "A fence."

            await share(rows, concurrency, one)

    return run


def whole(port: int, dataset: Any, concurrency: int) -> Work:
    async def run() -> None:
        chat = made(port, concurrency)
        with (
            tempfile.TemporaryDirectory() as folder,
            dual_bench.Recorder(folder, dataset, model="m", generation=chat.generation) as recorder,
        ):
            async with chat:
                await recorder.ask_all(chat.ask, concurrency=concurrency)
            assert recorder.counts["answered"] == len(dataset)

    return run


def made(port: int, concurrency: int) -> ChatModel:
    return ChatModel("m", base_url=f"http://127.0.0.1:{port}/v1", concurrency=concurrency)


async def total(port: int) -> int:
    """Bytes of bodies that the server got since it was asked last."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(TOTAL + b"HTTP/1.1\r\n\r\n")
    said = (await reader.readuntil(b"\r\n\r\n")).partition(b"Content-Length: ")[2]
    number = int(await reader.readexactly(int(said)))
    writer.close()
    return number


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of a build; None looks for one")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--delay", type=float, default=0.0, help="of the server, in milliseconds")
    parser.add_argument("--only", nargs="+", metavar="WAY", help="of those above")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        Server.delay = given.delay / 1000
        asyncio.run(serve())
        return
    dataset: Any = dual_bench.load("dual_use_perturbed", path=given.data, decode=False)
    dataset = dataset.shuffle(seed=0).select(range(min(given.rows, len(dataset))))
    dataset = dataset.select_columns(list(SENT)).flatten_indices()  # as `dual-bench run` has them
    rows = list(dataset)
    request = Request("m", {"max_tokens": 512, "temperature": 0.0}, None, {})
    bodies = [request.body(content_of(row), {}) for row in rows]
    size, n, on_disk = sum(map(len, bodies)), given.concurrency, Rows(dataset)
    print(f"{len(rows)} rows, {size / len(rows) / 1000:.1f} kB a request, {n} in flight")
    print(f"the server answers after {given.delay:g} ms")
    with server(given.delay) as port:
        ways: dict[str, Work] = {
            BARE: bare(port, lambda: bodies, n),
            "bare httpx": bare_httpx(port, bodies, n),
            "raw asyncio": raw(port, bodies, n),
            "loaded": bare(port, lambda: read(on_disk, request), n),
            "model": model(port, rows, n),
            "run": whole(port, dataset, n),
        }
        chosen = {name: work for name, work in ways.items() if name in (given.only or ways)}
        measure(chosen, port, size, len(rows), given.rounds)


def measure(ways: dict[str, Work], port: int, size: int, rows: int, rounds: int) -> None:
    """Let all take turns, and print requests a second."""
    wall: dict[str, list[float]] = {name: [] for name in ways}
    own: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            start, begun = time.perf_counter(), time.process_time()
            asyncio.run(_run(work))
            wall[name].append(time.perf_counter() - start)
            own[name].append(time.process_time() - begun)
            assert (got := asyncio.run(total(port))) == size, (name, got, size)
    print(f"{'':13} requests/s   of bare aiohttp       CPU of the client, us a request")
    for name, taken in wall.items():
        shares = [one / two for one, two in zip(wall.get(BARE, taken), taken, strict=True)]
        share = f"{median(shares):.2f} [{min(shares):.2f}, {max(shares):.2f}]"
        cpu = min(own[name]) / rows * 1e6
        print(f"{name:13} {rows / min(taken):10.0f}   {share:19}   {cpu:10.0f}")


async def _run(work: Work) -> None:
    await work()


if __name__ == "__main__":
    main()
