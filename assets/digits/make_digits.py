"""Makes digits.safetensors: the handwritten digits as scikit-learn ships them, in a fixed order.

    pip download --no-deps scikit-learn
    unzip -p scikit_learn-*.whl sklearn/datasets/data/digits.csv.gz > digits.csv.gz
    python make_digits.py digits.csv.gz

Only the standard library is used. The order is that of the SHA-256 of each image's row number, so it is the same
everywhere and has nothing to do with who wrote the digit; the first 1197 are for training, the next 100 for
calibration, the last 500 for testing. Pixels are 0 to 16, one byte each.
"""

import csv
import gzip
import hashlib
import json
import struct
import sys

N_TRAIN, N_CALIBRATION, N_TEST = 1197, 100, 500


def main(source):
    with gzip.open(source, "rt") as text:
        rows = [[int(float(cell)) for cell in row] for row in csv.reader(text)]
    assert len(rows) == N_TRAIN + N_CALIBRATION + N_TEST and all(len(row) == 65 for row in rows)
    order = sorted(range(len(rows)), key=lambda i: hashlib.sha256(str(i).encode()).digest())
    images = bytes(pixel for i in order for pixel in rows[i][:64])
    labels = bytes(rows[i][64] for i in order)
    assert max(images) == 16 and set(labels) == set(range(10))
    header = {
        "__metadata__": {"train": str(N_TRAIN), "calibration": str(N_CALIBRATION), "test": str(N_TEST)},
        "images": {"dtype": "U8", "shape": [len(rows), 8, 8], "data_offsets": [0, len(images)]},
        "labels": {"dtype": "U8", "shape": [len(rows)], "data_offsets": [len(images), len(images) + len(labels)]},
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    data = struct.pack("<Q", len(text)) + text + images + labels
    with open("digits.safetensors", "wb") as out:
        out.write(data)
    print(len(data), "bytes, SHA-256", hashlib.sha256(data).hexdigest())
    for name, first, n in [("train", 0, N_TRAIN), ("calibration", N_TRAIN, N_CALIBRATION), ("test", N_TRAIN + N_CALIBRATION, N_TEST)]:
        print(name, n, [labels[first : first + n].count(d) for d in range(10)])


if __name__ == "__main__":
    main(sys.argv[1])
