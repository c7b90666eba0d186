#!/usr/bin/env python3
"""Writes the golden frames of common/PROTOCOL.md as corpora: make_corpus.py FOLDER

FOLDER/codec/NAME holds the frame, FOLDER/frame_stream/NAME a stream that carries it in pieces of up to 100 bytes."""
import pathlib
import re
import struct
import sys

root = pathlib.Path(__file__).resolve().parents[2]
page = (root / "common" / "PROTOCOL.md").read_text(encoding="utf-8")
folder = pathlib.Path(sys.argv[1])
frames = {name: bytes.fromhex(hexdigits) for name, hexdigits in
          re.findall(r"^```golden (\S+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)}
if not frames:
    sys.exit("make_corpus.py: no golden frames in PROTOCOL.md")
for kind in ("codec", "frame_stream"):
    (folder / kind).mkdir(parents=True, exist_ok=True)
for name, frame in frames.items():
    (folder / "codec" / name).write_bytes(frame)
    stream = struct.pack("<I", len(frame)) + frame + struct.pack("<I", 0) + struct.pack("<I", 0x80000002) + b"ab"
    pieces = [stream[i:i + 100] for i in range(0, len(stream), 100)]
    flags = [0] * (len(pieces) - 1) + [0x80]
    packed = b"".join(bytes([len(piece) | flag]) + piece for piece, flag in zip(pieces, flags))
    (folder / "frame_stream" / name).write_bytes(packed)
print(f"{len(frames)} golden frames")
