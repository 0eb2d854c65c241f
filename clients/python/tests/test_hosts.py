"""The nodes and extensions, in hosts that are stood in for by small modules with the real ones' names and calls.

None of these hosts is installed here. What is tested is what ours do when they are called as the hosts call them.
"""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from door import Door, Reply, Seen, tensor, tensors_of

torch = pytest.importorskip("torch", reason="torch is not installed")

from hosts import CLIENTS, LATENTS, levels, load, sent  # noqa: E402

OpenDoor = Callable[[Callable[[Seen], Reply]], Door]


def host_module(monkeypatch: pytest.MonkeyPatch, name: str, **members: Any) -> Any:
    """A module of the host's, and of the packages above it."""
    module = types.ModuleType(name)
    for member, value in members.items():
        setattr(module, member, value)
    monkeypatch.setitem(sys.modules, name, module)
    above, _, last = name.rpartition(".")
    if above:
        if above not in sys.modules:
            host_module(monkeypatch, above)
        monkeypatch.setattr(sys.modules[above], last, module, raising=False)
    return module


# ComfyUI, stood in for.


class ComfyVae:
    """Members of ComfyUI's VAE object that other nodes read."""

    latent_channels = 4
    downscale_ratio = 8

    def decode(self, samples: Any, vae_options: Any = None) -> Any:
        raise AssertionError("the local decoder was called")

    decode_tiled = decode

    def encode(self, pixels: Any) -> str:
        return f"encoded {pixels}"

    def spacial_compression_decode(self) -> int:
        return 8

    def throw_exception_if_invalid(self) -> None:
        pass


@pytest.fixture
def comfy(monkeypatch: pytest.MonkeyPatch) -> Any:
    interrupted = host_module(monkeypatch, "comfy.model_management", pressed=False)
    bars: list[Any] = []

    class ProgressBar:
        def __init__(self, total: int) -> None:
            self.total, self.done = total, 0
            bars.append(self)

        def update(self, more: int) -> None:
            self.done += more

    host_module(monkeypatch, "comfy.utils", ProgressBar=ProgressBar)

    def stop() -> None:
        if interrupted.pressed:
            raise InterruptedError("processing interrupted")

    interrupted.throw_exception_if_processing_interrupted = stop
    package = load("comfy_consistency", CLIENTS / "comfyui" / "__init__.py", monkeypatch, package=True)
    return types.SimpleNamespace(
        nodes=package.NODE_CLASS_MAPPINGS, names=package.NODE_DISPLAY_NAME_MAPPINGS, host=interrupted, bars=bars
    )


def stock_vae_decode(vae: Any, samples: dict[str, Any]) -> Any:
    """What ComfyUI's own VAEDecode node does."""
    latent = samples["samples"]
    if latent.is_nested:
        latent = latent.unbind()[0]
    images = vae.decode(latent)
    return images.reshape(-1, *images.shape[-3:]) if len(images.shape) == 5 else images


def stub_of_comfy_checks_a_picture(images: Any) -> None:
    assert images.shape == (2, 24, 40, 3)
    assert (images.dtype, images.device.type) == (torch.float32, "cpu")
    assert torch.allclose(images[0, 0, 0], torch.tensor([0, 0.5, 1]))
    assert images[0, 10, 0, 1] == pytest.approx(0.55)
    assert images.max() <= 1


def test_comfyui_stub_latent_to_image(comfy: Any, open_door: OpenDoor) -> None:
    door = open_door(levels)
    node = comfy.nodes["ConsistencyDecodeRemote"]()
    required = node.INPUT_TYPES()["required"]
    assert list(required) == ["samples", "server", "seed", "steps", "dialect"]
    (images,) = getattr(node, node.FUNCTION)({"samples": LATENTS}, door.endpoint, 7, 2, "original", "m")
    stub_of_comfy_checks_a_picture(images)
    assert [seen.query["seed"] for seen in door.seen] == ["7", "8"]
    assert {(seen.query["latents"], seen.query["model"]) for seen in door.seen} == {("unscaled", "m")}
    assert [(bar.total, bar.done) for bar in comfy.bars] == [(2, 2)]
    assert set(comfy.names) == set(comfy.nodes)


def test_comfyui_stub_a_picture_taken_out_of_a_batch_keeps_its_noise(comfy: Any, open_door: OpenDoor) -> None:
    door = open_door(levels)
    node = comfy.nodes["ConsistencyDecodeRemote"]()
    node.decode({"samples": LATENTS[1:], "batch_index": [1]}, door.endpoint, 7, 2, "original")
    assert door.seen[0].query["seed"] == "8"


