"""Finds the training photographs and keeps them as uint8 arrays at a few sizes in one .npz.

    python photographs.py --debs DIR --skimage DIR --out photographs.npz

DIR of --debs: unpacked Debian packages gnome-backgrounds, mate-backgrounds, lomiri-wallpapers*, plasma-workspace-wallpapers and
ukui-wallpapers (`apt-get download ...` then `dpkg -x`), all under DFSG-free licences. DIR of --skimage: scikit-image's data folder.
Kodak's photographs are for evaluation and never read here.
"""
import argparse
import os

import numpy as np
from PIL import Image

PHOTOGRAPHS = """Bridge_by Dragonfly_by Picture_0B Picture_1A Wine_by aitzgorri free_by friends_by greentock life_by picosdeeuropa
seeding_by sunset_by Kleiber_by Aqua Blinds Dune FreshFlower Garden GreenMeadow LadyBird RainDrops Storm TwoWings Wood.jpg YellowFlower
Autumn BytheWater ColdRipple ColorfulCups EveningGlow FallenLeaf Grey Kite OneStandsOut Path summer_1am DarkestHour Volna wood-l
adwaita-l""".split()
GRAPHICS = """Canopee Cascade Cluster Altai IceCold Kokkini Patak SafeLanding Opal Shell Honeywave Kay calla goldfish rollpaper rhythm
Painting-Colors umang pixels-l licorice-l 2004default string Elephants.jpg""".split()
FREE = ["chelsea.png", "coffee.png", "astronaut.png", "rocket.jpg", "camera.png", "text.png", "page.png"]
SHORT_SIDES = (1024, 640, 400)


def files(debs, skimage):
    best = {}
    for folder, _, names in os.walk(debs):
        for name in names:
            path = os.path.join(folder, name)
            if not name.lower().endswith((".jpg", ".jpeg", ".png", ".webp")) or "screenshot" in name or os.path.islink(path):
                continue
            for weight, keys in ((1.0, PHOTOGRAPHS), (0.12, GRAPHICS)):
                for key in keys:
                    if key in name or f"/{key}/" in path:
                        size = os.path.getsize(path)
                        if key not in best or size > best[key][0]:
                            best[key] = (size, path, weight)
    rows = [(k, p, w) for k, (_, p, w) in sorted(best.items())]
    rows += [(n, os.path.join(skimage, n), 1.0 if n not in ("text.png", "page.png") else 0.4) for n in FREE]
    return rows


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--debs", required=True)
    a.add_argument("--skimage", required=True)
    a.add_argument("--out", required=True)
    a = a.parse_args()
    Image.MAX_IMAGE_PIXELS = None
    arrays, weights = {}, []
    for key, path, weight in files(a.debs, a.skimage):
        image = Image.open(path).convert("RGB")
        print(key, path, image.size, weight)
        for side in SHORT_SIDES:
            s = side / min(image.size)
            if s > 1.0 and side != min(SHORT_SIDES):
                if s > 1.6:
                    continue
                s = 1.0
            w, h = max(160, round(image.width * s)), max(160, round(image.height * s))
            small = image.resize((w, h), Image.LANCZOS)
            arrays[f"{len(weights):04d}"] = np.asarray(small)
            weights.append(weight * (h * w) ** 0.5)
    np.savez(a.out, weights=np.array(weights), **arrays)
    print(len(weights), "arrays")


if __name__ == "__main__":
    main()
