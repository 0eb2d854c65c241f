"""Writes the picture files that PictureReaderTest reads, and what they should become.

usage: make_picture_files.py OUTPUT_FOLDER

For each NAME.EXT there is a NAME.EXT.rgb with the expected bytes, [H, W, 3], if it can be read. Expectations come
from Pillow (and its LittleCMS) or, where Pillow differs on purpose, from the array that the file was made of.
"""
import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, TiffImagePlugin

W, H = 37, 26
OUT = Path(sys.argv[1])
EXPECTED = {}


def picture():
    y, x = np.mgrid[0:H, 0:W]
    v = np.stack([x * 6, y * 9, 255 - (x + y) * 4], -1)
    v[4:12, 5:15] = [220, 30, 30]
    v[10:22, 20:30] = [20, 60, 200]
    return v.astype(np.uint8)


RGB = picture()
GREY = RGB[..., 1]
ALPHA = np.clip(np.mgrid[0:H, 0:W][1] * 7, 0, 255).astype(np.uint8)


def cmyk_profile():
    """A printer's profile of one lut8 with two grid points an ink, Lab."""
    corners = bytearray()
    for c, m, y, k in np.ndindex(2, 2, 2, 2):
        light = 0.1 + 0.9 * (1 - k)
        lab = (100 - 40 * c - 45 * m - 8 * y) * light, (70 * m - 35 * c) * (1 - k), (80 * y - 45 * c) * (1 - k)
        corners += bytes([round(lab[0] * 2.55), round(lab[1] + 128), round(lab[2] + 128)])
    ramp = bytes(range(256))
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + 4 * ramp + corners + 3 * ramp
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    name = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"inks\0" + bytes(78)
    tags, at, body = b"", 128 + 4 + 3 * 12, b""
    for tag, data in ((b"desc", name), (b"wtpt", white), (b"A2B0", lut)):
        data += bytes(-len(data) % 4)
        tags += tag + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"\0\0\0\0", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + struct.pack(">I", 3) + tags + body


def over_white(rgb, alpha):
    a = alpha[..., None].astype(int)
    return ((a * rgb + (255 - a) * 255 + 127) // 255).astype(np.uint8)


def grey_rgb(v):
    return np.repeat(v[..., None], 3, -1)


def save(name, image, expected=None, **options):
    image.save(OUT / name, **options)
    expect(name, expected)


def write(name, data, expected=None):
    (OUT / name).write_bytes(data)
    expect(name, expected)


def expect(name, expected):
    if expected is not None:
        v = np.ascontiguousarray(expected)
        assert v.dtype == np.uint8 and v.shape[2] == 3
        (OUT / (name + ".rgb")).write_bytes(struct.pack("<HH", v.shape[1], v.shape[0]) + v.tobytes())


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth, colour, rows, *more, interlace=0, width=W, height=H):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(more)
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def rows(v):
    return b"".join(b"\0" + v[y].tobytes() for y in range(len(v)))


def adam7(v):
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    return b"".join(rows(np.ascontiguousarray(v[y0::dy, x0::dx])) for x0, y0, dx, dy in passes)


def icc(kind, gamma, primaries=None):
    """A version 2 profile of a display with one gamma: RGB with these primaries (XYZ under D50), or grey."""
    def s15(v):
        return struct.pack(">i", round(v * 65536))

    def xyz(*v):
        return b"XYZ \0\0\0\0" + b"".join(map(s15, v))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    desc = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 78 + b"\0"
    tags = [(b"desc", desc), (b"cprt", b"text\0\0\0\0none\0\0\0\0"), (b"wtpt", xyz(0.9642, 1, 0.8249))]
    if kind == b"GRAY":
        tags += [(b"kTRC", curve)]
    else:
        tags += [(n, xyz(*p)) for n, p in zip([b"rXYZ", b"gXYZ", b"bXYZ"], primaries)]
        tags += [(n, curve) for n in [b"rTRC", b"gTRC", b"bTRC"]]
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags:
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    size = 128 + len(table) + len(body)
    head = struct.pack(">I4sI4s4s4s12s4s4sIIIQI", size, b"none", 0x02100000, b"mntr", kind, b"XYZ ",
                       struct.pack(">6H", 2020, 1, 1, 0, 0, 0), b"acsp", b"none", 0, 0, 0, 0, 0)
    head += struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + table + body


WIDE = icc(b"RGB ", 1.8, [(0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249)])
GREY_PROFILE = icc(b"GRAY", 1.6)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def to_srgb(image, profile):
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return np.asarray(ImageCms.profileToProfile(image, source, SRGB, outputMode="RGB"))


def exif(orientation):
    e = Image.Exif()
    e[0x0112] = orientation
    return e.tobytes()