def kept_parts(seen: Seen) -> dict[str, Any]:
    assert seen.headers["content-type"] == "application/safetensors"
    return tensors_of(seen)


def answered(seen: Seen) -> Reply:
    """As :func:`levels`, of a server that has heard all of it."""
    reply = levels(seen) if "seed" in seen.query else levels(replace(seen, query={**seen.query, "seed": ""}))
    return replace(reply, headers={**reply.headers, "x-start": "given", "x-region": "0,3,0,5"})


def test_comfyui_stub_kept_pixels_come_back_to_the_bit(comfy: Any, open_door: OpenDoor) -> None:
    door = open_door(answered)
    keep = torch.rand(1, 29, 43, 4, generator=torch.Generator().manual_seed(2))
    mask = torch.zeros(1, 29, 43)
    mask[:, 10:20, 7:30] = 1
    samples = {"samples": LATENTS, "noise_mask": mask[:, None]}
    node = comfy.nodes["ConsistencyDecodeRemote"]()
    (images,) = node.decode(samples, door.endpoint, 7, 2, "original", keep=keep, feather=3)
    cropped, flags = keep[0, 2:26, 1:41, :3], mask[0, 2:26, 1:41] > 0
    for picture in images:
        assert torch.equal(picture[~flags], cropped[~flags])
        assert (picture[flags] - cropped[flags]).abs().max() > 0.1
    for seen in door.seen:
        sent_parts = kept_parts(seen)
        np.testing.assert_array_equal(sent_parts["keep"][0], np.rint(cropped.numpy() * 255).astype(np.uint8))
        np.testing.assert_array_equal(sent_parts["mask"][0, 0] == 255, flags.numpy())
        assert seen.query["feather"] == "3"


def test_comfyui_stub_a_mask_of_cells_is_enlarged(comfy: Any, open_door: OpenDoor) -> None:
    door = open_door(answered)
    mask = torch.zeros(3, 5)
    mask[1, 2:4] = 1
    samples = {"samples": LATENTS[:1], "noise_mask": mask}
    comfy.nodes["ConsistencyDecodeRemote"]().decode(
        samples, door.endpoint, 7, 2, "original", keep=torch.zeros(1, 24, 40, 3)
    )
    flags = kept_parts(door.seen[0])["mask"][0, 0] == 255
    np.testing.assert_array_equal(flags, np.kron(mask.numpy(), np.ones((8, 8))) > 0)


def test_comfyui_stub_a_start_takes_the_place_of_the_first_step(comfy: Any, open_door: OpenDoor) -> None:
    door = open_door(answered)
    node = comfy.nodes["ConsistencyDecodeRemote"]()
    picture = torch.rand(1, 24, 40, 3, generator=torch.Generator().manual_seed(2))
    expected = np.rint(picture.numpy() * 255).astype(np.uint8)
    vae = types.SimpleNamespace(decode=lambda samples: picture)
    for start in (picture, vae):
        node.decode({"samples": LATENTS}, door.endpoint, 7, 2, "original", start=start)
    (patched,) = comfy.nodes["UseRemoteConsistencyDecoder"]().patch(
        vae, door.endpoint, 7, 4, "original", start_from_vae=True
    )
    patched.decode(LATENTS[:1])
    assert [seen.query["schedule"] for seen in door.seen] == ["512"] * 4 + ["768,512,256"]
    for seen in door.seen:
        np.testing.assert_array_equal(kept_parts(seen)["start"], expected)
        assert "steps" not in seen.query
    with pytest.raises(RuntimeError, match="at least 2 steps are needed"):
        node.decode({"samples": LATENTS}, door.endpoint, 7, 1, "original", start=picture)
    with pytest.raises(RuntimeError, match="a VAE that decodes with the server itself"):
        node.decode({"samples": LATENTS}, door.endpoint, 7, 2, "original", start=patched)


def test_comfyui_stub_shared_noise_has_the_seed_itself(comfy: Any, open_door: OpenDoor) -> None:
    door = open_door(answered)
    comfy.nodes["ConsistencyDecodeRemote"]().decode(
        {"samples": LATENTS}, door.endpoint, 7, 2, "original", shared_noise=True
    )
    assert [(seen.query["noise-shared"], "seed" in seen.query) for seen in door.seen] == [("7", False)] * 2


