"""`transformers serve` as a process of its own, on a free port of this machine.

    with RealServer(python, folder) as server:
        judge = OpenAIJudge(protocol, "legal", base_url=server.url)

Models are folders in `folder`, named by their last part. The server is stopped at the end of the
block, whatever happened in it; in between it can be killed and started again at the same address.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

HOST = "127.0.0.1"
START = 240  # seconds in which it has to answer; importing torch alone takes some
STOP = 20  # seconds in which it has to end before it is killed


class RealServer:
    """The process.

    Args:
        python: interpreter that has `transformers[serving]`.
        folder: that holds the folders of the models; the log goes there, too.
    """

    def __init__(self, python: str, folder: Path) -> None:
        # Not resolved: the link of a virtual environment leads out of it.
        self._python = str(Path(python).absolute())
        self._folder = folder
        self._log = folder / "server.log"
        with socket.socket() as free:
            free.bind((HOST, 0))
            self._port = int(free.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What a client takes as base_url."""
        return f"http://{HOST}:{self._port}/v1"

    @property
    def completions(self) -> int:
        """Requests for a completion that were answered, by the server's own log."""
        return self._log.read_text(encoding="utf-8", errors="replace").count(
            '"POST /v1/chat/completions'
        )

    def __enter__(self) -> RealServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            SystemExit: it ends, or does not answer in time; the end of its log says why.
        """
        command = [self._python, "-m", "transformers.cli.transformers", "serve"]
        command += ["--host", HOST, "--port", str(self._port), "--device", "cpu"]
        offline = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=os.environ | offline, stdout=log, stderr=log
            )
        try:
            self._wait()
        except BaseException:  # Ctrl-C, too: a server that nobody holds would run on
            self.stop()
            raise

    def stop(self) -> None:
        """Ask it to end, and kill it if it does not."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _wait(self) -> None:
        end = time.monotonic() + START
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                raise SystemExit(f"the server ended by itself:\n{self._tail()}")
            if self._answers():
                return
            time.sleep(0.3)
        raise SystemExit(f"the server did not answer within {START} s:\n{self._tail()}")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _tail(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
