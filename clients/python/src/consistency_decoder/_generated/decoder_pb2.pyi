from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DataType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DATA_TYPE_UNSPECIFIED: _ClassVar[DataType]
    DATA_TYPE_FLOAT32: _ClassVar[DataType]
    DATA_TYPE_FLOAT16: _ClassVar[DataType]
    DATA_TYPE_BFLOAT16: _ClassVar[DataType]
    DATA_TYPE_UINT8: _ClassVar[DataType]

class LatentScale(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LATENT_SCALE_UNSPECIFIED: _ClassVar[LatentScale]
    LATENT_SCALE_SCALED: _ClassVar[LatentScale]
    LATENT_SCALE_UNSCALED: _ClassVar[LatentScale]

class Dialect(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIALECT_UNSPECIFIED: _ClassVar[Dialect]
    DIALECT_ORIGINAL: _ClassVar[Dialect]
    DIALECT_DIFFUSERS: _ClassVar[Dialect]

class Tiling(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TILING_UNSPECIFIED: _ClassVar[Tiling]
    TILING_WHOLE: _ClassVar[Tiling]
    TILING_EXACT: _ClassVar[Tiling]
    TILING_OVERLAPPED: _ClassVar[Tiling]

class Priority(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRIORITY_UNSPECIFIED: _ClassVar[Priority]
    PRIORITY_HIGH: _ClassVar[Priority]
    PRIORITY_NORMAL: _ClassVar[Priority]
    PRIORITY_LOW: _ClassVar[Priority]

class PictureFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PICTURE_FORMAT_UNSPECIFIED: _ClassVar[PictureFormat]
    PICTURE_FORMAT_UINT8: _ClassVar[PictureFormat]
    PICTURE_FORMAT_FLOAT32: _ClassVar[PictureFormat]
    PICTURE_FORMAT_FLOAT16: _ClassVar[PictureFormat]
    PICTURE_FORMAT_PNG: _ClassVar[PictureFormat]
    PICTURE_FORMAT_JPEG: _ClassVar[PictureFormat]
DATA_TYPE_UNSPECIFIED: DataType
DATA_TYPE_FLOAT32: DataType
DATA_TYPE_FLOAT16: DataType
DATA_TYPE_BFLOAT16: DataType
DATA_TYPE_UINT8: DataType
LATENT_SCALE_UNSPECIFIED: LatentScale
LATENT_SCALE_SCALED: LatentScale
LATENT_SCALE_UNSCALED: LatentScale
DIALECT_UNSPECIFIED: Dialect
DIALECT_ORIGINAL: Dialect
DIALECT_DIFFUSERS: Dialect
TILING_UNSPECIFIED: Tiling
TILING_WHOLE: Tiling
TILING_EXACT: Tiling
TILING_OVERLAPPED: Tiling
PRIORITY_UNSPECIFIED: Priority
PRIORITY_HIGH: Priority
PRIORITY_NORMAL: Priority
PRIORITY_LOW: Priority
PICTURE_FORMAT_UNSPECIFIED: PictureFormat
PICTURE_FORMAT_UINT8: PictureFormat
PICTURE_FORMAT_FLOAT32: PictureFormat
PICTURE_FORMAT_FLOAT16: PictureFormat
PICTURE_FORMAT_PNG: PictureFormat
PICTURE_FORMAT_JPEG: PictureFormat

class Tensor(_message.Message):
    __slots__ = ("data_type", "shape", "data")
    DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    data_type: DataType
    shape: _containers.RepeatedScalarFieldContainer[int]
    data: bytes
    def __init__(self, data_type: _Optional[_Union[DataType, str]] = ..., shape: _Optional[_Iterable[int]] = ..., data: _Optional[bytes] = ...) -> None: ...

class Latents(_message.Message):
    __slots__ = ("tensor", "scale", "scaling_factor")
    TENSOR_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    SCALING_FACTOR_FIELD_NUMBER: _ClassVar[int]
    tensor: Tensor
    scale: LatentScale
    scaling_factor: float
    def __init__(self, tensor: _Optional[_Union[Tensor, _Mapping]] = ..., scale: _Optional[_Union[LatentScale, str]] = ..., scaling_factor: _Optional[float] = ...) -> None: ...

class Seeds(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, values: _Optional[_Iterable[int]] = ...) -> None: ...

class GivenNoise(_message.Message):
    __slots__ = ("steps",)
    STEPS_FIELD_NUMBER: _ClassVar[int]
    steps: _containers.RepeatedCompositeFieldContainer[Tensor]
    def __init__(self, steps: _Optional[_Iterable[_Union[Tensor, _Mapping]]] = ...) -> None: ...

class Noise(_message.Message):
    __slots__ = ("seed", "seeds", "given", "shared_seed")
    SEED_FIELD_NUMBER: _ClassVar[int]
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    GIVEN_FIELD_NUMBER: _ClassVar[int]
    SHARED_SEED_FIELD_NUMBER: _ClassVar[int]
    seed: int
    seeds: Seeds
    given: GivenNoise
    shared_seed: int
    def __init__(self, seed: _Optional[int] = ..., seeds: _Optional[_Union[Seeds, _Mapping]] = ..., given: _Optional[_Union[GivenNoise, _Mapping]] = ..., shared_seed: _Optional[int] = ...) -> None: ...

class Start(_message.Message):
    __slots__ = ("model", "pixels")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PIXELS_FIELD_NUMBER: _ClassVar[int]
    model: str
    pixels: Tensor
    def __init__(self, model: _Optional[str] = ..., pixels: _Optional[_Union[Tensor, _Mapping]] = ...) -> None: ...

class Keep(_message.Message):
    __slots__ = ("pixels", "mask", "feather", "grow", "whole")
    PIXELS_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    FEATHER_FIELD_NUMBER: _ClassVar[int]
    GROW_FIELD_NUMBER: _ClassVar[int]
    WHOLE_FIELD_NUMBER: _ClassVar[int]
    pixels: Tensor
    mask: Tensor
    feather: int
    grow: int
    whole: bool
    def __init__(self, pixels: _Optional[_Union[Tensor, _Mapping]] = ..., mask: _Optional[_Union[Tensor, _Mapping]] = ..., feather: _Optional[int] = ..., grow: _Optional[int] = ..., whole: bool = ...) -> None: ...

class DecodeRequest(_message.Message):
    __slots__ = ("model", "latents", "noise", "timesteps", "dialect", "format", "priority", "tiling", "start", "keep")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LATENTS_FIELD_NUMBER: _ClassVar[int]
    NOISE_FIELD_NUMBER: _ClassVar[int]
    TIMESTEPS_FIELD_NUMBER: _ClassVar[int]
    DIALECT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    TILING_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    KEEP_FIELD_NUMBER: _ClassVar[int]
    model: str
    latents: Latents
    noise: Noise
    timesteps: _containers.RepeatedScalarFieldContainer[int]
    dialect: Dialect
    format: PictureFormat
    priority: Priority
    tiling: Tiling
    start: Start
    keep: Keep
    def __init__(self, model: _Optional[str] = ..., latents: _Optional[_Union[Latents, _Mapping]] = ..., noise: _Optional[_Union[Noise, _Mapping]] = ..., timesteps: _Optional[_Iterable[int]] = ..., dialect: _Optional[_Union[Dialect, str]] = ..., format: _Optional[_Union[PictureFormat, str]] = ..., priority: _Optional[_Union[Priority, str]] = ..., tiling: _Optional[_Union[Tiling, str]] = ..., start: _Optional[_Union[Start, _Mapping]] = ..., keep: _Optional[_Union[Keep, _Mapping]] = ...) -> None: ...

class Pictures(_message.Message):
    __slots__ = ("tensor", "files")
    TENSOR_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    tensor: Tensor
    files: PictureFiles
    def __init__(self, tensor: _Optional[_Union[Tensor, _Mapping]] = ..., files: _Optional[_Union[PictureFiles, _Mapping]] = ...) -> None: ...

class PictureFiles(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, values: _Optional[_Iterable[bytes]] = ...) -> None: ...

class DecodeReport(_message.Message):
    __slots__ = ("request_id", "model", "model_digest", "metadata", "warnings", "queue_nanos", "decode_nanos", "step_nanos", "predicted_nanos", "predicted_bytes")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MODEL_DIGEST_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_NANOS_FIELD_NUMBER: _ClassVar[int]
    DECODE_NANOS_FIELD_NUMBER: _ClassVar[int]
    STEP_NANOS_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_NANOS_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_BYTES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    model: str
    model_digest: str
    metadata: _containers.ScalarMap[str, str]
    warnings: _containers.RepeatedScalarFieldContainer[str]
    queue_nanos: int
    decode_nanos: int
    step_nanos: _containers.RepeatedScalarFieldContainer[int]
    predicted_nanos: int
    predicted_bytes: int
    def __init__(self, request_id: _Optional[str] = ..., model: _Optional[str] = ..., model_digest: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., warnings: _Optional[_Iterable[str]] = ..., queue_nanos: _Optional[int] = ..., decode_nanos: _Optional[int] = ..., step_nanos: _Optional[_Iterable[int]] = ..., predicted_nanos: _Optional[int] = ..., predicted_bytes: _Optional[int] = ...) -> None: ...

class DecodeResponse(_message.Message):
    __slots__ = ("pictures", "report")
    PICTURES_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    pictures: Pictures
    report: DecodeReport
    def __init__(self, pictures: _Optional[_Union[Pictures, _Mapping]] = ..., report: _Optional[_Union[DecodeReport, _Mapping]] = ...) -> None: ...

class DecodeStreamResponse(_message.Message):
    __slots__ = ("accepted", "step_started", "step_finished", "header", "part", "done")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    STEP_STARTED_FIELD_NUMBER: _ClassVar[int]
    STEP_FINISHED_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    accepted: Accepted
    step_started: StepStarted
    step_finished: StepFinished
    header: PicturesHeader
    part: Part
    done: DecodeReport
    def __init__(self, accepted: _Optional[_Union[Accepted, _Mapping]] = ..., step_started: _Optional[_Union[StepStarted, _Mapping]] = ..., step_finished: _Optional[_Union[StepFinished, _Mapping]] = ..., header: _Optional[_Union[PicturesHeader, _Mapping]] = ..., part: _Optional[_Union[Part, _Mapping]] = ..., done: _Optional[_Union[DecodeReport, _Mapping]] = ...) -> None: ...

class Accepted(_message.Message):
    __slots__ = ("request_id", "predicted_nanos", "ahead")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_NANOS_FIELD_NUMBER: _ClassVar[int]
    AHEAD_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    predicted_nanos: int
    ahead: int
    def __init__(self, request_id: _Optional[str] = ..., predicted_nanos: _Optional[int] = ..., ahead: _Optional[int] = ...) -> None: ...

class StepStarted(_message.Message):
    __slots__ = ("step", "steps", "timestep")
    STEP_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    TIMESTEP_FIELD_NUMBER: _ClassVar[int]
    step: int
    steps: int
    timestep: int
    def __init__(self, step: _Optional[int] = ..., steps: _Optional[int] = ..., timestep: _Optional[int] = ...) -> None: ...

class StepFinished(_message.Message):
    __slots__ = ("step", "steps", "nanos")
    STEP_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    NANOS_FIELD_NUMBER: _ClassVar[int]
    step: int
    steps: int
    nanos: int
    def __init__(self, step: _Optional[int] = ..., steps: _Optional[int] = ..., nanos: _Optional[int] = ...) -> None: ...

class PicturesHeader(_message.Message):
    __slots__ = ("format", "shape", "sizes")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    SIZES_FIELD_NUMBER: _ClassVar[int]
    format: PictureFormat
    shape: _containers.RepeatedScalarFieldContainer[int]
    sizes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, format: _Optional[_Union[PictureFormat, str]] = ..., shape: _Optional[_Iterable[int]] = ..., sizes: _Optional[_Iterable[int]] = ...) -> None: ...

class Part(_message.Message):
    __slots__ = ("picture", "offset", "data")
    PICTURE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    picture: int
    offset: int
    data: bytes
    def __init__(self, picture: _Optional[int] = ..., offset: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class EncodeRequest(_message.Message):
    __slots__ = ("model", "tensor", "file", "scale", "data_type", "priority")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TENSOR_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    model: str
    tensor: Tensor
    file: bytes
    scale: LatentScale
    data_type: DataType
    priority: Priority
    def __init__(self, model: _Optional[str] = ..., tensor: _Optional[_Union[Tensor, _Mapping]] = ..., file: _Optional[bytes] = ..., scale: _Optional[_Union[LatentScale, str]] = ..., data_type: _Optional[_Union[DataType, str]] = ..., priority: _Optional[_Union[Priority, str]] = ...) -> None: ...

class EncodeResponse(_message.Message):
    __slots__ = ("latents", "request_id", "queue_nanos", "encode_nanos")
    LATENTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_NANOS_FIELD_NUMBER: _ClassVar[int]
    ENCODE_NANOS_FIELD_NUMBER: _ClassVar[int]
    latents: Latents
    request_id: str
    queue_nanos: int
    encode_nanos: int
    def __init__(self, latents: _Optional[_Union[Latents, _Mapping]] = ..., request_id: _Optional[str] = ..., queue_nanos: _Optional[int] = ..., encode_nanos: _Optional[int] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[Model]
    def __init__(self, models: _Optional[_Iterable[_Union[Model, _Mapping]]] = ...) -> None: ...

class Model(_message.Message):
    __slots__ = ("name", "provider", "digest", "ready", "reason", "encodes", "device", "details")
    class DetailsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ENCODES_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    name: str
    provider: str
    digest: str
    ready: bool
    reason: str
    encodes: bool
    device: str
    details: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., provider: _Optional[str] = ..., digest: _Optional[str] = ..., ready: bool = ..., reason: _Optional[str] = ..., encodes: bool = ..., device: _Optional[str] = ..., details: _Optional[_Mapping[str, str]] = ...) -> None: ...

class DescribeModelRequest(_message.Message):
    __slots__ = ("model", "batch", "encode_batch")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    ENCODE_BATCH_FIELD_NUMBER: _ClassVar[int]
    model: str
    batch: BatchSize
    encode_batch: BatchSize
    def __init__(self, model: _Optional[str] = ..., batch: _Optional[_Union[BatchSize, _Mapping]] = ..., encode_batch: _Optional[_Union[BatchSize, _Mapping]] = ...) -> None: ...

class BatchSize(_message.Message):
    __slots__ = ("count", "height", "width", "steps", "tiling")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    TILING_FIELD_NUMBER: _ClassVar[int]
    count: int
    height: int
    width: int
    steps: int
    tiling: Tiling
    def __init__(self, count: _Optional[int] = ..., height: _Optional[int] = ..., width: _Optional[int] = ..., steps: _Optional[int] = ..., tiling: _Optional[_Union[Tiling, str]] = ...) -> None: ...

class DescribeModelResponse(_message.Message):
    __slots__ = ("model", "limits", "estimate", "encode_estimate")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    ENCODE_ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    model: Model
    limits: Limits
    estimate: Estimate
    encode_estimate: Estimate
    def __init__(self, model: _Optional[_Union[Model, _Mapping]] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ..., encode_estimate: _Optional[_Union[Estimate, _Mapping]] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("max_pixels", "max_batch", "max_seconds")
    MAX_PIXELS_FIELD_NUMBER: _ClassVar[int]
    MAX_BATCH_FIELD_NUMBER: _ClassVar[int]
    MAX_SECONDS_FIELD_NUMBER: _ClassVar[int]
    max_pixels: int
    max_batch: int
    max_seconds: float
    def __init__(self, max_pixels: _Optional[int] = ..., max_batch: _Optional[int] = ..., max_seconds: _Optional[float] = ...) -> None: ...

class Estimate(_message.Message):
    __slots__ = ("operations", "peak_bytes", "nanos")
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    PEAK_BYTES_FIELD_NUMBER: _ClassVar[int]
    NANOS_FIELD_NUMBER: _ClassVar[int]
    operations: float
    peak_bytes: int
    nanos: int
    def __init__(self, operations: _Optional[float] = ..., peak_bytes: _Optional[int] = ..., nanos: _Optional[int] = ...) -> None: ...