@pytest.mark.parametrize(
    ("mask", "keep", "says"),
    [
        (None, torch.zeros(1, 24, 40, 3), "the latents have none: put 'Set Latent Noise Mask'"),
        (torch.zeros(24, 40), torch.zeros(1, 24, 48, 3), "'keep' has 48x24 pixels, the decoded picture 40x24"),
    ],
)
def test_comfyui_stub_what_cannot_be_kept_is_refused(comfy: Any, mask: Any, keep: Any, says: str) -> None:
    samples = {"samples": LATENTS, **({} if mask is None else {"noise_mask": mask})}
    with pytest.raises(RuntimeError, match=says):
        comfy.nodes["ConsistencyDecodeRemote"]().decode(samples, "http://127.0.0.1:1", 7, 2, "original", keep=keep)


def test_comfyui_stub_a_server_that_passes_over_a_mode_is_found_out(comfy: Any, open_door: OpenDoor) -> None:
    door = open_door(levels)
    picture = torch.zeros(1, 24, 40, 3)
    samples = {"samples": LATENTS, "noise_mask": torch.ones(24, 40)}
    for mode in ({"start": picture}, {"keep": picture}):
        with pytest.raises(RuntimeError, match=f"passed over '{next(iter(mode))}'"):
            comfy.nodes["ConsistencyDecodeRemote"]().decode(samples, door.endpoint, 7, 2, "original", **mode)


def test_comfyui_stub_vae_that_decodes_remotely(comfy: Any, open_door: OpenDoor) -> None:
    door, original = open_door(levels), ComfyVae()
    (vae,) = comfy.nodes["UseRemoteConsistencyDecoder"]().patch(original, door.endpoint, 7, 1, "diffusers")
    stub_of_comfy_checks_a_picture(stock_vae_decode(vae, {"samples": LATENTS}))
    stub_of_comfy_checks_a_picture(
        vae.decode_tiled(LATENTS, tile_x=64, tile_y=64, overlap=16, tile_t=None, overlap_t=None)
    )
    assert vae.encode("x") == "encoded x"
    assert vae.spacial_compression_decode() == 8
    assert [seen.query["steps"] for seen in door.seen] == ["1"] * 4
    assert [len(sent(seen)) for seen in door.seen] == [1] * 4
    with pytest.raises(AssertionError, match="local decoder"):
        original.decode(LATENTS)


def test_comfyui_stub_a_vae_of_another_family_is_refused(comfy: Any) -> None:
    vae = ComfyVae()
    vae.latent_channels = 16
    with pytest.raises(RuntimeError, match="16 latent channels"):
        comfy.nodes["UseRemoteConsistencyDecoder"]().patch(vae, "http://127.0.0.1:1", 0, 2, "original")


def test_comfyui_stub_the_cancel_button_ends_a_decode(comfy: Any, open_door: OpenDoor) -> None:
    over = threading.Event()

    def answer(seen: Seen) -> Reply:
        comfy.host.pressed = True
        over.wait(20)
        return levels(seen)

    door = open_door(answer)
    with pytest.raises(InterruptedError):
        comfy.nodes["ConsistencyDecodeRemote"]().decode({"samples": LATENTS}, door.endpoint, 0, 2, "original")
    over.set()


def test_comfyui_stub_image_to_latent_crops_to_cells(comfy: Any, open_door: OpenDoor) -> None:
    def encoded(seen: Seen) -> Reply:
        assert (seen.path, seen.query["shape"]) == ("/encode", "1,3,16,8")
        return tensor(np.full((1, 4, 2, 1), 3, np.float32))

    door = open_door(encoded)
    pixels = torch.zeros(1, 19, 10, 4)
    pixels[:, 1:17, 1:9] = 1
    (latent,) = comfy.nodes["ConsistencyEncodeRemote"]().encode(pixels, door.endpoint)
    assert torch.equal(latent["samples"], torch.full((1, 4, 2, 1), 3.0))
    assert np.frombuffer(door.seen[0].body, "<f4").min() == 1


