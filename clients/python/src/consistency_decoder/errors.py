"""What can go wrong, each with a message that says what to do about it."""

from __future__ import annotations


class DecoderError(Exception):
    """The base of everything this package raises on purpose."""


class InvalidInputError(DecoderError, ValueError):
    """The request cannot be served as it is; sending it again will not help."""


class WrongLatentsError(InvalidInputError):
    """The latents are not those of Stable Diffusion 1.x, or are damaged."""


class ModelNotFoundError(DecoderError, LookupError):
    """The server has no model of that name."""


class NotSupportedError(DecoderError, NotImplementedError):
    """The server, or the way of calling it, cannot do what was asked for."""


class AccessDeniedError(DecoderError, PermissionError):
    """The server wants credentials, or others."""


class ServerUnavailableError(DecoderError, ConnectionError):
    """Nobody answers, or the server is not ready or about to stop. Raised after the last attempt."""


class ServerBusyError(DecoderError):
    """The server has too much to do. Raised after the last attempt.

    ``retry_after`` is the number of seconds after which the server expects to have room, if it said so.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class IncompatibleServerError(DecoderError):
    """What answers is another kind of server, or another version of this one."""


class DeadlineExceededError(DecoderError, TimeoutError):
    """The deadline passed, or the server says that it cannot be met."""


class DecodeCancelledError(DecoderError):
    """The caller cancelled the call."""


class ServerFailedError(DecoderError):
    """The server failed. Its log has the cause under the incident id in the message."""


class SidecarError(DecoderError):
    """The local server could not be started, or ended by itself."""
