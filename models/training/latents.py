"""Latents for training that lie near to the real encoder's: VAElight's, calibrated, with what is left as disturbance.

Measured in scaled units on one photograph (crepe, the mean of TAESD 1.3, 1.2 and 1.1's latents) against VAElight's encoder:

- the affine map below, fitted on the whole photograph, leaves 0.28, 0.26, 0.27, 0.25 root mean square by channel. Against TAESD 1.3
  alone, fitted on one half, it leaves 0.30, 0.27, 0.27, 0.26 on the other (left, right, top, bottom) and its entries move by up to 0.05;
- its gains agree with an independent figure, the published standard deviations of the channels over those of 93 photographs;
- the rest is twice as large where the picture is busy as where it is flat (0.19 to 0.37), and is correlated between channels
  (CORRELATION) and a little in space (averaged over 8x8 cells 0.07, where white noise would leave 0.035).
"""
import torch
import torch.nn.functional as F

from network import LATENT_MEAN, LATENT_STD, SCALING_FACTOR

MAP = ((0.914, -0.005, 0.055, -0.001), (-0.013, 0.882, 0.084, 0.005), (0.010, -0.021, 0.798, -0.023), (-0.003, -0.001, 0.002, 0.905))
CONSTANT = (0.090, -0.078, 0.144, 0.001)
RESIDUAL = (0.28, 0.26, 0.27, 0.25)
CORRELATION = ((1.0, 0.10, 0.19, 0.73), (0.10, 1.0, -0.26, 0.23), (0.19, -0.26, 1.0, 0.40), (0.73, 0.23, 0.40, 1.0))


def calibrate(unscaled):
    """[N,4,h,w] unscaled VAElight latents -> unscaled latents with the real encoder's gains and offsets."""
    constant = torch.tensor(CONSTANT).view(1, 4, 1, 1).to(unscaled.device) / SCALING_FACTOR
    return torch.einsum("ij,njhw->nihw", torch.tensor(MAP).to(unscaled.device), unscaled) + constant


def uncalibrate(unscaled):
    """The way back: unscaled latents in the real encoder's gains and offsets -> in VAElight's."""
    constant = torch.tensor(CONSTANT).view(1, 4, 1, 1).to(unscaled.device) / SCALING_FACTOR
    return torch.einsum("ij,njhw->nihw", torch.linalg.inv(torch.tensor(MAP)).to(unscaled.device), unscaled - constant)


def fold(conv):
    """Changes the first convolution so that calibrated latents give what VAElight's gave before (but for the picture's border)."""
    std, mean = torch.tensor(LATENT_STD).double(), torch.tensor(LATENT_MEAN).double()
    inverse = torch.linalg.inv(torch.tensor(MAP).double())
    # f = (s - mean) / std with s the scaled latent; the old one is s' = inverse (s - constant)
    linear = (inverse * std[None]) / std[:, None]
    shift = (inverse @ (mean - torch.tensor(CONSTANT).double()) - mean) / std
    with torch.no_grad():
        w = conv.weight[:, 3:].double()
        conv.bias.add_((w.sum((2, 3)) @ shift).float())
        conv.weight[:, 3:] = torch.einsum("oihw,ij->ojhw", w, linear).float()


def disturb(unscaled, x, generator, strength, tones=0.05):
    """Adds a disturbance like the residual: [N,4,h,w] latents of the crops x [N,3,8h,8w]; strength [N] in parts of its size.

    Gains (of standard deviation ``tones``) and offsets (the same, scaled units) are drawn for each crop and channel.
    """
    n, _, h, w = unscaled.shape
    draw = lambda *shape: torch.randn(*shape, generator=generator).to(unscaled.device)
    blurred = lambda v, k: F.avg_pool2d(F.pad(v, (k // 2,) * 4, mode="reflect"), k, 1) * k
    field = draw(n, 4, h, w) * 0.90
    field = field + 0.38 * blurred(draw(n, 4, h + 8, w + 8), 3)[:, :, 4:-4, 4:-4]
    field = field + 0.22 * blurred(draw(n, 4, h + 8, w + 8), 9)[:, :, 4:-4, 4:-4]
    lower = torch.linalg.cholesky(torch.tensor(CORRELATION)) * torch.tensor(RESIDUAL)[:, None]
    field = torch.einsum("ij,njhw->nihw", lower.to(unscaled.device), field)
    busy = F.avg_pool2d((x - F.avg_pool2d(x, 9, 1, 4)).abs().mean(1, keepdim=True), 8)
    field = field * (0.65 + 6.0 * busy).clamp(max=1.45) * strength.view(n, 1, 1, 1)
    level = strength.clamp(max=1).view(n, 1, 1, 1) * tones
    return unscaled * (1 + level * draw(n, 4, 1, 1)) + (field + level * draw(n, 4, 1, 1)) / SCALING_FACTOR
