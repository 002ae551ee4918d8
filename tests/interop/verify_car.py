#!/usr/bin/env python3
"""Reads a CARv1 file with nothing but Python's standard library, and says whether it holds what it claims.

Written from the specifications (CARv1, CIDv1, multihash, dag-pb, UnixFS, DAG-CBOR), not from this project's code: a second opinion.

    verify_car.py FILE.car                 check every block, walk every root, print one JSON object
    verify_car.py FILE.car --cat PATH      write the file at PATH below the first root to stdout ("" is the root itself)

Exit code 0: everything holds. 1: something does not; the reason is on stderr.
"""
import base64
import hashlib
import json
import sys

RAW, DAG_PB, DAG_CBOR, SHA2_256 = 0x55, 0x70, 0x71, 0x12


class Bad(Exception):
    pass


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 56:
            raise Bad("a varint has no end")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def cid_at(data, at):
    """CIDv1 with SHA-256 at this place -> ((codec, digest), end)."""
    version, at = varint(data, at)
    codec, at = varint(data, at)
    hash_code, at = varint(data, at)
    length, at = varint(data, at)
    if version != 1 or hash_code != SHA2_256 or length != 32 or at + 32 > len(data):
        raise Bad("not a CIDv1 with SHA-256")
    return (codec, bytes(data[at : at + 32])), at + 32


def name(cid):
    codec, digest = cid
    raw = bytes([1, codec, SHA2_256, 32]) + digest
    return "b" + base64.b32encode(raw).decode().lower().rstrip("=")


def cbor(data, at):
    """One DAG-CBOR item -> (value, end). A CID becomes a (codec, digest) tuple."""
    major, info = data[at] >> 5, data[at] & 0x1F
    at += 1
    if info < 24:
        value = info
    elif info <= 27:
        width = 1 << (info - 24)
        value = int.from_bytes(data[at : at + width], "big")
        at += width
    else:
        raise Bad("indefinite CBOR")
    if major == 0:
        return value, at
    if major == 1:
        return -1 - value, at
    if major in (2, 3):
        part = bytes(data[at : at + value])
        if len(part) != value:
            raise Bad("CBOR is cut short")
        return (part.decode() if major == 3 else part), at + value
    if major == 4:
        items = []
        for _ in range(value):
            item, at = cbor(data, at)
            items.append(item)
        return items, at
    if major == 5:
        table = {}
        for _ in range(value):
            key, at = cbor(data, at)
            table[key], at = cbor(data, at)
        return table, at
    if major == 6 and value == 42:
        link, at = cbor(data, at)
        return cid_at(link, 1)[0], at
    if major == 7 and info in (20, 21, 22):
        return {20: False, 21: True, 22: None}[info], at
    raise Bad("CBOR that DAG-CBOR does not allow here")


def fields(data):
    """Protobuf fields as (number, value)."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            length, at = varint(data, at)
            value, at = data[at : at + length], at + length
            if len(value) != length:
                raise Bad("protobuf is cut short")
        else:
            raise Bad("protobuf wire type %d" % (key & 7))
        yield key >> 3, value


def pb_node(block):
    """dag-pb and the UnixFS in it -> (type, own bytes, child sizes, [(cid, name, total size)])."""
    links, data = [], b""
    for number, value in fields(block):
        if number == 1:
            data = value
        elif number == 2:
            link = dict(fields(value))
            links.append((cid_at(link[1], 0)[0], bytes(link.get(2, b"")).decode(), link.get(3, 0)))
    unixfs = list(fields(data))
    own = b"".join(value for number, value in unixfs if number == 2)
    kind = next((value for number, value in unixfs if number == 1), None)
    return kind, own, [value for number, value in unixfs if number == 4], links


def read_car(path):
    with open(path, "rb") as file:
        data = memoryview(file.read())
    length, at = varint(data, 0)
    header, _ = cbor(data, at)
    at += length
    if header.get("version") != 1 or not header.get("roots"):
        raise Bad("not a CARv1 with roots")
    blocks = {}
    while at < len(data):
        length, start = varint(data, at)
        cid, body = cid_at(data, start)
        at = start + length
        if at > len(data):
            raise Bad("the file ends inside a block")
        if hashlib.sha256(data[body:at]).digest() != cid[1]:
            raise Bad("the block at byte %d is not what %s names" % (start, name(cid)))
        blocks[cid] = bytes(data[body:at])
    return header["roots"], blocks


def file_bytes(blocks, cid):
    block = block_of(blocks, cid)
    if cid[0] == RAW:
        return block
    kind, own, sizes, links = pb_node(block)
    if kind not in (0, 2) or len(sizes) != len(links):
        raise Bad("%s is no UnixFS file" % name(cid))
    parts = [own]
    for size, (child, _, _) in zip(sizes, links):
        parts.append(file_bytes(blocks, child))
        if len(parts[-1]) != size:
            raise Bad("%s promises %d bytes below %s, there are %d" % (name(cid), size, name(child), len(parts[-1])))
    return b"".join(parts)


def block_of(blocks, cid):
    if cid not in blocks:
        raise Bad("block %s is missing" % name(cid))
    return blocks[cid]


def links_in(value):
    if isinstance(value, tuple):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from links_in(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            # what came before a batch or a release is history, not part of it
            if key not in ("prev", "previous"):
                yield from links_in(item)


def walk(blocks, cid, path, found):
    """Every file below: path -> size and SHA-256 of its bytes."""
    if cid[0] == DAG_CBOR:
        value, end = cbor(block_of(blocks, cid), 0)
        if end != len(blocks[cid]):
            raise Bad("bytes behind the DAG-CBOR of %s" % name(cid))
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if key not in ("prev", "previous"):
                for link in links_in(item):
                    walk(blocks, link, path + [str(key)], found)
    elif cid[0] == DAG_PB and pb_node(block_of(blocks, cid))[0] == 1:
        for child, label, _ in pb_node(blocks[cid])[3]:
            walk(blocks, child, path + [label], found)
    else:
        content = file_bytes(blocks, cid)
        found["/".join(path)] = {"cid": name(cid), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def main(argv):
    if len(argv) not in (2, 4) or (len(argv) == 4 and argv[2] != "--cat"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        roots, blocks = read_car(argv[1])
        files = {}
        for root in roots:
            walk(blocks, root, [], files)
        if len(argv) == 4:
            if argv[3] not in files:
                raise Bad("there is no file at %r" % argv[3])
            wanted = next(cid for cid in blocks if name(cid) == files[argv[3]]["cid"])
            sys.stdout.buffer.write(file_bytes(blocks, wanted))
        else:
            print(json.dumps({"roots": [name(root) for root in roots], "blocks": len(blocks), "files": files}))
        return 0
    except (Bad, KeyError, IndexError, UnicodeDecodeError, RecursionError) as problem:
        print("not verified: %s" % problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