def test_comfyui_stub_without_the_program_says_what_to_install(comfy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONSISTENCY_DECODER_COMMAND", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match=r"is not installed: unpack its bundle so that .*comfyui/consist"):
        comfy.nodes["ConsistencyDecoderServer"]().start("")


def test_comfyui_stub_no_server_is_started_on_windows(comfy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sidecar = sys.modules["comfy_consistency.sidecar"]
    monkeypatch.setattr(sidecar, "os", types.SimpleNamespace(name="nt"))
    with pytest.raises(RuntimeError, match="on Windows: start 'consistency-decoder serve' by hand"):
        comfy.nodes["ConsistencyDecoderServer"]().start("tiny")


def test_comfyui_stub_every_input_is_explained(comfy: Any) -> None:
    for node in comfy.nodes.values():
        types = node.INPUT_TYPES()
        for name, spec in {**types["required"], **types.get("optional", {})}.items():
            assert spec[1]["tooltip"], f"{node.__name__}.{name}"
        assert node.DESCRIPTION
        assert len(node.OUTPUT_TOOLTIPS) == len(node.RETURN_TYPES)


@pytest.mark.service
def test_comfyui_stub_with_the_service(comfy: Any, reduced_endpoint: str) -> None:
    (vae,) = comfy.nodes["UseRemoteConsistencyDecoder"]().patch(ComfyVae(), reduced_endpoint, 7, 2, "original")
    images = stock_vae_decode(vae, {"samples": 5 * LATENTS})
    assert images.shape == (2, 24, 40, 3)
    assert 0.05 < images.std() < 0.5


# Forge, stood in for.


class ForgePatcher:
    def __init__(self) -> None:
        self.model_options: dict[str, Any] = {}

    def set_model_vae_decode_wrapper(self, wrapper: Any) -> None:
        self.model_options["model_vae_decode_wrapper"] = wrapper


class ForgeVae:
    """How Forge's VAE object calls a wrapper."""

    def __init__(self) -> None:
        self.patcher = ForgePatcher()

    def clone(self) -> ForgeVae:
        clone = ForgeVae()
        clone.patcher.model_options = dict(self.patcher.model_options)
        return clone

    def decode_inner(self, samples: Any) -> Any:
        return "the local decoder's"

    def decode(self, samples: Any) -> Any:
        wrapper = self.patcher.model_options.get("model_vae_decode_wrapper")
        return self.decode_inner(samples) if wrapper is None else wrapper(self.decode_inner, samples)


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Entered:
        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def __enter__(self) -> Entered:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    host_module(monkeypatch, "gradio", Accordion=Entered, Checkbox=Entered, Textbox=Entered, Slider=Entered)
    host_module(monkeypatch, "modules.scripts", Script=object, AlwaysVisible=object())
    return load("forge_consistency", CLIENTS / "forge" / "scripts" / "consistency_remote.py", monkeypatch)


def processing(**changed: Any) -> Any:
    model = types.SimpleNamespace(forge_objects=types.SimpleNamespace(vae=ForgeVae()), is_sdxl=False, is_sd3=False)
    vars(model).update(changed)
    return types.SimpleNamespace(sd_model=model, seeds=[40, 41], extra_generation_params={})


def test_forge_stub_decodes_with_the_seeds_of_the_pictures(forge: Any, open_door: OpenDoor) -> None:
    door, p = open_door(levels), processing()
    original = p.sd_model.forge_objects.vae
    script = forge.ConsistencyDecoderScript()
    assert len(script.ui(False)) == 3
    script.process_before_every_sampling(p, True, door.endpoint, 2, noise=None)
    stub_of_comfy_checks_a_picture(p.sd_model.forge_objects.vae.decode(LATENTS))
    assert (door.seen[0].query["latents"], door.seen[0].query["seed"]) == ("unscaled", "40,41")
    assert original.decode(LATENTS) == "the local decoder's"
    assert p.extra_generation_params["Decoder"] == "consistency (remote)"


@pytest.mark.parametrize(("enabled", "model"), [(False, {}), (True, {"is_sdxl": True}), (True, {"is_sd3": True})])
def test_forge_stub_leaves_the_vae_alone_where_it_must(forge: Any, enabled: bool, model: dict[str, bool]) -> None:
    p = processing(**model)
    forge.ConsistencyDecoderScript().process_before_every_sampling(p, enabled, "http://127.0.0.1:1", 2)
    assert p.sd_model.forge_objects.vae.decode(LATENTS) == "the local decoder's"


# AUTOMATIC1111's web UI, stood in for.


@pytest.fixture
def webui(monkeypatch: pytest.MonkeyPatch) -> Any:
    """samples_to_images_tensor and decode_first_stage as the web UI's module has them, its decoders left out."""
    label = types.SimpleNamespace(component_args={"choices": ["Full", "TAESD"]})
    opts = types.SimpleNamespace(
        sd_vae_decode_method="Consistency (remote)",
        live_preview_fast_interrupt=False,
        data_labels={"sd_vae_decode_method": label},
    )
    shared = host_module(
        monkeypatch,
        "modules.shared",
        opts=opts,
        state=types.SimpleNamespace(interrupted=False),
        sd_model=types.SimpleNamespace(is_sdxl=False),
    )
    host_module(monkeypatch, "modules.scripts", Script=object, AlwaysVisible=object())
    common = host_module(
        monkeypatch,
        "modules.sd_samplers_common",
        approximation_indexes={"Full": 0, "Approx NN": 1, "Approx cheap": 2, "TAESD": 3},
        samples_to_images_tensor=lambda sample, approximation=None, model=None: f"local {approximation}",
    )

    def decode_first_stage(model: Any, x: Any) -> Any:
        index = common.approximation_indexes.get(shared.opts.sd_vae_decode_method, 0)
        return common.samples_to_images_tensor(x, index, model)

    def again() -> Any:
        return load("webui_consistency", CLIENTS / "a1111" / "scripts" / "consistency_remote.py", monkeypatch)

    return types.SimpleNamespace(
        common=common, shared=shared, script=again(), again=again, decode_first_stage=decode_first_stage, label=label
    )


def test_webui_stub_decodes_scaled_latents_when_chosen(
    webui: Any, open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = open_door(levels)
    monkeypatch.setenv("CONSISTENCY_DECODER_URL", door.endpoint)
    webui.script.ConsistencyDecoderScript().process_batch(None, seeds=[50, 51], batch_number=0)
    pictures = [webui.decode_first_stage(webui.shared.sd_model, LATENTS[k : k + 1]) for k in range(2)]
    assert [picture.shape for picture in pictures] == [(1, 3, 24, 40)] * 2
    assert torch.allclose(pictures[0][0, :, 0, 0], torch.tensor([-1.0, 0, 1]))
    assert [seen.query["seed"] for seen in door.seen] == ["50", "51"]
    assert {seen.query["latents"] for seen in door.seen} == {"scaled"}
    assert torch.equal(sent(door.seen[1]), LATENTS[1:])


def test_webui_stub_leaves_everything_else_alone(webui: Any) -> None:
    decode = webui.common.samples_to_images_tensor
    assert decode(LATENTS) == "local None"
    assert decode(LATENTS, 0) == "local 0"
    assert decode(LATENTS, approximation=3, model=None) == "local 3"
    webui.shared.opts.sd_vae_decode_method = "TAESD"
    assert webui.decode_first_stage(None, LATENTS) == "local 3"
    webui.shared.opts.sd_vae_decode_method = "Consistency (remote)"
    webui.shared.sd_model.is_sdxl = True
    assert webui.decode_first_stage(None, LATENTS) == "local 0"
    webui.shared.state.interrupted = webui.shared.opts.live_preview_fast_interrupt = True
    assert webui.decode_first_stage(None, LATENTS) == "local 4"


def test_webui_stub_reloading_the_scripts_wraps_once(webui: Any) -> None:
    webui.again()
    assert webui.label.component_args["choices"] == ["Full", "TAESD", "Consistency (remote)"]
    assert webui.common.samples_to_images_tensor._consistency_decoder_wraps(LATENTS, 1) == "local 1"


def test_webui_stub_without_the_setting_says_what_to_do(webui: Any, capsys: pytest.CaptureFixture[str]) -> None:
    webui.shared.opts.data_labels.clear()
    webui.again()
    assert '"sd_vae_decode_method": "Consistency (remote)" in config.json' in capsys.readouterr().out


# SD.Next, stood in for.


def test_sdnext_stub_points_the_remote_vae_here(monkeypatch: pytest.MonkeyPatch) -> None:
    hosted = {"sd": "https://hosted.example", "sdxl": "https://hosted.example/xl"}
    host_module(monkeypatch, "modules.vae.sd_vae_remote", hf_decode_endpoints=hosted)
    file = CLIENTS / "sdnext" / "scripts" / "consistency_remote.py"
    load("sdnext_consistency", file, monkeypatch)
    assert hosted == {"sd": "http://127.0.0.1:8000", "sdxl": "https://hosted.example/xl"}
    monkeypatch.setenv("CONSISTENCY_DECODER_URL", "http://elsewhere:1")
    load("sdnext_consistency", file, monkeypatch)
    assert hosted["sd"] == "http://elsewhere:1"
