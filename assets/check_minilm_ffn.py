#!/usr/bin/env python3
"""Print the figures of minilm-ffn.safetensors (needs only NumPy).

    python check_minilm_ffn.py [minilm-ffn.safetensors] > FIGURES.txt

How everything is computed:

* The reference r is the FP16 value stored in the file, widened to float32.
* Symmetric absmax at b bits: qmax = 2^(b-1) - 1, scale = absmax / qmax in
  float32, q = r / scale in float32, rounded with ties to even, clamped to
  -qmax..qmax; rhat = q * scale in float32.
* "scale f16": the same, but the scale is rounded to FP16 before it is used.
* SQNR = 10 log10( sum r^2 / sum (r - rhat)^2 ), sums in float64.
* Per-row has one scale for each index of axis 0, per-column for each index
  of axis 1, g=N for each run of N neighbours inside a row (along axis 1).
* Codes used: number of distinct q in the whole tensor; the share is out of
  the 2 qmax + 1 codes there are. "zero": share of weights with q = 0; "nonzero": how many are not.
* Kurtosis is E[(w - mu)^4] / sigma^4 (a normal distribution has 3).
"""

import json
import sys
from pathlib import Path

import numpy as np


def read(path):
    data = Path(path).read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, info in header.items():
        assert info["dtype"] == "F16"
        start, end = (8 + size + o for o in info["data_offsets"])
        tensors[name] = np.frombuffer(data[start:end], "<f2").reshape(info["shape"]).astype(np.float32)
    return metadata, tensors


def quantize(r, bits, groups, f16_scale):
    """Codes and reconstruction; groups is "tensor", "row", "column" or a group length."""
    qmax = np.float32(2 ** (bits - 1) - 1)
    if groups == "column":
        q, rhat = quantize(np.ascontiguousarray(r.T), bits, "row", f16_scale)
        return q.T, rhat.T
    length = {"tensor": r.size, "row": r.shape[1]}.get(groups, groups)
    blocks = r.reshape(-1, length)
    scale = np.abs(blocks).max(axis=1, keepdims=True) / qmax
    if f16_scale:
        scale = scale.astype(np.float16).astype(np.float32)
    q = np.clip(np.rint(blocks / scale), -qmax, qmax)
    return q.reshape(r.shape), (q * scale).reshape(r.shape)


def sqnr(r, rhat):
    r, rhat = r.astype(np.float64), rhat.astype(np.float64)
    return 10 * np.log10((r**2).sum() / ((r - rhat) ** 2).sum())


