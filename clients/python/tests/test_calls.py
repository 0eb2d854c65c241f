from __future__ import annotations

import threading
import time

import pytest

from consistency_decoder.calls import Cancellation, Deadline, RetryPolicy, TransientError
from consistency_decoder.errors import (
    DeadlineExceededError,
    DecodeCancelledError,
    InvalidInputError,
    ServerBusyError,
    ServerUnavailableError,
)

QUICK = RetryPolicy(first_wait=0.001, longest_wait=0.002)


class Failing:
    """Fails so many times, then gives 'done'."""

    def __init__(self, times: int, after: float | None = None) -> None:
        self.left, self.calls, self.after = times, 0, after

    def __call__(self) -> str:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise TransientError(ServerUnavailableError("away"), self.after)
        return "done"


def test_it_is_tried_four_times() -> None:
    work = Failing(3)
    assert QUICK.run(work, Deadline(None), Cancellation()) == "done"
    assert work.calls == 4


def test_the_last_failure_is_the_one_that_is_raised() -> None:
    work = Failing(9)
    with pytest.raises(ServerUnavailableError, match="away"):
        QUICK.run(work, Deadline(None), Cancellation())
    assert work.calls == 4


def test_the_server_says_how_long_to_wait() -> None:
    began = time.monotonic()
    QUICK.run(Failing(1, after=0.2), Deadline(None), Cancellation())
    assert time.monotonic() - began >= 0.2


def test_nobody_waits_past_the_deadline_for_an_attempt_that_cannot_be_made() -> None:
    work = Failing(9, after=30)
    with pytest.raises(ServerUnavailableError):
        QUICK.run(work, Deadline(5), Cancellation())
    assert work.calls == 1


def test_nobody_waits_as_long_as_an_hour_because_a_server_says_so() -> None:
    work = Failing(1, after=3600)
    with pytest.raises(ServerUnavailableError):
        QUICK.run(work, Deadline(None), Cancellation())
    assert work.calls == 1


def test_a_cancellation_ends_the_wait_between_attempts() -> None:
    cancellation = Cancellation()
    threading.Timer(0.1, cancellation.cancel).start()
    with pytest.raises(DecodeCancelledError, match="use a new Cancellation"):
        QUICK.run(Failing(1, after=20), Deadline(None), cancellation)


def test_waits_differ_and_grow() -> None:
    policy = RetryPolicy(first_wait=1, longest_wait=3)
    first = {policy._wait(1, None) for _ in range(50)}
    third = {policy._wait(3, None) for _ in range(50)}
    assert len(first) > 10
    assert 0.5 <= min(first) <= max(first) <= 1
    assert 1.5 <= min(third) <= max(third) <= 3


def test_a_watcher_is_told_at_once_if_it_comes_late() -> None:
    cancellation, told = Cancellation(), []
    cancellation.cancel()
    with cancellation.watching(lambda: told.append(1)):
        assert told == [1]
    cancellation.cancel()
    assert told == [1]


def test_a_deadline_is_more_than_nothing() -> None:
    with pytest.raises(InvalidInputError, match="more than 0"):
        Deadline(0)


def test_a_deadline_that_has_passed_says_how_long_it_was() -> None:
    deadline = Deadline(0.01)
    time.sleep(0.02)
    with pytest.raises(DeadlineExceededError, match=r"the deadline of 0\.01 s passed.*allow more time"):
        deadline.remaining()
    assert Deadline(None).remaining() is None


def test_errors_are_also_what_python_calls_such_errors() -> None:
    assert issubclass(DeadlineExceededError, TimeoutError)
    assert issubclass(ServerUnavailableError, ConnectionError)
    assert issubclass(InvalidInputError, ValueError)
    assert ServerBusyError("x", 3).retry_after == 3
