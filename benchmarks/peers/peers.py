"""Measures PyTorch eager on the consistency decoder: CPU-seconds, wall time and peak resident memory.

    python peers.py --model DIR --size 128 [--repeat 1] [--threads 2] [--evaluations] [--channels-last] [--json]

DIR is a folder in the diffusers layout (make_full_weights.py writes one), so that a peer opens the very same file. One decode
is what a caller waits for: noise, both evaluations, the sampler's arithmetic, clamped pixels. CPU-seconds are user and system
time of the process (getrusage) over the decodes alone; opening the model is timed apart. Peak memory is the process's since
its start, weights included, so measure one size in one process. ``--evaluations`` adds the time of a single evaluation of
the network. The first decode is a warm-up, unless ``--no-warm-up`` says that it counts.
"""
import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path

import torch
from safetensors import safe_open

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models" / "training"))
from network import ConsistencyUNet, decode  # noqa: E402

PREFIX = "decoder_unet."


class Stopwatch:
    """CPU-seconds (user and system, all threads) and wall seconds since it was made."""

    def __init__(self):
        self.wall, self.cpu = time.perf_counter(), self.used()

    @staticmethod
    def used():
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    def read(self, count=1):
        return {"cpu_seconds": (self.used() - self.cpu) / count, "wall_seconds": (time.perf_counter() - self.wall) / count}


def open_model(folder):
    """The network with its weights, one copy of them in memory."""
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    with torch.device("meta"):
        net = ConsistencyUNet(config["decoder_block_out_channels"], config["decoder_layers_per_block"],
                              config["decoder_norm_num_groups"])
    with safe_open(os.path.join(folder, "diffusion_pytorch_model.safetensors"), "pt") as file:
        tensors = {k[len(PREFIX):]: file.get_tensor(k).float() for k in file.keys() if k.startswith(PREFIX)}
    net.load_state_dict(tensors, assign=True)
    return net.eval()


def peak_rss_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(net, size, repeat, warm_up, evaluations):
    latents = 5 * torch.randn(1, 4, size // 8, size // 8, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        if warm_up:
            decode(net, latents, 0)
        watch = Stopwatch()
        for seed in range(repeat):
            pixels = decode(net, latents, seed)[-1]
        result = {"size": size, "steps": 2, "repeat": repeat, **watch.read(repeat)}
        if not torch.isfinite(pixels).all():
            sys.exit("the decode left values that are not finite")
        result["peak_rss_bytes"] = peak_rss_bytes()
        if evaluations:
            x, t = torch.randn(1, 7, size, size), torch.tensor([1008])
            watch = Stopwatch()
            for _ in range(repeat):
                net(x, t)
            result["evaluation"] = watch.read(repeat)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder with config.json and diffusion_pytorch_model.safetensors")
    parser.add_argument("--size", type=int, default=128, help="image side in pixels, a multiple of 8")
    parser.add_argument("--repeat", type=int, default=1, help="decodes that are measured")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--evaluations", action="store_true", help="time single evaluations of the network as well")
    parser.add_argument("--channels-last", action="store_true", help="weights and activations in channels-last order")
    parser.add_argument("--no-warm-up", action="store_true", help="count the first decode of the process")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.size < 8 or args.size % 8:
        parser.error(f"--size {args.size}: a positive multiple of 8 is needed")
    torch.set_num_threads(args.threads)
    watch = Stopwatch()
    net = open_model(args.model)
    if args.channels_last:
        net = net.to(memory_format=torch.channels_last)
    opened = watch.read()
    result = {"peer": "pytorch-eager", "version": torch.__version__, "threads": args.threads,
              "channels_last": args.channels_last, "open": opened,
              **measure(net, args.size, args.repeat, not args.no_warm_up, args.evaluations)}
    if args.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            print(f"{key}: {value}")


if __name__ == "__main__":
    main()
