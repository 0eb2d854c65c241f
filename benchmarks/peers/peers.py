"""Measures another implementation of the consistency decoder: CPU-seconds, wall time and peak resident memory.

    python peers.py --model DIR --size 128 [--peer eager|compile|onnxruntime] [--through diffusers] [--repeat 1] [--threads 2] [--json]
    python peers.py --model DIR --size 512 --device cuda [--dtype float16] [--peer eager|compile] [--through diffusers] [--json]

DIR is a folder in the diffusers layout (make_full_weights.py writes one), so that a peer opens the very same file. One decode
is what a caller waits for: noise, both evaluations, the sampler's arithmetic, clamped pixels. CPU-seconds are user and system
time of the process (getrusage) over the decodes alone; opening the model is timed apart. Peak memory is the process's since
its start, weights included, so measure one size in one process. ``--evaluations`` adds the time of a single evaluation of
the network. The first decode is a warm-up, unless ``--no-warm-up`` says that it counts: it is when torch.compile compiles.

Peers: ``eager`` and ``compile`` are PyTorch, on this project's transcription of the network or, with ``--through diffusers``,
on diffusers' UNet2DModel as its ConsistencyDecoderVAE configures it. ``onnxruntime`` is ONNX Runtime in Python on what
torch.onnx.export makes of the network as it is: ``--export-to FILE`` writes it (once, in a process of its own, for exporting
takes more memory than running), ``--onnx FILE`` is what is run. Its threads do not spin, so that waiting costs it nothing.

``--device cuda`` runs PyTorch on an NVIDIA GPU: weights and latents are there before the first decode, pixels stay there, and
what counts is wall time, each reading of which waits for the device. Device memory is that of PyTorch's allocator since the
start, weights included; the context of CUDA is not in it. ``--dtype float16`` is what users of diffusers do: a network of
halves, inputs in halves. All else is as PyTorch has it: cuDNN chooses by its heuristics, float32 convolutions use TF32.
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
from network import ConsistencyUNet, normalise, step  # noqa: E402

PREFIX = "decoder_unet."


class Stopwatch:
    """CPU-seconds (user and system, all threads) and wall seconds since it was made; a GPU has done its work at both ends."""

    def __init__(self, device="cpu"):
        self.device = device
        self.settle()
        self.wall, self.cpu = time.perf_counter(), self.used()

    def settle(self):
        if self.device == "cuda":
            torch.cuda.synchronize()

    @staticmethod
    def used():
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    def read(self, count=1):
        self.settle()
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


def diffusers_model(folder):
    """diffusers' own network with the same weights, one copy of them in memory."""
    from diffusers import UNet2DModel

    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    names = ("add_attention", "block_out_channels", "down_block_types", "downsample_padding", "in_channels", "layers_per_block",
             "norm_eps", "norm_num_groups", "num_train_timesteps", "out_channels", "resnet_time_scale_shift",
             "time_embedding_type", "up_block_types")
    with torch.device("meta"):
        unet = UNet2DModel(**{n: config["decoder_" + n] for n in names})
    with safe_open(os.path.join(folder, "diffusion_pytorch_model.safetensors"), "pt") as file:
        tensors = {k[len(PREFIX):]: file.get_tensor(k).float() for k in file.keys() if k.startswith(PREFIX)}
    unet.load_state_dict(tensors, assign=True)
    unet = unet.eval()

    class Sample(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.unet = unet

        def forward(self, x, t):
            return self.unet(x, t, return_dict=False)[0]

    return Sample()


def export(net, path):
    """What a user gets from torch.onnx.export: any height and width, weights in a file beside it."""
    x, t = torch.zeros(1, 7, 64, 64), torch.tensor([1008])
    shapes = ({2: torch.export.Dim("height"), 3: torch.export.Dim("width")}, None)
    with torch.no_grad():
        torch.onnx.export(net, (x, t), path, input_names=["x", "t"], output_names=["y"], dynamic_shapes=shapes,
                          dynamo=True, external_data=True, verbose=False)


def onnx_network(path, threads):
    """The exported network in ONNX Runtime, called like the one in PyTorch."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def evaluate(x, t):
        return torch.from_numpy(session.run(None, {"x": x.contiguous().numpy(), "t": t.numpy()})[0])

    return evaluate, onnxruntime.__version__


def peak_rss_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Cast(torch.nn.Module):
    """A network that is called in float32 and computes in another type; the sampler takes its answer back to float32."""

    def __init__(self, net, dtype):
        super().__init__()
        self.net, self.dtype = net, dtype

    def forward(self, x, t):
        return self.net(x.to(self.dtype), t)


def decode(net, latents, seed):
    """network.py's sampler, but the noise is drawn where the latents are, as diffusers draws it; on the CPU it is the same."""
    n, _, h, w = latents.shape
    generator = torch.Generator(latents.device).manual_seed(seed)
    features, x0 = normalise(latents), None
    for t in (1008, 512):
        noise = torch.randn(n, 3, 8 * h, 8 * w, generator=generator, device=latents.device)
        x0 = step(net, x0, features, torch.full((n,), t, device=latents.device), noise).clamp(-1, 1)
    return x0


def measure(net, size, repeat, warm_up, evaluations, device, dtype):
    latents = 5 * torch.randn(1, 4, size // 8, size // 8, generator=torch.Generator().manual_seed(1))
    latents = latents.to(device, dtype)
    with torch.inference_mode():
        first = Stopwatch(device)
        if warm_up:
            decode(net, latents, 0)
        first = first.read()
        watch = Stopwatch(device)
        for seed in range(repeat):
            pixels = decode(net, latents, seed)
        result = {"size": size, "steps": 2, "repeat": repeat, **watch.read(repeat)}
        if not torch.isfinite(pixels).all():
            sys.exit("the decode left values that are not finite")
        result["peak_rss_bytes"] = peak_rss_bytes()
        if device == "cuda":
            result["peak_device_bytes"] = torch.cuda.max_memory_allocated()
            result["reserved_device_bytes"] = torch.cuda.max_memory_reserved()
        if warm_up:
            result["first"] = first
        if evaluations:
            x, t = torch.randn(1, 7, size, size, device=device), torch.tensor([1008], device=device)
            watch = Stopwatch(device)
            for _ in range(repeat):
                net(x, t)
            result["evaluation"] = watch.read(repeat)
    return result


def peer(args):
    """The network to measure and what to call it."""
    if args.peer == "onnxruntime":
        net, version = onnx_network(args.onnx, args.threads)
        return net, {"peer": "onnxruntime", "version": version}
    net = diffusers_model(args.model) if args.through == "diffusers" else open_model(args.model)
    if args.channels_last:
        net = net.to(memory_format=torch.channels_last)
    if args.export_to:
        export(net, args.export_to)
        sys.exit(0)
    # Converted before it is moved: the device never holds it in float32.
    dtype = getattr(torch, args.dtype)
    net = net.to(dtype).to(args.device)
    if args.peer == "compile":
        net = torch.compile(net)
    if dtype != torch.float32:
        net = Cast(net, dtype)
    return net, {"peer": "pytorch-" + args.peer, "version": torch.__version__, "channels_last": args.channels_last}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder with config.json and diffusion_pytorch_model.safetensors")
    parser.add_argument("--peer", choices=("eager", "compile", "onnxruntime"), default="eager")
    parser.add_argument("--through", choices=("network", "diffusers"), default="network", help="whose code the network is in")
    parser.add_argument("--onnx", help="what --export-to wrote, for --peer onnxruntime")
    parser.add_argument("--export-to", help="write the network as ONNX to this file, with its weights beside it, and stop")
    parser.add_argument("--size", type=int, default=128, help="image side in pixels, a multiple of 8")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--dtype", choices=("float32", "float16"), default="float32", help="of weights, latents and activations")
    parser.add_argument("--repeat", type=int, default=1, help="decodes that are measured")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--evaluations", action="store_true", help="time single evaluations of the network as well")
    parser.add_argument("--channels-last", action="store_true", help="weights and activations in channels-last order")
    parser.add_argument("--no-warm-up", action="store_true", help="count the first decode of the process")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.size < 8 or args.size % 8:
        parser.error(f"--size {args.size}: a positive multiple of 8 is needed")
    if args.peer == "onnxruntime" and not args.onnx:
        parser.error("--peer onnxruntime: --onnx FILE is needed; --export-to FILE writes one")
    if (args.device, args.dtype) != ("cpu", "float32") and (args.peer == "onnxruntime" or args.export_to):
        parser.error("--device and --dtype: for --peer eager and compile only")
    if args.device == "cuda" and not torch.cuda.is_available():
        parser.error(f"--device cuda: PyTorch {torch.__version__} finds no GPU")
    torch.set_num_threads(args.threads)
    watch = Stopwatch(args.device)
    net, names = peer(args)
    opened = watch.read()
    if (args.device, args.dtype) != ("cpu", "float32"):
        names["device"] = torch.cuda.get_device_name() if args.device == "cuda" else "cpu"
        names["dtype"] = args.dtype
    result = {**names, "through": args.through, "threads": args.threads, "open": opened,
              **measure(net, args.size, args.repeat, not args.no_warm_up, args.evaluations, args.device,
                        getattr(torch, args.dtype))}
    if args.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            print(f"{key}: {value}")


if __name__ == "__main__":
    main()
