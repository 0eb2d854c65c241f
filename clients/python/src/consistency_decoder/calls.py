"""Retries, deadlines and cancellation, the same for every transport."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from .errors import DeadlineExceededError, DecodeCancelledError, DecoderError, InvalidInputError

T = TypeVar("T")

# Seconds, as the Java client has it: a large picture on a few cores takes minutes.
DEFAULT_DEADLINE = 900.0
# Longer ones than the system's calls take are none.
_LONGEST_DEADLINE = 1e8


class Cancellation:
    """Stops calls from another thread. Safe for use by several threads; once cancelled, always cancelled.

    The server notices that the caller has gone and stops the decode as well.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._stops: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """Stops the calls that this was given to, and those that it will be given to."""
        with self._lock:
            self._event.set()
            stops = list(self._stops)
        for stop in stops:
            stop()

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._event.is_set()

    def check(self) -> None:
        """Raises :class:`DecodeCancelledError` if :meth:`cancel` was called."""
        if self.cancelled:
            raise DecodeCancelledError("the call was cancelled by its caller; use a new Cancellation to decode again")

    def wait(self, seconds: float) -> None:
        """Sleeps, but not through a cancellation."""
        self._event.wait(seconds)

    @contextmanager
    def watching(self, stop: Callable[[], None]) -> Iterator[None]:
        """Calls ``stop`` if this is cancelled, or has been, before the block ends."""
        with self._lock:
            self._stops.append(stop)
            late = self.cancelled
        if late:
            stop()
        try:
            yield
        finally:
            with self._lock:
                self._stops.remove(stop)


class Deadline:
    """A moment by which a call must be done; or none."""

    def __init__(self, seconds: float | None) -> None:
        if seconds is not None and not seconds > 0:
            raise InvalidInputError(f"a deadline of {seconds} s: more than 0 is needed, or None")
        self._seconds = seconds
        self._end = None if seconds is None or seconds > _LONGEST_DEADLINE else time.monotonic() + seconds

    def remaining(self) -> float | None:
        """Seconds that are left, None if there is no deadline.

        Raises :class:`DeadlineExceededError` if none are left.
        """
        if self._end is None:
            return None
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.exceeded()
        return left

    def within(self, seconds: float) -> bool:
        """Whether so many seconds are left."""
        return self._end is None or time.monotonic() + seconds < self._end

    def exceeded(self, server_said: str = "") -> DeadlineExceededError:
        """The error for when it has passed."""
        what = "the deadline" if self._seconds is None else f"the deadline of {self._seconds:g} s"
        reason = f": {server_said}" if server_said else ""
        return DeadlineExceededError(
            f"{what} passed before the answer came{reason}; "
            "allow more time, decode smaller or fewer pictures, or use a faster machine"
        )


class TransientError(Exception):
    """Internal: an attempt failed in a way that another one may not.

    ``after`` is what the server asked to wait, in seconds.
    """

    def __init__(self, error: DecoderError, after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after


@dataclass(frozen=True)
class RetryPolicy:
    """How often to try, and how long to wait in between.

    The wait doubles from ``first_wait`` up to ``longest_wait`` seconds, and a random part of it is taken, so that
    callers that failed together do not come back together. If the server says how long to wait, that long and
    up to a fifth more.
    """

    attempts: int = 4
    first_wait: float = 0.2
    longest_wait: float = 5.0
    longest_asked: float = 60.0

    def run(self, once: Callable[[], T], deadline: Deadline, cancellation: Cancellation) -> T:
        """Tries until it works, fails for good, is cancelled, or there is no time for another attempt."""
        attempt = 1
        while True:
            cancellation.check()
            deadline.remaining()
            try:
                return once()
            except TransientError as failure:
                wait = self._wait(attempt, failure.after)
                if attempt >= self.attempts or wait > self.longest_asked or not deadline.within(wait):
                    raise failure.error from failure.__cause__
            cancellation.wait(wait)
            attempt += 1

    def _wait(self, attempt: int, asked: float | None) -> float:
        if asked is not None:
            return asked * (1 + 0.2 * random.random())
        longest = min(self.longest_wait, self.first_wait * 2 ** (attempt - 1))
        return float(longest * (0.5 + 0.5 * random.random()))
