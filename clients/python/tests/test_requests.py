from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from consistency_decoder.errors import InvalidInputError, WrongLatentsError
from consistency_decoder.requests import decode_call, encode_call
from consistency_decoder.tensors import WireTensor, safetensors

GOOD = np.ones((2, 4, 3, 5), np.float32)
PICTURE = np.zeros((2, 24, 40, 3), np.uint8)
NOISE = [np.zeros((2, 3, 24, 40), np.float32)]
MASK = np.zeros((1, 1, 24, 40), bool)


def call(latents: Any = GOOD, **changed: Any) -> Any:
    return decode_call(latents, **{"scale": "unscaled", **changed})


@pytest.mark.parametrize(
    ("latents", "says"),
    [
        (np.ones((1, 16, 8, 8), np.float32), "16 are those of Stable Diffusion 3 or Flux"),
        (np.ones((1, 3, 8, 8), np.float32), "encode it first"),
        (np.ones((1, 8, 8, 4), np.float32), r"transpose\(0, 3, 1, 2\)"),
        (np.ones((1, 1024, 64), np.float32), "packed, as Flux has them"),
        (np.ones((4, 8, 8), np.float32), r"latents\[None\]"),
        (np.ones((8, 8), np.float32), r"4 dimensions \[N, 4, h, w\] are needed"),
        (np.ones((0, 4, 8, 8), np.float32), "empty"),
        (np.full((1, 4, 8, 8), np.nan, np.float32), "256 NaN and 0 infinite values of 256"),
        (np.full((1, 4, 8, 8), np.inf, np.float32), "division by zero"),
    ],
)
def test_wrong_latents_are_refused_with_what_to_do(latents: Any, says: str) -> None:
    with pytest.raises(WrongLatentsError, match=says):
        call(latents)


def test_an_overflow_of_half_precision_is_named_as_such() -> None:
    with np.errstate(over="ignore"):
        latents = np.full((1, 4, 8, 8), 70000, np.float32).astype(np.float16)
    with pytest.raises(WrongLatentsError, match=r"float16 ends at 65504.*Run the pipeline in bfloat16 or float32"):
        call(latents)


def test_float64_too_large_for_float32_is_refused_and_not_sent_as_infinity() -> None:
    with pytest.raises(WrongLatentsError, match="infinite"):
        call(np.full((1, 4, 8, 8), 1e300))


