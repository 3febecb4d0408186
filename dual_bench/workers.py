"""Threads that work through a queue and can be stopped at any moment, by Ctrl-C too.

The queues are C ones and no Python code holds a lock: `concurrent.futures.wait` can be
interrupted between taking a lock and being able to give it back, and then its threads wait for
ever. What a thread has begun is always finished.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")


class Workers(Generic[Task, Outcome]):
    """Threads that apply a function to tasks.

    Args:
        count: of threads.
        work: what is done to a task, in any of the threads.
    """

    def __init__(self, count: int, work: Callable[[Task], Outcome]) -> None:
        self._work = work
        self._todo: SimpleQueue[list[Task]] = SimpleQueue()  # an empty list ends a thread
        self._done: SimpleQueue[Outcome | _Failed] = SimpleQueue()
        self.flying = 0  # tasks that were given and have not come back
        self._threads = [Thread(target=self._run, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def give(self, task: Task) -> None:
        """Queue a task."""
        self.flying += 1
        self._todo.put([task])

    def take(self) -> Outcome:
        """Wait for the next outcome, in order of arrival; raises what its task raised."""
        got = self._done.get()
        self.flying -= 1
        if isinstance(got, _Failed):
            raise got.error
        return got

    def withdraw(self) -> list[Task]:
        """Take back the tasks that no thread has begun."""
        back: list[Task] = []
        while True:
            try:
                back += self._todo.get_nowait()
            except Empty:
                self.flying -= len(back)
                return back

    def stop(self) -> None:
        """Begin nothing more, and wait for what has begun."""
        self.withdraw()
        for _ in self._threads:
            self._todo.put([])
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while task := self._todo.get():
            try:
                self._done.put(self._work(task[0]))
            except BaseException as err:  # it belongs to whoever takes the outcome
                self._done.put(_Failed(err))


class _Failed:
    """A task that raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