def pngs():
    save("rgb.png", Image.fromarray(RGB), RGB)
    save("grey.png", Image.fromarray(GREY), grey_rgb(GREY))
    for depth in (1, 2, 4):
        level = GREY >> (8 - depth)
        bits = np.unpackbits(level[..., None], axis=-1)[..., 8 - depth:].reshape(H, -1)
        write(f"grey{depth}.png", png(depth, 0, rows(np.packbits(bits, axis=1))),
              grey_rgb((level.astype(int) * 255 // (2 ** depth - 1)).astype(np.uint8)))
    deep = RGB.astype(">u2") * 256 + np.arange(W, dtype=">u2")[None, :, None]
    write("rgb16.png", png(16, 2, rows(deep.astype(">u2"))), RGB)
    write("grey16.png", png(16, 0, rows((GREY.astype(">u2") * 256 + 3).astype(">u2"))), grey_rgb(GREY))
    save("alpha.png", Image.fromarray(np.dstack([RGB, ALPHA])), over_white(RGB, ALPHA))
    save("grey-alpha.png", Image.fromarray(np.dstack([GREY, ALPHA]), "LA"), over_white(grey_rgb(GREY), ALPHA))
    palette = Image.fromarray(RGB).quantize(40)
    save("palette.png", palette, np.asarray(palette.convert("RGB")))
    clear = np.asarray(palette) == 3
    save("palette-transparent.png", palette,
         np.where(clear[..., None], 255, np.asarray(palette.convert("RGB"))).astype(np.uint8), transparency=3)
    key = struct.pack(">HHH", *map(int, RGB[5, 6]))
    write("key-transparent.png", png(8, 2, rows(RGB), chunk(b"tRNS", key)),
          np.where((RGB == RGB[5, 6]).all(-1, keepdims=True), 255, RGB).astype(np.uint8))
    write("interlaced.png", png(8, 2, adam7(RGB), interlace=1), RGB)
    frames = [Image.fromarray(np.roll(RGB, k, 1)) for k in (0, 3, 6)]
    save("animated.png", frames[0], RGB, save_all=True, append_images=frames[1:], duration=100)
    image = Image.fromarray(RGB)
    save("profile.png", image, to_srgb(image, WIDE), icc_profile=WIDE)
    save("profile-srgb.png", image, RGB, icc_profile=SRGB.tobytes())
    save("profile-damaged.png", image, RGB, icc_profile=WIDE[:150])
    save("turned.png", image, np.rot90(RGB, -1), exif=exif(6))
    write("gamma.png", png(8, 2, rows(RGB), chunk(b"gAMA", struct.pack(">I", 100000))), RGB)
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 20_000_000, 9))
    write("text-bomb.png", png(8, 2, rows(RGB), text), RGB)
    profile = chunk(b"iCCP", b"x\0\0" + zlib.compress(b"\0" * 20_000_000, 9))
    write("profile-bomb.png", png(8, 2, rows(RGB), profile), RGB)


def jpegs():
    image = Image.fromarray(RGB)

    def save_jpeg(name, im, convert=lambda v: v, **options):
        im.save(OUT / name, quality=92, **options)
        expect(name, np.ascontiguousarray(convert(np.asarray(Image.open(OUT / name).convert("RGB")))))

    save_jpeg("full.jpg", image, subsampling=0)
    save_jpeg("half.jpg", image, subsampling=2)
    save_jpeg("progressive.jpg", image, progressive=True)
    save_jpeg("grey.jpg", Image.fromarray(GREY))
    save_jpeg("restart.jpg", image, restart_marker_blocks=1)
    save_jpeg("rgb.jpg", image, keep_rgb=True, subsampling=0)
    save_jpeg("profile.jpg", image, lambda v: to_srgb(Image.fromarray(v), WIDE), icc_profile=WIDE, subsampling=0)
    save_jpeg("profile-grey.jpg", Image.fromarray(GREY), icc_profile=GREY_PROFILE)
    grey = Image.open(OUT / "profile-grey.jpg").convert("L")
    expect("profile-grey.jpg", to_srgb(grey, GREY_PROFILE))
    for k in range(1, 9):
        save_jpeg(f"orientation{k}.jpg", image, lambda v: v, exif=exif(k))
        turned = ImageOps.exif_transpose(Image.open(OUT / f"orientation{k}.jpg"))
        expect(f"orientation{k}.jpg", np.asarray(turned.convert("RGB")))
    inks = image.convert("CMYK")
    for name, options in (("cmyk.jpg", {}), ("cmyk-profile.jpg", {"icc_profile": cmyk_profile()})):
        inks.save(OUT / name, quality=95, **options)
        stored = Image.open(OUT / name)
        light = stored.convert("RGB")
        if options:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(cmyk_profile()))
            light = ImageCms.profileToProfile(stored, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
        expect(name, np.asarray(light))
    full = (OUT / "full.jpg").read_bytes()
    write("arithmetic.jpg", full.replace(b"\xff\xc0", b"\xff\xc9", 1))
    write("no-end.jpg", full[:-2])
    middle = full.index(b"\xff\xda") + 200
    write("hole.jpg", full[:middle] + b"\xff\xd9")


def tiffs():
    image = Image.fromarray(RGB)
    for compression in (None, "tiff_lzw", "tiff_deflate", "packbits"):
        save(f"rgb-{compression or 'plain'}.tif".replace("tiff_", ""), image, RGB, compression=compression)
    save("grey.tif", Image.fromarray(GREY), grey_rgb(GREY))
    bits = GREY > 127
    save("bits.tif", Image.fromarray(bits), grey_rgb((bits * 255).astype(np.uint8)))
    save("bits-fax.tif", Image.fromarray(bits), grey_rgb((bits * 255).astype(np.uint8)), compression="group4")
    save("grey16.tif", Image.fromarray((GREY.astype(np.uint16) * 256 + 9)), grey_rgb(GREY))
    palette = image.quantize(30)
    save("palette.tif", palette, np.asarray(palette.convert("RGB")))
    save("alpha.tif", Image.fromarray(np.dstack([RGB, ALPHA])), over_white(RGB, ALPHA))
    other = Image.fromarray(np.roll(RGB, 5, 0))
    save("pages.tif", image, RGB, save_all=True, append_images=[other])
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[274] = 8
    save("turned.tif", image, np.rot90(RGB, 1), tiffinfo=info)
    save("profile.tif", image, to_srgb(image, WIDE), icc_profile=WIDE)
    save("cmyk.tif", image.convert("CMYK"))
    save("float.tif", Image.fromarray(GREY.astype(np.float32)))
    save("jpeg.tif", image, compression="jpeg")
    entries = [(256, 3, W), (257, 3, H), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 200), (277, 3, 1), (278, 3, H),
               (279, 4, 2 * W * H)]
    directory = struct.pack(">H", len(entries)) + b"".join(
        struct.pack(">HHIHH" if t == 3 else ">HHII", tag, t, 1, *((v, 0) if t == 3 else (v,))) for tag, t, v in entries)
    head = (b"MM\0*" + struct.pack(">I", 8) + directory + b"\0" * 4).ljust(200, b"\0")
    write("grey16-big-endian.tif", head + (GREY.astype(">u2") * 256 + 77).astype(">u2").tobytes(), grey_rgb(GREY))


