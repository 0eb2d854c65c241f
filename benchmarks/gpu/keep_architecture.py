"""Empties the code of other architectures in a CUDA library, so that it packs small: ``keep_architecture.py FROM TO 90``.

Offsets stay as they are: the entries are there and hold zeros. NVIDIA's fat binaries are a header (magic, version, header's size, size) and
entries (kind, version, header's size, payload's size, .., architecture at byte 28).
"""
import struct
import sys

MAGIC = b"\x50\xed\x55\xba"


def main():
    source, target, keep = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open(source, "rb") as file:
        data = bytearray(file.read())
    at, kept, emptied = data.find(MAGIC), 0, 0
    while at >= 0:
        version, header, size = struct.unpack_from("<HHQ", data, at + 4)
        if version != 1 or header != 16 or not 0 < size <= len(data) - at - header:
            at = data.find(MAGIC, at + 4)
            continue
        entry, end = at + header, at + header + size
        while entry < end:
            _, _, before, payload = struct.unpack_from("<HHIQ", data, entry)
            if struct.unpack_from("<I", data, entry + 28)[0] == keep:
                kept += payload
            else:
                data[entry + before:entry + before + payload] = bytes(payload)
                emptied += payload
            entry += before + payload
        at = data.find(MAGIC, end)
    if not kept:
        sys.exit(f"{source}: holds no code for architecture {keep}")
    with open(target, "wb") as file:
        file.write(data)
    print(f"{target}: {kept / 1e6:.0f} MB of code kept, {emptied / 1e6:.0f} MB emptied")


if __name__ == "__main__":
    main()
