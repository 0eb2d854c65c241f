"""The nodes in the real ComfyUI. Skipped unless CONSISTENCY_DECODER_COMFYUI says how it is started.

CONSISTENCY_DECODER_COMFYUI="python /path/of/ComfyUI/main.py --cpu" pytest tests/test_comfyui.py
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.service
COMMAND = os.environ.get("CONSISTENCY_DECODER_COMFYUI")
PACK = Path(__file__).resolve().parents[2] / "comfyui"
GOLDENS = Path(__file__).resolve().parents[3] / "decoder-core" / "src" / "test" / "resources" / "goldens"
WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN"}
SECONDS = 180


class Comfy:
    def __init__(self, address: str, folder: Path) -> None:
        self.address, self.folder = address, folder

    def ask(self, path: str, document: Any = None) -> Any:
        data = None if document is None else json.dumps(document).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.address + path, data, headers)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
            body = answer.read()
        return json.loads(body) if body else None

    def api_form(self, workflow: dict[str, Any]) -> dict[str, Any]:
        """What the page makes of a workflow before it queues it."""
        sources = {link[0]: [str(link[1]), link[2]] for link in workflow["links"]}
        prompt = {}
        for node in workflow["nodes"]:
            known = self.ask(f"/object_info/{node['type']}")[node["type"]]["input"]
            values, inputs = iter(node["widgets_values"]), {}
            for name, spec in {**known.get("required", {}), **known.get("optional", {})}.items():
                if isinstance(spec[0], list) or spec[0] in WIDGETS | {"COMBO"}:
                    inputs[name] = next(values)
                    settings = spec[1] if len(spec) > 1 else {}
                    if settings.get("control_after_generate") or settings.get("image_upload"):
                        next(values)  # a widget of the page's own
            inputs.update({entry["name"]: sources[entry["link"]] for entry in node["inputs"]})
            prompt[str(node["id"])] = {"class_type": node["type"], "inputs": inputs}
        return prompt

    def queue(self, prompt: dict[str, Any], workflow: Any = None) -> str:
        extra = {"extra_pnginfo": {"workflow": workflow}} if workflow else {}
        return str(self.ask("/prompt", {"prompt": prompt, "extra_data": extra})["prompt_id"])

    def finished(self, prompt: str) -> dict[str, Any]:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            history = self.ask(f"/history/{prompt}")
            if prompt in history:
                return dict(history[prompt])
            time.sleep(0.1)
        raise AssertionError(f"not finished within {SECONDS} s")

    def pictures(self, prompt: dict[str, Any], workflow: Any = None) -> list[Any]:
        from PIL import Image

        done = self.finished(self.queue(prompt, workflow))
        assert done["status"]["status_str"] == "success", done["status"]
        files = [entry["filename"] for output in done["outputs"].values() for entry in output["images"]]
        return [Image.open(self.folder / "output" / file) for file in files]


@pytest.fixture(scope="module")
def comfy(tmp_path_factory: pytest.TempPathFactory, java_command: list[str]) -> Iterator[Comfy]:
    if not COMMAND:
        pytest.skip("CONSISTENCY_DECODER_COMFYUI does not say how ComfyUI is started")
    folder = tmp_path_factory.mktemp("comfy")
    for name in ("custom_nodes", "input", "output"):
        (folder / name).mkdir()
    (folder / "custom_nodes" / "consistency-decoder").symlink_to(PACK)
    shutil.copy(PACK / "example_workflows" / "example.latent", folder / "input")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*shlex.split(COMMAND), "--port", str(port), "--base-directory", str(folder)]
    environment = {**os.environ, "CONSISTENCY_DECODER_COMMAND": shlex.join(java_command)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        host, end = Comfy(f"http://127.0.0.1:{port}", folder), time.monotonic() + SECONDS
        while True:
            try:
                host.ask("/queue")
                break
            except OSError:
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < end, (folder / "log").read_text()
                time.sleep(0.2)
        yield host
    finally:
        process.terminate()
        process.wait(30)


def truncated(pixels: Any) -> Any:
    """Pixels [3, H, W] to bytes as ComfyUI's SaveImage does."""
    scaled = np.clip((pixels.astype(np.float32) + np.float32(1)) / np.float32(2), 0, 1)
    return np.clip(np.float32(255) * scaled.transpose(1, 2, 0), 0, 255).astype(np.uint8)


