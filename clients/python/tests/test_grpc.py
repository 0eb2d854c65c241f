from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from door import Door, Reply, Seen

from consistency_decoder import (
    AccessDeniedError,
    Cancellation,
    DeadlineExceededError,
    DecodeCancelledError,
    DecoderError,
    IncompatibleServerError,
    InvalidInputError,
    ModelNotFoundError,
    NotSupportedError,
    RetryPolicy,
    ServerBusyError,
    ServerFailedError,
    ServerUnavailableError,
)

grpc = pytest.importorskip("grpc", reason="grpcio is not installed")
pytest.importorskip("google.protobuf", reason="protobuf is not installed")

from consistency_decoder._generated import decoder_pb2 as pb  # noqa: E402
from consistency_decoder.grpc_client import GrpcClient  # noqa: E402

LATENTS = np.random.default_rng(0).standard_normal((2, 4, 3, 5)).astype(np.float32)
QUICK = RetryPolicy(first_wait=0.001, longest_wait=0.002)
TYPES = {"Decode": pb.DecodeRequest, "Encode": pb.EncodeRequest, "ListModels": pb.ListModelsRequest}

Answer = Callable[[Any, Any], Any]


class Service:
    """A gRPC server for tests that answers as it is told."""

    def __init__(self, **answers: Answer) -> None:
        self.seen: list[Any] = []
        self.metadata: list[dict[str, str]] = []
        self.server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", -1)])
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                self._noting(answer), TYPES[name].FromString, lambda message: message.SerializeToString()
            )
            for name, answer in answers.items()
        }
        self.server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("consistencydecoder.v1.DecoderService", handlers),)
        )
        self.target = f"grpc://127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def _noting(self, answer: Answer) -> Answer:
        def noted(request: Any, context: Any) -> Any:
            self.seen.append(request)
            self.metadata.append(dict(context.invocation_metadata()))
            return answer(request, context)

        return noted


@pytest.fixture
def serve() -> Iterator[Callable[..., Service]]:
    services: list[Service] = []

    def served(**answers: Answer) -> Service:
        services.append(Service(**answers))
        return services[-1]

    yield served
    for service in services:
        service.server.stop(0)


def picture(request: Any, _: Any = None) -> Any:
    n, _, h, w = request.latents.tensor.shape
    kind, dtype, shape = {
        pb.PICTURE_FORMAT_UINT8: (np.uint8, pb.DATA_TYPE_UINT8, (n, 8 * h, 8 * w, 3)),
        pb.PICTURE_FORMAT_FLOAT32: (np.float32, pb.DATA_TYPE_FLOAT32, (n, 3, 8 * h, 8 * w)),
        pb.PICTURE_FORMAT_FLOAT16: (np.float16, pb.DATA_TYPE_FLOAT16, (n, 3, 8 * h, 8 * w)),
    }[request.format]
    tensor = pb.Tensor(data_type=dtype, shape=shape, data=np.zeros(shape, kind).tobytes())
    said = {"noise": "given"} if request.noise.WhichOneof("source") == "given" else {"seed": "5"}
    report = pb.DecodeReport(request_id="r1", model="m", metadata=said, warnings=["looks scaled"])
    return pb.DecodeResponse(pictures=pb.Pictures(tensor=tensor), report=report)


def failing(code: Any, said: str, *trailers: tuple[str, str]) -> Answer:
    def answer(_: Any, context: Any) -> Any:
        context.set_trailing_metadata(trailers)
        context.abort(code, said)

    return answer


def client_of(service: Service, **options: Any) -> GrpcClient:
    return GrpcClient(service.target, retry=QUICK, **options)


def test_a_decode_says_everything_the_service_has_to_know(serve: Any) -> None:
    service = serve(Decode=picture)
    with client_of(service, token="secret") as client:
        decoded = client.decode(
            LATENTS, scale="scaled", scaling_factor=0.18215, seed=[3, -4], steps=4, dialect="diffusers", model="taesd"
        )
    assert decoded.pixels.shape == (2, 24, 40, 3)
    assert decoded.warnings == ("looks scaled",)
    assert decoded.metadata["seed"] == "5"
    assert decoded.metadata["request-id"] == "r1"
    request = service.seen[0]
    assert (request.model, request.dialect, list(request.timesteps)) == (
        "taesd",
        pb.DIALECT_DIFFUSERS,
        [1008, 768, 512, 256],
    )
    assert (request.latents.scale, request.latents.scaling_factor) == (pb.LATENT_SCALE_SCALED, 0.18215)
    assert list(request.latents.tensor.shape) == [2, 4, 3, 5]
    assert request.latents.tensor.data == LATENTS.tobytes()
    assert list(request.noise.seeds.values) == [3, -4]
    assert service.metadata[0]["authorization"] == "Bearer secret"