def test_the_factor_of_sdxl_is_refused_and_that_of_sd_1_is_not() -> None:
    with pytest.raises(WrongLatentsError, match=r"0\.13025 is that of SDXL.*Keep the SDXL pipeline's own VAE"):
        call(scaling_factor=0.13025)
    with pytest.raises(WrongLatentsError, match=r"0\.3611 is not 0\.18215"):
        call(scaling_factor=0.3611)
    assert call(scaling_factor=float(np.float32(0.18215))).scaling_factor == pytest.approx(0.18215)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"scale": "raw"}, "scale 'raw' is not one of scaled, unscaled"),
        ({"dialect": "openai"}, "dialect 'openai' is not one of"),
        ({"output": "png"}, "output 'png' is not one of"),
        ({"tiling": True}, "tiling True is not one of"),
        ({"steps": 65}, "65 steps were asked for; 1 to 64"),
        ({"seed": [1]}, "1 seeds were given for 2 latents"),
        ({"seed": 2**64}, "not a whole number from"),
        ({"seed": 1.5}, "not a whole number"),
        ({"seed": "x"}, "not a whole number|seeds were given"),
        ({"seed": 1, "noise": []}, "more than one of seed, shared_noise and noise"),
        ({"seed": 1, "shared_noise": 1}, "more than one of seed, shared_noise and noise"),
        ({"shared_noise": 2**64}, "not a whole number from"),
        ({"steps": 2, "timesteps": [512]}, "both steps and timesteps"),
        ({"timesteps": []}, r"timesteps \[\]: 1 to 64"),
        ({"timesteps": [512, 1008]}, "none above the one before"),
        ({"timesteps": [1024]}, "each of 1 to 1023"),
        ({"start": np.zeros((2, 3, 8, 8), np.float32)}, "the start has 8x8 pixels, the decoded picture 40x24"),
        ({"start": np.zeros((1, 3, 24, 40), np.float32)}, "1 pictures to start from for 2 latents"),
        ({"start": np.zeros((2, 24, 40, 3), np.float32)}, r"float32 and shape .*: \[N, 3, H, W\] .* is needed"),
        ({"start": np.zeros((2, 3, 24, 40), np.uint8)}, r"uint8 and shape .*: \[N, H, W, 3\] of bytes is needed"),
        ({"start": np.full((2, 3, 24, 40), np.nan, np.float32)}, "the start contains NaN or infinity"),
        ({"start": np.zeros((2, 3, 24, 40), np.int64)}, "int64: float32, float16 or bfloat16 is needed, or uint8"),
        ({"start": PICTURE, "noise": NOISE * 2}, "noise for 2 steps was given, 1 are made"),
        ({"keep": PICTURE}, "known pixels were given without a mask"),
        ({"mask": MASK}, "a mask was given without known pixels"),
        ({"grow": 2}, "feather, grow and region are of known pixels"),
        ({"keep": PICTURE, "mask": np.zeros((24, 24), bool)}, "the mask has 24x24 pixels, the decoded picture 40x24"),
        ({"keep": PICTURE, "mask": np.zeros((1, 3, 24, 40), bool)}, r"a mask of shape .*: \[N, 1, H, W\] is needed"),
        ({"keep": PICTURE, "mask": np.full((24, 40), np.inf, np.float32)}, "the mask contains NaN or infinity"),
        ({"keep": np.zeros((3, 3, 24, 40), np.float32), "mask": MASK}, "3 known pictures for 2 latents"),
        ({"keep": PICTURE, "mask": MASK, "feather": 257}, "feather is 0 to 256 pixels, not 257"),
        ({"keep": PICTURE, "mask": MASK, "grow": -1}, "grow is 0 to 256 pixels, not -1"),
        ({"keep": PICTURE, "mask": MASK, "region": "box"}, "region 'box' is not one of auto, whole"),
        ({"noise": [np.zeros((2, 3, 24, 40), np.float32)]}, "noise for 1 steps was given, 2 are made"),
        (
            {"steps": 1, "noise": [np.zeros((2, 3, 24, 24), np.float32)]},
            r"noise0 of shape \[2, 3, 24, 24\]: .* need \[2, 3, 24, 40\]",
        ),
        ({"steps": 1, "noise": [np.full((2, 3, 24, 40), 1e4, np.float32)]}, "noise0 is not standard normal"),
        ({"steps": 1, "noise": [np.full((2, 3, 24, 40), np.nan, np.float32)]}, "noise0 is not standard normal"),
    ],
)
def test_what_makes_no_sense_is_refused(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        call(**changed)


def test_a_seed_is_what_torch_makes_of_it() -> None:
    assert call(seed=2**64 - 1).seeds == (-1,)
    assert call(seed=-(2**63)).seeds == (-(2**63),)
    assert call(seed=[2**63, 7]).seeds == (-(2**63), 7)
    assert call(seed=np.int64(5)).seeds == (5,)


def test_pictures_and_masks_are_taken_as_people_have_them() -> None:
    one, levels = np.ones((1, 4, 3, 5), np.float32), PICTURE[0]
    for picture, shape in (
        (levels, (1, 24, 40, 3)),
        (levels[None], (1, 24, 40, 3)),
        (np.zeros((3, 24, 40)), (1, 3, 24, 40)),
    ):
        assert call(one, start=picture).start.shape == shape
    flags = np.arange(24 * 40).reshape(24, 40) % 2 == 0
    for mask in (flags, flags[None], flags[None, None], flags.astype(np.uint8) * 255):
        keep = call(one, keep=levels, mask=mask).keep
        assert (keep.mask.dtype, keep.mask.shape, keep.feather, keep.grow) == ("uint8", (1, 1, 24, 40), None, 0)
        np.testing.assert_array_equal(keep.mask.array()[0, 0] == 255, flags)
    assert call(one, keep=levels, mask=flags.astype(np.float16)).keep.mask.dtype == "float16"


def test_one_seed_and_a_list_of_one_are_different_things() -> None:
    one = np.ones((1, 4, 3, 5), np.float32)
    assert call(one, seed=3).one_generator
    assert not call(one, seed=[3]).one_generator


def test_integers_are_refused_and_bits_of_bfloat16_are_recognised() -> None:
    with pytest.raises(InvalidInputError, match="latents of type int64: float32, float16 or bfloat16"):
        call(np.ones((1, 4, 3, 5), np.int64))
    with pytest.raises(InvalidInputError, match="bits of bfloat16"):
        call(np.ones((1, 4, 3, 5), np.uint16))
    with pytest.raises(InvalidInputError, match="cannot be read as numbers"):
        call([[1, 2], [3]])


def test_arrays_keep_their_type_on_the_wire_whatever_their_order_in_memory() -> None:
    values = np.arange(120, dtype=np.float32).reshape(5, 3, 4, 2).T
    tensor = WireTensor.of(values, "x")
    assert tensor.shape == (2, 4, 3, 5)
    np.testing.assert_array_equal(tensor.array(), values)
    assert WireTensor.of(values.astype(">f4"), "x").data == tensor.data
    assert WireTensor.of(values.astype(np.float64), "x").dtype == "float32"
    assert WireTensor.of(values.astype(np.float16), "x").dtype == "float16"


def test_bfloat16_is_the_upper_half_of_a_float32() -> None:
    tensor = WireTensor("bfloat16", (3,), np.array([0x3F80, 0xC000, 0x3E20], "<u2").tobytes())
    np.testing.assert_array_equal(tensor.array(), np.array([1, -2, 0.15625], np.float32))
    assert tensor.as_float32().dtype == "float32"


def test_bytes_that_do_not_fill_the_shape_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"7 bytes were given, float16 of shape \[4\] needs 8"):
        WireTensor("float16", (4,), b"1234567")