def by_hand(java_command: list[str], folder: Path, file: str, *options: str) -> Any:
    out = folder / "by-hand.npy"
    subprocess.run([*java_command, "decode", folder / "input" / file, "-o", out, "--force", *options], check=True)
    return np.load(out)


def latents(comfy: Comfy, name: str, n: int, size: int) -> None:
    values = 5 * np.random.default_rng(4).standard_normal((n, 4, size, size)).astype(np.float32)
    shape = list(values.shape)
    header = json.dumps(
        {
            "latent_tensor": {"dtype": "F32", "shape": shape, "data_offsets": [0, values.nbytes]},
            "latent_format_version_0": {"dtype": "F32", "shape": [0], "data_offsets": [values.nbytes] * 2},
        }
    ).encode()
    (comfy.folder / "input" / name).write_bytes(len(header).to_bytes(8, "little") + header + values.tobytes())


def loaded(name: str, **decoding: Any) -> dict[str, Any]:
    settings = {"server": ["2", 0], "seed": 7, "steps": 2, "dialect": "original", **decoding}
    return {
        "1": {"class_type": "LoadLatent", "inputs": {"latent": name}},
        "2": {"class_type": "ConsistencyDecoderServer", "inputs": {"model": "tiny"}},
        "3": {"class_type": "ConsistencyDecodeRemote", "inputs": {"samples": ["1", 0], **settings}},
        "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "test"}},
    }


def test_the_example_workflow_gives_the_command_line_s_picture_and_travels_in_it(
    comfy: Comfy, java_command: list[str]
) -> None:
    workflow = json.loads((PACK / "example_workflows" / "decode_a_latent.json").read_text())
    (picture,) = comfy.pictures(comfy.api_form(workflow), workflow)
    expected = by_hand(java_command, comfy.folder, "example.latent", "--seeds", "0")
    np.testing.assert_array_equal(np.asarray(picture), truncated(expected[0]))
    assert json.loads(picture.text["workflow"]) == workflow


def test_a_batch_of_three_has_the_seeds_that_follow(comfy: Comfy, java_command: list[str]) -> None:
    latents(comfy, "three.latent", 3, 8)
    pictures = comfy.pictures(loaded("three.latent"))
    expected = by_hand(java_command, comfy.folder, "three.latent", "--seeds", "7,8,9")
    assert len(pictures) == 3
    for picture, pixels in zip(pictures, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(picture), truncated(pixels))


def photo_with_mask(comfy: Comfy, name: str, size: int) -> tuple[Any, Any]:
    """A picture of the folder "input" whose alpha is the mask, as ComfyUI's mask editor saves it."""
    from PIL import Image

    rng = np.random.default_rng(5)
    photo, mask = rng.integers(0, 256, (size, size, 3), dtype=np.uint8), np.zeros((size, size), np.uint8)
    mask[90:170, 100:200] = 255
    Image.fromarray(np.dstack([photo, 255 - mask])).save(comfy.folder / "input" / f"{name}.png")
    Image.fromarray(photo).save(comfy.folder / "input" / f"{name}-photo.png")
    Image.fromarray(mask).save(comfy.folder / "input" / f"{name}-mask.png")
    return photo, mask


def test_what_the_mask_leaves_comes_back_and_the_rest_is_the_command_line_s(
    comfy: Comfy, java_command: list[str]
) -> None:
    latents(comfy, "masked.latent", 1, 44)
    photo, mask = photo_with_mask(comfy, "keep", 352)
    prompt = {
        **loaded("masked.latent", samples=["6", 0], keep=["5", 0]),
        "5": {"class_type": "LoadImage", "inputs": {"image": "keep.png"}},
        "6": {"class_type": "SetLatentNoiseMask", "inputs": {"samples": ["1", 0], "mask": ["5", 1]}},
    }
    (picture,) = comfy.pictures(prompt)
    folder = comfy.folder / "input"
    expected = by_hand(
        java_command,
        comfy.folder,
        "masked.latent",
        *("--seeds", "7", "--keep", str(folder / "keep-photo.png"), "--mask", str(folder / "keep-mask.png")),
    )
    np.testing.assert_array_equal(np.asarray(picture)[mask == 0], photo[mask == 0])
    np.testing.assert_array_equal(np.asarray(picture)[mask > 0], truncated(expected[0])[mask > 0])


