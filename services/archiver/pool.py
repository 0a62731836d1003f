"""Runs tasks on a thread pool and gives their results in the tasks' order, a few at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

T = TypeVar("T")


def in_order(pool: Executor, tasks: Iterable[Callable[[], T]], ahead: int) -> Iterator[T]:
    """Give each task's result, never holding more than *ahead* results beyond the one given.

    A task's exception is raised at its turn; what was begun after it is waited for by whoever shuts the pool down.
    """
    begun: deque[Future[T]] = deque()
    for task in tasks:
        begun.append(pool.submit(task))
        if len(begun) > ahead:
            yield begun.popleft().result()
    while begun:
        yield begun.popleft().result()
