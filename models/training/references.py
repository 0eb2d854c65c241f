"""Two small published networks used only while training and judging: the VAElight encoder and decoder (SD 1.x latents,
Apache-2.0), and LPIPS with the SqueezeNet backbone (BSD). Both read from safetensors files; nothing of them is shipped.
"""
import torch
import torch.nn.functional as F
from safetensors.torch import load_file


class VaeLight:
    def __init__(self, folder, device="cpu"):
        self.e = {k: v.float().to(device) for k, v in load_file(f"{folder}/vaelight_encoder.safetensors").items()}
        self.d = {k: v.float().to(device) for k, v in load_file(f"{folder}/vaelight_decoder.safetensors").items()}

    @torch.no_grad()
    def encode(self, x):
        """[N,3,H,W] in [-1,1] -> [N,4,H/8,W/8] unscaled latents."""
        def c(n, v, stride=1, act=True):
            w = self.e[n + ".weight"]
            v = F.conv2d(v, w, self.e[n + ".bias"], stride=stride, padding=1 if w.shape[-1] == 3 else 0)
            return F.leaky_relu(v, 0.01) if act else v
        a = c("cv2", c("cv1", x, 2))
        a = c("cv4", c("cv3", a, 2))
        a = c("cv6", c("cv5", a, 2), act=False)
        b = F.avg_pool2d(x, 8)
        b = c("cv18", c("cv17", c("cv16", c("cv15", c("cv14", b)))), act=False)
        return a + b

    @torch.no_grad()
    def decode(self, z):
        """[N,4,h,w] unscaled latents -> [N,3,8h,8w] in [-1,1]: four pictures of rising size, enlarged and added."""
        def branch(prefix, layers, doubling):
            v = z
            for i in range(1, layers + 1):
                w, bias = self.d[f"{prefix}v{i}.weight"], self.d[f"{prefix}v{i}.bias"]
                v = F.conv_transpose2d(v, w, bias, stride=2) if i in doubling else F.conv2d(v, w, bias, padding=w.shape[-1] // 2)
                v = F.leaky_relu(v, 0.01) if i < layers else v
            return v
        full = branch("c", 11, (3, 6, 9))
        for part in (branch("c4", 8, (3, 6)), branch("c3", 5, (3,)), branch("c2", 4, ())):
            full = full + F.interpolate(part, size=full.shape[-2:], mode="bilinear", align_corners=False)
        return full.clamp(-1, 1)


class Lpips(torch.nn.Module):
    """LPIPS v0.1, net squeeze. Inputs [N,3,H,W] RGB in [-1,1]; returns [N]."""

    def __init__(self, file):
        super().__init__()
        for k, v in load_file(file).items():
            self.register_buffer(k.replace(".", "_"), v.float())
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1))

    def fire(self, i, x):
        p = lambda n: (getattr(self, f"features_{i}_{n}_weight"), getattr(self, f"features_{i}_{n}_bias"))
        s = F.relu(F.conv2d(x, *p("squeeze")))
        return torch.cat([F.relu(F.conv2d(s, *p("expand1x1"))), F.relu(F.conv2d(s, *p("expand3x3"), padding=1))], 1)

    def features(self, x):
        x = (x - self.shift) / self.scale
        x = F.relu(F.conv2d(x, self.features_0_weight, self.features_0_bias, stride=2))
        out = [x]
        for group in ((3, 4), (6, 7), (9,), (10,), (11,), (12,)):
            if group[0] in (3, 6, 9):
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            for i in group:
                x = self.fire(i, x)
            out.append(x)
        return out

    def forward(self, a, b):
        with torch.no_grad():
            fb = [self.unit(f) for f in self.features(b)]
        total = 0
        for k, (f, g) in enumerate(zip(self.features(a), fb)):
            d = (self.unit(f) - g).float() ** 2
            total = total + (d * getattr(self, f"lin{k}_weight").view(1, -1, 1, 1)).sum(1).mean((1, 2))
        return total

    @staticmethod
    def unit(f):
        f = f.float()
        return f / (f.pow(2).sum(1, keepdim=True).sqrt() + 1e-10)
