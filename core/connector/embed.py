"""Writes the bytes of a file as a C initializer: embed.py INPUT OUTPUT."""
import sys

data = open(sys.argv[1], "rb").read()
with open(sys.argv[2], "w", encoding="ascii") as out:
    for start in range(0, len(data), 24):
        out.write(",".join(str(byte) for byte in data[start:start + 24]) + ",\n")
