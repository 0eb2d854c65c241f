"""Client of the consistency-decoder server: Stable Diffusion 1.x latents to pictures.

    import consistency_decoder

    with consistency_decoder.connect("http://127.0.0.1:8000") as client:
        pixels = client.decode(latents, scale="scaled", seed=42).pixels  # uint8 [N, H, W, 3]

In a diffusers pipeline, see :class:`consistency_decoder.vae.RemoteConsistencyVAE`; to have the server started and
stopped by Python, see :class:`LocalSidecar`.
"""

from .calls import Cancellation, RetryPolicy
from .client import Client, Decoded, Model
from .connecting import connect
from .errors import (
    AccessDeniedError,
    DeadlineExceededError,
    DecodeCancelledError,
    DecoderError,
    IncompatibleServerError,
    InvalidInputError,
    ModelNotFoundError,
    NotSupportedError,
    ServerBusyError,
    ServerFailedError,
    ServerUnavailableError,
    SidecarError,
    WrongLatentsError,
)
from .http_client import HttpClient
from .sidecar import LocalSidecar
from .version import __version__

__all__ = [
    "AccessDeniedError",
    "Cancellation",
    "Client",
    "DeadlineExceededError",
    "DecodeCancelledError",
    "Decoded",
    "DecoderError",
    "HttpClient",
    "IncompatibleServerError",
    "InvalidInputError",
    "LocalSidecar",
    "Model",
    "ModelNotFoundError",
    "NotSupportedError",
    "RetryPolicy",
    "ServerBusyError",
    "ServerFailedError",
    "ServerUnavailableError",
    "SidecarError",
    "WrongLatentsError",
    "__version__",
    "connect",
]
