"""A client that decodes with diffusers' own network in this process, with the noise that it is handed.

It stands in for the service where that is not built: what the VAE sends is then tested all the same.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import ConsistencyDecoderVAE

from consistency_decoder import Cancellation, Client, Decoded, Model, NotSupportedError
from consistency_decoder.calls import Deadline
from consistency_decoder.client import Progress, pixels_of
from consistency_decoder.requests import DecodeCall, EncodeCall
from consistency_decoder.tensors import WireTensor

# Small tensors, and other tests beside this one: more threads only get into each other's way.
torch.set_num_threads(1)


class InProcessClient(Client):
    def __init__(self, vae: ConsistencyDecoderVAE) -> None:
        super().__init__()
        self.vae = vae
        self.calls: list[DecodeCall] = []
        self.encodes = False
        self.warnings: tuple[str, ...] = ()

    def ready(self, *, timeout: float = 5.0) -> bool:
        return True

    def close(self) -> None:
        pass

    def _prepare(self, call: DecodeCall) -> None:
        self.calls.append(call)

    def _decode(
        self,
        call: DecodeCall,
        request: None,
        deadline: Deadline,
        cancellation: Cancellation,
        progress: Progress | None,
    ) -> Decoded:
        assert call.scale == "unscaled"
        assert call.dialect == "diffusers"
        pixels = self._sample(call).numpy()
        if progress is not None:
            progress(call.steps or 1, call.steps or 1)
        return Decoded(pixels_of(WireTensor.of(pixels, "pixels"), call, "in process"), self.warnings)

    @torch.no_grad()
    def _sample(self, call: DecodeCall) -> torch.Tensor:
        assert call.noise is not None
        vae, scheduler = self.vae, self.vae.decoder_scheduler
        z = torch.tensor(call.latents.array()).float()
        noise = [torch.tensor(step.array()).float() for step in call.noise or ()]
        f = (z * vae.config.scaling_factor - vae.means) / vae.stds
        f = torch.nn.functional.interpolate(f, mode="nearest", scale_factor=8)
        scheduler.set_timesteps(2)
        x = scheduler.init_noise_sigma * noise[0]
        for k, t in enumerate(scheduler.timesteps):
            y = vae.decoder_unet(torch.concat([scheduler.scale_model_input(x, t), f], dim=1), t).sample[:, :3]
            x = scheduler.c_out[t] * y + scheduler.c_skip[t] * x
            if k == 0 and len(noise) == 1:
                break
            if k == 0:
                t = scheduler.timesteps[1]
                x = scheduler.sqrt_alphas_cumprod[t] * x + scheduler.sqrt_one_minus_alphas_cumprod[t] * noise[1]
        return x

    def _encode(self, call: EncodeCall, deadline: Deadline, cancellation: Cancellation) -> Any:
        if not self.encodes:
            raise NotSupportedError("no encoder is loaded")
        assert call.scale == "unscaled"
        with torch.no_grad():
            return self.vae.encode(torch.tensor(call.pictures.array()).float()).latent_dist.mode().numpy()

    def _models(self, deadline: Deadline, cancellation: Cancellation) -> list[Model]:
        return [Model("consistency_decoder")]
