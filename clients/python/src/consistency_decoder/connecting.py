"""From an address to a client."""

from __future__ import annotations

from .calls import RetryPolicy
from .client import Client
from .errors import InvalidInputError
from .http_client import HttpClient


def connect(target: str, *, token: str | None = None, retry: RetryPolicy | None = None) -> Client:
    """A client for an address.

    ``http://host:port``, ``https://host:port`` and ``http+unix:/path`` speak HTTP; ``grpc://host:port``,
    ``grpcs://host:port`` and ``grpc+unix:/path``, or ``unix:/path``, speak gRPC and need the extra ``grpc``. Nothing
    is sent yet.
    """
    if not isinstance(target, str):
        kind = type(target).__name__
        raise InvalidInputError(
            f"a {kind} was given, an address is needed, for example http://127.0.0.1:8000; "
            f"of a LocalSidecar pass .target, or use its .client"
        )
    scheme = target.partition(":")[0]
    if scheme in ("http", "https", "http+unix"):
        return HttpClient(target, token=token, retry=retry)
    if scheme in ("grpc", "grpcs", "grpc+unix", "unix"):
        from .grpc_client import GrpcClient

        return GrpcClient(target, token=token, retry=retry)
    raise InvalidInputError(
        f"address {target!r}: http://host:8000, https://.., http+unix:/path, grpc://host:8001, grpcs://.. or "
        "grpc+unix:/path is needed"
    )