def test_one_seed_is_for_the_whole_batch_and_none_is_the_service_s_own(serve: Any) -> None:
    service = serve(Decode=picture)
    with client_of(service) as client:
        client.decode(LATENTS, scale="unscaled", seed=2**64 - 1)
        client.decode(LATENTS, scale="unscaled")
    assert service.seen[0].noise.seed == -1
    assert service.seen[1].noise.WhichOneof("source") is None
    assert not service.seen[1].latents.HasField("scaling_factor")
    assert not service.seen[1].timesteps


def test_given_noise_goes_along_and_may_be_large(serve: Any) -> None:
    service = serve(Decode=picture)
    latents = np.ones((1, 4, 96, 96), np.float32)
    noise = [np.random.default_rng(k).standard_normal((1, 3, 768, 768)).astype(np.float32) for k in (1, 2)]
    with client_of(service) as client:
        decoded = client.decode(latents, scale="unscaled", noise=noise, output="float32")
    assert decoded.pixels.dtype == np.float32
    assert decoded.pixels.shape == (1, 3, 768, 768)
    steps = service.seen[0].noise.given.steps
    assert [step.data for step in steps] == [step.tobytes() for step in noise]


@pytest.mark.parametrize(
    ("code", "said", "error", "says"),
    [
        ("INVALID_ARGUMENT", "5 channels", InvalidInputError, "5 channels"),
        ("NOT_FOUND", "no model 'x'", ModelNotFoundError, r"no model 'x'; models\(\)"),
        ("RESOURCE_EXHAUSTED", "message too large", ServerBusyError, "message too large"),
        ("DEADLINE_EXCEEDED", "would take 9 s", DeadlineExceededError, "would take 9 s"),
        ("UNIMPLEMENTED", "no encoder is loaded", NotSupportedError, "no encoder"),
        ("UNAUTHENTICATED", "a token is needed", AccessDeniedError, "pass the server's token as token="),
        ("INTERNAL", "internal error, incident 17", ServerFailedError, "INTERNAL: internal error, incident 17"),
        ("CANCELLED", "", DecodeCancelledError, "cancelled"),
    ],
)
def test_every_status_becomes_its_own_error(
    serve: Any, code: str, said: str, error: type[DecoderError], says: str
) -> None:
    service = serve(Decode=failing(grpc.StatusCode[code], said))
    with client_of(service) as client, pytest.raises(error, match=says):
        client.decode(LATENTS, scale="unscaled")
    assert len(service.seen) == 1


@pytest.mark.parametrize("code", ["UNAVAILABLE", "RESOURCE_EXHAUSTED"])
def test_a_busy_service_is_asked_again_when_it_says(serve: Any, code: str) -> None:
    def answer(request: Any, context: Any) -> Any:
        if len(service.seen) < 3:
            return failing(grpc.StatusCode[code], "later", ("grpc-retry-pushback-ms", "100"))(request, context)
        return picture(request)

    service = serve(Decode=answer)
    began = time.monotonic()
    with client_of(service) as client:
        client.decode(LATENTS, scale="unscaled")
    assert len(service.seen) == 3
    assert time.monotonic() - began >= 0.2


def test_a_service_that_says_never_is_not_asked_again(serve: Any) -> None:
    service = serve(Decode=failing(grpc.StatusCode.RESOURCE_EXHAUSTED, "no", ("grpc-retry-pushback-ms", "-1")))
    with client_of(service) as client, pytest.raises(ServerBusyError):
        client.decode(LATENTS, scale="unscaled")
    assert len(service.seen) == 1


def test_a_service_of_another_version_is_named_as_such(serve: Any) -> None:
    service = serve(ListModels=lambda *_: pb.ListModelsResponse())
    with client_of(service) as client, pytest.raises(IncompatibleServerError, match="consistency-decoder --version"):
        client.decode(LATENTS, scale="unscaled")


def test_an_answer_without_a_picture_is_named_as_such(serve: Any) -> None:
    service = serve(Decode=lambda *_: pb.DecodeResponse())
    with client_of(service) as client, pytest.raises(IncompatibleServerError, match="a tensor of an unknown type"):
        client.decode(LATENTS, scale="unscaled")


def test_the_http_port_is_named_as_such(open_door: Callable[[Callable[[Seen], Reply]], Door]) -> None:
    door = open_door(lambda _: Reply())
    client = GrpcClient(door.endpoint.replace("http:", "grpc:"), retry=QUICK)
    with client, pytest.raises(IncompatibleServerError, match="8001 is gRPC and 8000 is HTTP"):
        client.decode(LATENTS, scale="unscaled", deadline=10)


def test_nobody_there_says_how_to_start_one() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        target = f"grpc://127.0.0.1:{unused.getsockname()[1]}"
    with GrpcClient(target, retry=QUICK) as client:
        with pytest.raises(ServerUnavailableError, match="start it with 'consistency-decoder serve'"):
            client.decode(LATENTS, scale="unscaled")
        assert not client.ready()