def test_a_start_is_the_command_line_s(comfy: Comfy, java_command: list[str]) -> None:
    latents(comfy, "started.latent", 1, 44)
    photo_with_mask(comfy, "start", 352)
    prompt = {
        **loaded("started.latent", start=["5", 0]),
        "5": {"class_type": "LoadImage", "inputs": {"image": "start-photo.png"}},
    }
    (picture,) = comfy.pictures(prompt)
    start = comfy.folder / "input" / "start-photo.png"
    expected = by_hand(java_command, comfy.folder, "started.latent", "--seeds", "7", "--start", str(start))
    np.testing.assert_array_equal(np.asarray(picture), truncated(expected[0]))


def test_shared_noise_is_the_command_line_s(comfy: Comfy, java_command: list[str]) -> None:
    latents(comfy, "frames.latent", 3, 8)
    pictures = comfy.pictures(loaded("frames.latent", shared_noise=True))
    expected = by_hand(java_command, comfy.folder, "frames.latent", "--noise-shared", "7")
    for picture, pixels in zip(pictures, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(picture), truncated(pixels))


def test_the_other_example_workflows_are_taken(comfy: Comfy) -> None:
    """They need a checkpoint, so that they are checked and not run: nodes, types of links and values are the host's."""
    for name in ("text_to_image", "inpaint"):
        workflow = json.loads((PACK / "example_workflows" / f"{name}.json").read_text())
        prompt = comfy.api_form(workflow)
        with pytest.raises(urllib.error.HTTPError) as refused:
            comfy.queue(prompt)
        errors = json.loads(refused.value.read())["node_errors"]
        missing = {prompt[node]["class_type"] for node in errors}
        assert missing <= {"CheckpointLoaderSimple", "LoadImage"}, errors


def test_the_cancel_button_ends_a_decode(comfy: Comfy) -> None:
    latents(comfy, "large.latent", 2, 160)
    prompt = comfy.queue(loaded("large.latent", steps=8))
    while not comfy.ask("/queue")["queue_running"]:
        time.sleep(0.05)
    time.sleep(1)
    comfy.ask("/interrupt", {})
    done = comfy.finished(prompt)
    assert done["status"]["status_str"] == "error"
    assert [message[0] for message in done["status"]["messages"]][-1] == "execution_interrupted"


def test_pictures_are_encoded_and_decoded_again(comfy: Comfy, java_command: list[str]) -> None:
    from PIL import Image

    photo = np.random.default_rng(6).integers(0, 256, (69, 52, 3), dtype=np.uint8)
    Image.fromarray(photo).save(comfy.folder / "input" / "photo.png")
    vae = str(GOLDENS / "vae-reduced")
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "photo.png"}},
        "2": {"class_type": "ConsistencyDecoderServer", "inputs": {"model": f"vae:{vae}"}},
        "3": {"class_type": "ConsistencyEncodeRemote", "inputs": {"pixels": ["1", 0], "server": ["2", 0]}},
        "4": {"class_type": "SaveLatent", "inputs": {"samples": ["3", 0], "filename_prefix": "encoded"}},
    }
    done = comfy.finished(comfy.queue(prompt))
    assert done["status"]["status_str"] == "success", done["status"]
    cropped = comfy.folder / "cropped.png"
    Image.fromarray(photo[2:66, 2:50]).save(cropped)
    out = comfy.folder / "encoded.npy"
    subprocess.run([*java_command, "encode", cropped, "--model", vae, "--unscaled", "-o", out], check=True)
    (file,) = (comfy.folder / "output").glob("encoded*.latent")
    data = file.read_bytes()
    length = int.from_bytes(data[:8], "little")
    entry = json.loads(data[8 : 8 + length])["latent_tensor"]
    encoded = np.frombuffer(data[8 + length :][slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
    np.testing.assert_array_equal(encoded, np.load(out))