def test_a_safetensors_file_is_aligned_and_contiguous() -> None:
    tensors = {
        "latents": WireTensor.of(np.arange(3, dtype=np.float16), "x"),
        "noise0": WireTensor.of(np.arange(2, dtype=np.float32), "x"),
    }
    file = safetensors(tensors)
    length = int.from_bytes(file[:8], "little")
    assert length % 8 == 0
    assert json.loads(file[8 : 8 + length]) == {
        "latents": {"dtype": "F16", "shape": [3], "data_offsets": [0, 6]},
        "noise0": {"dtype": "F32", "shape": [2], "data_offsets": [6, 14]},
    }
    assert len(file) == 8 + length + 14


def test_a_safetensors_file_is_what_the_package_of_that_name_reads() -> None:
    numpy_loader = pytest.importorskip("safetensors.numpy", reason="the package safetensors is not installed")
    values = np.random.default_rng(1).standard_normal((2, 4, 3, 5)).astype(np.float32)
    read = numpy_loader.load(safetensors({"latents": WireTensor.of(values, "x")}))
    np.testing.assert_array_equal(read["latents"], values)


@pytest.mark.parametrize(
    ("shape", "says"),
    [((3, 8, 8), r"\[N, 3, H, W\]"), ((1, 8, 8, 3), r"\[N, 3, H, W\]"), ((1, 3, 8, 9), "multiples of 8")],
)
def test_pictures_of_the_wrong_form_are_refused(shape: tuple[int, ...], says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        encode_call(np.zeros(shape, np.float32), "scaled", "")


def test_torch_tensors_of_every_type_are_taken() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    values = torch.randn(1, 4, 3, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    for dtype, name in ((torch.float32, "float32"), (torch.float16, "float16"), (torch.bfloat16, "bfloat16")):
        tensor = WireTensor.of(values.to(dtype), "latents")
        assert tensor.dtype == name
        np.testing.assert_array_equal(tensor.array(), values.to(dtype).float().detach().numpy())
    with pytest.raises(InvalidInputError, match="int32"):
        WireTensor.of(values.int(), "latents")


def test_the_package_has_the_project_s_licence() -> None:
    package = Path(__file__).resolve().parents[1]
    assert (package / "LICENSE").read_bytes() == (package.parents[1] / "LICENSE").read_bytes()