def test_a_deadline_ends_a_call_and_is_told_to_the_service(serve: Any) -> None:
    over, left = threading.Event(), []

    def answer(request: Any, context: Any) -> Any:
        left.append(context.time_remaining())
        over.wait(20)
        return picture(request)

    service = serve(Decode=answer)
    with client_of(service) as client, pytest.raises(DeadlineExceededError, match=r"the deadline of 0\.3 s passed"):
        client.decode(LATENTS, scale="unscaled", deadline=0.3)
    assert 0 < left[0] <= 0.3
    over.set()


def test_a_cancellation_reaches_the_service(serve: Any) -> None:
    arrived, told = threading.Event(), threading.Event()

    def answer(request: Any, context: Any) -> Any:
        context.add_callback(told.set)
        arrived.set()
        told.wait(20)
        return picture(request)

    service, cancellation = serve(Decode=answer), Cancellation()

    def cancel() -> None:
        arrived.wait(10)
        cancellation.cancel()

    threading.Thread(target=cancel, daemon=True).start()
    with client_of(service) as client, pytest.raises(DecodeCancelledError, match="use a new Cancellation"):
        client.decode(LATENTS, scale="unscaled", cancellation=cancellation)
    assert told.wait(5)


def test_a_client_that_was_closed_says_so(serve: Any) -> None:
    client = client_of(serve(Decode=picture))
    client.close()
    with pytest.raises(InvalidInputError, match="was closed; make a new one"):
        client.decode(LATENTS, scale="unscaled")


def test_latents_of_pictures_come_back_as_they_are(serve: Any) -> None:
    latents = np.arange(48, dtype=np.float32).reshape(2, 4, 2, 3)
    tensor = pb.Tensor(data_type=pb.DATA_TYPE_FLOAT32, shape=latents.shape, data=latents.tobytes())
    service = serve(Encode=lambda *_: pb.EncodeResponse(latents=pb.Latents(tensor=tensor)))
    with client_of(service) as client:
        found = client.encode(np.zeros((2, 3, 16, 24), np.float16), scale="scaled", model="vae")
    np.testing.assert_array_equal(found, latents)
    request = service.seen[0]
    assert (request.model, request.scale) == ("vae", pb.LATENT_SCALE_SCALED)
    assert request.tensor.data_type == pb.DATA_TYPE_FLOAT16


def test_models_tell_what_they_are(serve: Any) -> None:
    model = pb.Model(name="sd_vae", provider="vae", ready=True, encodes=True, device="CPU", details={"a": "b"})
    service = serve(ListModels=lambda *_: pb.ListModelsResponse(models=[model]))
    with client_of(service) as client:
        (found,) = client.models()
        assert client.ready()
    assert (found.name, found.provider, found.encodes) == ("sd_vae", "vae", True)
    assert found.details == {"device": "CPU", "a": "b"}


def test_tiling_is_told(serve: Any) -> None:
    service = serve(Decode=picture)
    with client_of(service) as client:
        client.decode(LATENTS, scale="unscaled")
        client.decode(LATENTS, scale="unscaled", tiling="whole")
        client.decode(LATENTS, scale="unscaled", tiling="overlapped")
    told = [request.tiling for request in service.seen]
    assert told == [pb.TILING_UNSPECIFIED, pb.TILING_WHOLE, pb.TILING_OVERLAPPED]


@pytest.mark.parametrize("target", ["127.0.0.1:1", "grpc://", "grpc://a/b", "http://a"])
def test_a_target_that_is_none_says_what_is_one(target: str) -> None:
    with pytest.raises(InvalidInputError, match="grpc://host:port"):
        GrpcClient(target)


def test_the_stubs_are_those_of_the_proto_file(tmp_path: Path) -> None:
    protoc = pytest.importorskip("grpc_tools.protoc", reason="grpcio-tools is not installed")
    from google.protobuf import descriptor_pb2

    protos = Path(__file__).resolve().parents[3] / "proto" / "src" / "main" / "proto"
    if not protos.exists():
        pytest.skip(f"{protos} is not there")
    out = tmp_path / "set"
    name = "consistencydecoder/v1/decoder.proto"
    assert protoc.main(["protoc", f"-I{protos}", f"--descriptor_set_out={out}", name]) == 0
    compiled = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file[0]
    committed = descriptor_pb2.FileDescriptorProto.FromString(pb.DESCRIPTOR.serialized_pb)

    def plain(messages: Any) -> None:
        for message in messages:
            plain(message.nested_type)
            for entry in message.field:
                entry.ClearField("json_name")

    plain(compiled.message_type)
    plain(committed.message_type)
    assert committed == compiled, "run generate-stubs"
