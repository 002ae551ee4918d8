#!/usr/bin/env python3
"""Reads a release with the tools that trainers use, and with nothing of ours; prints one JSON object of what it found.

    check_release.py FOLDER URL OPENAPI.json      URL is where the same folder is served over HTTP
"""
import glob
import hashlib
import json
import os
import sys

folder, url, openapi = sys.argv[1:4]
cache = os.path.join(folder, "..", "python-cache")
os.environ["HF_HOME"] = cache
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["CROISSANT_CACHE"] = cache

import datasets
import duckdb
import fsspec
import mlcroissant
import pandas
import pyarrow.parquet as parquet
from openapi_spec_validator import validate

datasets.disable_progress_bars()
shards = sorted(glob.glob(os.path.join(folder, "data", "*.parquet")))
found = {}

table = parquet.read_table(shards)
found["pyarrow"] = table.num_rows
found["pandas"] = len(pandas.read_parquet(shards))
pattern = os.path.join(folder, "data", "*.parquet").replace("'", "''")
found["duckdb"] = duckdb.sql(f"SELECT count(*) FROM '{pattern}'").fetchall()[0][0]
dataset = datasets.load_dataset(folder, split="train")
found["datasets"] = len(dataset)
found["features"] = {name: str(kind.dtype) for name, kind in dataset.features.items()}

croissant = mlcroissant.Dataset(os.path.join(folder, "croissant.json"))
issues = croissant.metadata.ctx.issues
found["errors"] = [str(error) for error in issues.errors]
found["warnings"] = [str(warning) for warning in issues.warnings]
found["croissant"] = sum(1 for _ in croissant.records("records"))

with fsspec.open(f"{url}/data/{os.path.basename(shards[0])}", block_size=1 << 14, cache_type="readahead").open() as remote:
    found["remote"] = parquet.ParquetFile(remote).read_row_group(0, columns=["id"]).num_rows


def leaf(data):
    return hashlib.sha256(b"\x00" + data).digest()


def root(hashes):
    """RFC 6962 2.1, written from the text."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\x01" + root(hashes[:split]) + root(hashes[split:])).digest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


rows = table.to_pylist()
for row in rows:
    row["fetched_at"] = round(row["fetched_at"].timestamp() * 1000)
found["rowsRoot"] = root([leaf(canonical(row)) for row in rows]).hex()
with open(os.path.join(folder, "shares.json"), encoding="utf-8") as file:
    found["sharesRoot"] = root([leaf(canonical(row)) for row in json.load(file)["rows"]]).hex()
found["textDigests"] = all(hashlib.sha256(row["text"].encode()).hexdigest() == row["text_sha256"] for row in rows)

with open(openapi, encoding="utf-8") as file:
    validate(json.load(file))
found["openapi"] = True
print(json.dumps(found))