def gifs_and_bitmaps():
    image = Image.fromarray(RGB)
    palette = image.quantize(50)
    flat = np.asarray(palette.convert("RGB"))
    save("plain.gif", palette, flat)
    save("interlaced.gif", palette, flat, interlace=True)
    frames = [palette] + [Image.fromarray(np.roll(RGB, k, 1)).quantize(50) for k in (4, 8)]
    save("animated.gif", frames[0], flat, save_all=True, append_images=frames[1:], duration=100, disposal=2,
         optimize=False)
    clear = np.asarray(palette) == 5
    save("transparent.gif", palette, np.where(clear[..., None], 255, flat).astype(np.uint8), transparency=5,
         optimize=False)
    data = (OUT / "plain.gif").read_bytes()
    bigger = data[:6] + struct.pack("<HH", W + 8, H + 6) + data[10:]
    at = data.index(b"\x2c" + struct.pack("<HHHH", 0, 0, W, H))
    bigger = bigger[:at + 1] + struct.pack("<HH", 5, 2) + bigger[at + 5:]
    framed = np.full((H + 6, W + 8, 3), 255, np.uint8)
    framed[2:2 + H, 5:5 + W] = flat
    write("part.gif", bigger, framed)
    save("rgb.bmp", image, RGB)
    save("palette.bmp", palette, flat)
    save("bits.bmp", Image.fromarray(GREY > 127), grey_rgb(((GREY > 127) * 255).astype(np.uint8)))
    row = np.zeros((H, W, 4), np.uint8)
    row[..., :3] = RGB[..., ::-1]

    def bmp(height, v):
        return (b"BM" + struct.pack("<IIIIiiHHIIiiII", 54 + v.size, 0, 54, 40, W, height, 1, 32, 0, v.size, 0, 0, 0, 0)
                + v.tobytes())

    write("rgbx.bmp", bmp(H, row[::-1]), RGB)
    write("top-down.bmp", bmp(-H, row), RGB)


def webp():
    image, alpha = Image.fromarray(RGB), Image.fromarray(np.dstack([RGB, ALPHA]))
    save("lossless.webp", image, RGB, lossless=True)
    save("lossless-alpha.webp", alpha, over_white(RGB, ALPHA), lossless=True, exact=True)
    # Decoders differ where halved colour meets an edge.
    y, x = np.mgrid[0:H, 0:W]
    smooth = np.stack([x * 4 + 60, y * 5 + 80, 200 - (x + y) * 2], -1).astype(np.uint8)
    image, alpha = Image.fromarray(smooth), Image.fromarray(np.dstack([smooth, ALPHA]))
    for name, drawn in (("lossy.webp", image), ("lossy-alpha.webp", alpha)):
        drawn.save(OUT / name, quality=95)
        read = np.asarray(Image.open(OUT / name).convert("RGBA"))
        expect(name, over_white(read[..., :3], read[..., 3]))


def refused():
    Image.fromarray(RGB).save(OUT / "jpeg-2000.jp2")


OUT.mkdir(parents=True, exist_ok=True)
for old in OUT.iterdir():
    old.unlink()
pngs()
jpegs()
tiffs()
gifs_and_bitmaps()
webp()
refused()
