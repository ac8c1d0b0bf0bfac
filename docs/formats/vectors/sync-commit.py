#!/usr/bin/env python3
"""Makes sync-commit.json from docs/formats/sync-commit.md alone: python3 sync-commit.py > sync-commit.json

Shares no code with the implementation. Ed25519 is written out from RFC 8032, section 5.1, slow and plain.
"""
import base64
import hashlib
import json

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P != 0:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if x & 1 != sign else x


BY = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BY, 0), BY)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P) % P)


def times(n, point):
    result = (0, 1)
    while n > 0:
        if n & 1:
            result = add(result, point)
        point = add(point, point)
        n >>= 1
    return result


def pack(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, 'little')


def expand(seed):
    h = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(h[:32], 'little') & ((1 << 254) - 8) | 1 << 254
    return scalar, h[32:]


def public(seed):
    return pack(times(expand(seed)[0], BASE))


def sign(seed, message):
    scalar, prefix = expand(seed)
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), 'little') % L
    big_r = pack(times(r, BASE))
    k = int.from_bytes(hashlib.sha512(big_r + public(seed) + message).digest(), 'little') % L
    return big_r + ((r + k * scalar) % L).to_bytes(32, 'little')


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << 8 * size:
            return bytes([major << 5 | extra]) + n.to_bytes(size, 'big')
    raise ValueError(n)


class Cid(bytes):
    pass


def cbor(value):
    if value is None:
        return b'\xf6'
    if isinstance(value, Cid):
        return b'\xd8\x2a' + cbor(b'\0' + bytes(value))
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    keys = sorted(value, key=lambda k: (len(k.encode()), k.encode()))
    return head(5, len(keys)) + b''.join(cbor(k) + cbor(value[k]) for k in keys)


def cid(codec, block):
    return Cid(bytes([1, codec, 0x12, 0x20]) + hashlib.sha256(block).digest())


def text(c):
    return 'b' + base64.b32encode(bytes(c)).decode().lower().rstrip('=')


def name_of(key):
    return bytes.fromhex('002408011220') + key


DOMAIN = b'ipkit/dedup-sync/commit/1\0'


def commit(seed, fields):
    signed = {'format': 'ipkit/sync-commit/1', 'name': name_of(public(seed)), **fields}
    return cbor({**signed, 'signature': sign(seed, DOMAIN + cbor(signed))})


def fields_of(**changes):
    return {
        'number': 1, 'root': cid(0x55, b'one'), 'parent': None, 'at': 1772366400000, 'note': 'first', 'author': '12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV',
        'file': 'data.tar.gz', 'sizeBytes': 3, 'sha256': hashlib.sha256(b'one').digest(), 'newBytes': 3, **changes,
    }


def shown(fields):
    return {k: text(v) if isinstance(v, Cid) else v.hex() if isinstance(v, bytes) else v for k, v in fields.items()}


SEED = bytes([7] * 32)
first = fields_of()
first_block = commit(SEED, first)
second = fields_of(number=2, root=cid(0x70, b'two'), parent=cid(0x71, first_block), at=2**41, note='', author='', file=None, sizeBytes=2**53 - 1, sha256=None, newBytes=0)
valid = [
    {'what': what, 'seed': SEED.hex(), 'fields': shown(fields), 'block': commit(SEED, fields).hex(), 'cid': text(cid(0x71, commit(SEED, fields)))}
    for what, fields in (('the first version of a file', first), ('the second, of a folder, with nothing said', second))
]


def raw(changes=None, drop=None, extra=None, resign=True):
    signed = {'format': 'ipkit/sync-commit/1', 'name': name_of(public(SEED)), **first, **(changes or {}), **(extra or {})}
    if drop:
        del signed[drop]
    signature = sign(SEED, DOMAIN + cbor(signed if resign else {'format': 'ipkit/sync-commit/1', 'name': name_of(public(SEED)), **first}))
    return cbor({**signed, 'signature': signature})


def reject(code, what, block):
    return {'what': what, 'code': code, 'block': block.hex()}


INVALID, FORGED = 'COMMIT_INVALID', 'COMMIT_SIGNATURE_INVALID'
flipped = bytearray(first_block)
flipped[-1] ^= 1
other_key = public(bytes([8] * 32))
invalid = [
    reject(FORGED, 'another root than the one that is signed', raw({'root': cid(0x55, b'other')}, resign=False)),
    reject(FORGED, 'another note', raw({'note': 'First'}, resign=False)),
    reject(FORGED, 'a bit of the signature', cbor({'format': 'ipkit/sync-commit/1', 'name': name_of(public(SEED)), **first, 'signature': bytes(64)})),
    reject(FORGED, 'signed by another key', raw({'name': name_of(other_key)})),
    reject(FORGED, 'signed without the words in front', cbor({'format': 'ipkit/sync-commit/1', 'name': name_of(public(SEED)), **first, 'signature': sign(SEED, cbor({'format': 'ipkit/sync-commit/1', 'name': name_of(public(SEED)), **first}))})),
    reject(INVALID, 'another format', raw({'format': 'ipkit/sync-commit/2'})),
    reject(INVALID, 'number 0', raw({'number': 0})),
    reject(INVALID, 'number 2 without one before it', raw({'number': 2})),
    reject(INVALID, 'number 1 with one before it', raw({'parent': cid(0x71, b'')})),
    reject(INVALID, 'one before it that is no commit', raw({'number': 2, 'parent': cid(0x70, b'')})),
    reject(INVALID, 'a root that is a commit', raw({'root': cid(0x71, b'')})),
    reject(INVALID, 'a root of version 0', raw({'root': Cid(bytes([0x12, 0x20]) + bytes(32))})),
    reject(INVALID, 'a root with another hash', raw({'root': Cid(bytes([1, 0x55, 0x13, 0x20]) + bytes(32))})),
    reject(INVALID, 'a hash of 31 bytes', raw({'sha256': bytes(31)})),
    reject(INVALID, 'a note of 513 characters', raw({'note': 'x' * 513})),
    reject(INVALID, 'an author of 65 characters', raw({'author': 'x' * 65})),
    reject(INVALID, 'a file without a name', raw({'file': ''})),
    reject(INVALID, 'a size over 2^53 - 1', raw({'sizeBytes': 2**53})),
    reject(INVALID, 'no key for the note', raw(drop='note')),
    reject(INVALID, 'a key too many', raw(extra={'more': 1})),
    reject(INVALID, 'the name of an RSA key', raw({'name': bytes([0x12, 0x20]) + bytes(32)})),
    reject(INVALID, 'a byte behind it', first_block + b'\0'),
    reject(INVALID, 'cut short', first_block[:-1]),
    reject(INVALID, 'nothing', b''),
    reject(INVALID, 'over 3072 bytes', first_block + bytes(3072)),
]
print(json.dumps({'valid': valid, 'invalid': invalid}, indent=1))