def kurtosis(r):
    d = r.astype(np.float64) - r.astype(np.float64).mean()
    return (d**4).mean() / (d**2).mean() ** 2


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("minilm-ffn.safetensors")
    metadata, tensors = read(path)

    print("# metadata")
    for key, value in metadata.items():
        print(f"{key}: {value}")

    print("\n# tensors")
    for name, r in tensors.items():
        print(f"{name:26} {str(list(r.shape)):12} F16  min {r.min():.6f}  max {r.max():.6f}  "
              f"absmax {np.abs(r).max():.6f}  mean {r.mean(dtype=np.float64):.6f}  "
              f"std {r.std(dtype=np.float64):.6f}  kurtosis {kurtosis(r):.2f}")

    print("\n# x: peak |x| of each channel over the tokens")
    x = np.abs(tensors["x"])
    peak = x.max(axis=0)
    order = np.argsort(-peak, kind="stable")
    median = np.median(peak)
    print("largest peaks: " + ", ".join(f"channel {c} {peak[c]:.4f}" for c in order[:5]))
    print(f"median channel's peak {median:.4f}, smallest {peak.min():.4f} (channel {order[-1]})")
    top = order[0]
    print(f"channel {top}: peak / median peak {peak[top] / median:.2f}, at token {x[:, top].argmax()}; "
          f"values {tensors['x'][:, top].min():.4f} to {tensors['x'][:, top].max():.4f}, "
          f"mean {tensors['x'][:, top].mean(dtype=np.float64):.4f}")
    rest = x[1:].max(axis=0)
    print(f"without token 0 ([CLS]): channel {top} peaks at {rest[top]:.4f}; the largest peak is "
          f"{rest.max():.4f} (channel {rest.argmax()}), the median channel's {np.median(rest):.4f}, "
          f"ratio {rest.max() / np.median(rest):.2f}")
    energy = (tensors["x"].astype(np.float64) ** 2).sum(axis=0)
    print(f"channel {top} holds {100 * energy[top] / energy.sum():.2f} % of sum x^2")
    print(f"tokens whose largest |x| is in channel {top}: {(x.argmax(axis=1) == top).sum()} of {len(x)}")
    print("x at 8 bits, scale f32: "
          + ", ".join(f"{label} {sqnr(tensors['x'], quantize(tensors['x'], 8, g, False)[1]):.2f} dB"
                      for label, g in (("per-tensor", "tensor"), ("per-token", "row"), ("per-channel", "column"))))

    for name in ("intermediate.dense.weight", "output.dense.weight"):
        r = tensors[name]
        print(f"\n# {name}")
        for axis, label in ((1, "row"), (0, "column")):
            p = np.abs(r).max(axis=axis)
            print(f"{label} peaks: max {p.max():.6f} ({label} {p.argmax()}), min {p.min():.6f} ({label} {p.argmin()}), "
                  f"median {np.median(p):.6f}, max/min {p.max() / p.min():.2f}, max/median {p.max() / np.median(p):.2f}")
        print(f"absmax / std {np.abs(r).max() / r.std(dtype=np.float64):.2f}; kurtosis {kurtosis(r):.2f}")

        biggest = np.argsort(-np.abs(r), axis=None, kind="stable")[:5]
        print("largest weights: " + ", ".join(f"[{k // r.shape[1]}, {k % r.shape[1]}] {r.flat[k]:.6f}" for k in biggest))
        without = r.copy()
        without.flat[biggest[0]] = 0
        print(f"with the largest weight set to 0: kurtosis {kurtosis(without):.2f}, "
              f"8-bit per-tensor SQNR {sqnr(without, quantize(without, 8, 'tensor', False)[1]):.2f} dB; "
              f"that weight is {100 * r.flat[biggest[0]].astype(float) ** 2 / (r.astype(float) ** 2).sum():.2f} % of sum w^2")

        print("\nper-tensor, symmetric absmax")
        print("bits   qmax  scale f32      SQNR dB  codes used  share %   zero %  nonzero  | scale f16      SQNR dB  clamped")
        for bits in range(16, 1, -1):
            qmax = 2 ** (bits - 1) - 1
            q, rhat = quantize(r, bits, "tensor", False)
            _, rhat16 = quantize(r, bits, "tensor", True)
            scale = np.abs(r).max() / np.float32(qmax)
            scale16 = np.float32(np.float16(scale))
            clamped = int((np.abs(np.rint(r / scale16)) > qmax).sum())
            used = len(np.unique(q))
            print(f"{bits:4} {qmax:6}  {scale:.6e}  {sqnr(r, rhat):8.2f}  {used:10}  {100 * used / (2 * qmax + 1):7.2f}  "
                  f"{100 * (q == 0).mean():7.2f}  {np.count_nonzero(q):7}  | {scale16:.6e}  {sqnr(r, rhat16):8.2f}  {clamped:7}")

        print("\nby granularity, symmetric absmax: SQNR in dB with scale f32 / scale f16")
        print("granularity  scales   8 bits            4 bits")
        for label, g, count in (
            ("per-tensor", "tensor", 1),
            ("per-row", "row", r.shape[0]),
            ("per-column", "column", r.shape[1]),
            ("g=128", 128, r.size // 128),
            ("g=32", 32, r.size // 32),
        ):
            cells = []
            for bits in (8, 4):
                a, b = (sqnr(r, quantize(r, bits, g, f)[1]) for f in (False, True))
                cells.append(f"{a:6.2f} / {b:6.2f}")
            print(f"{label:11}  {count:6}   " + "   ".join(cells))


if __name__ == "__main__":
    main()
