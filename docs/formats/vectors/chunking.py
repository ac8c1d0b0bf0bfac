#!/usr/bin/env python3
"""Known answers for docs/formats/chunking.md, from its text alone: no code is shared with the TypeScript.
python3 chunking.py > chunking.json. Slow and plain on purpose: every hash is computed over its whole window."""
import base64, hashlib, hmac, json, os, re, struct

SEED = b'ipkit/dedup-sync/gear/1'
U64 = (1 << 64) - 1


# -- inputs: the tests make the same bytes from the same words
def stream(seed, size):
    out = bytearray()
    i = 0
    while len(out) < size:
        out += hashlib.sha256(seed.encode() + struct.pack('>I', i)).digest()
        i += 1
    return bytes(out[:size])


def chain(seed, size):  # each block is the hash of the one before: the input of a known answer of others
    out, block = bytearray(), seed.encode()
    while len(out) < size:
        block = hashlib.sha256(block).digest()
        out += block
    return bytes(out[:size])


def make(parts):
    out = b''
    for p in parts:
        if 'hex' in p:
            out += (bytes.fromhex(p['hex']) * (p['bytes'] // max(1, len(p['hex']) // 2) + 1))[:p['bytes']]
        elif 'stream' in p:
            out += stream(p['stream'], p['bytes'])
        else:
            out += chain(p['chain'], p['bytes'])
    return out


# -- gear
def public_table():
    return [int.from_bytes(hashlib.sha256(SEED + b'\0' + bytes([b])).digest()[:8], 'big') for b in range(256)]


def keyed_table(key):
    prk = hmac.new(b'\0' * 32, key, 'sha256').digest()
    okm, t, i = b'', b'', 1
    while len(okm) < 2048:
        t = hmac.new(prk, t + SEED + bytes([i]), 'sha256').digest()
        okm += t
        i += 1
    return [int.from_bytes(okm[8 * b:8 * b + 8], 'big') for b in range(256)]


def gear_hash(gear, window):
    return sum(gear[x] << k for k, x in enumerate(reversed(window))) & U64


def fastcdc(data, gear, forced=()):
    lengths = []
    ends = sorted({f for f in forced if 0 < f < len(data)} | ({len(data)} if data else set()))
    at = 0
    for end in ends:
        while at < end:
            n = 4096
            while True:
                if at + n >= end:
                    n = end - at
                    break
                if n == 65536:
                    break
                h = gear_hash(gear, data[at + n - 64:at + n]) if n == 4096 else ((h << 1) + gear[data[at + n - 1]]) & U64
                if h >> (48 if n < 13312 else 52) == 0:
                    assert h == gear_hash(gear, data[at + n - 64:at + n])
                    break
                n += 1
            lengths.append(n)
            at += n
    return lengths


# -- Kubo's chunkers
def size_n(data, n):
    return [min(n, len(data) - at) for at in range(0, len(data), n)]


def buz_table():
    source = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../../packages/ipfs-dedup-sync/src/domain/chunking/buzhash-table.ts')).read()
    return [int(x, 16) for x in re.findall(r'\b0x[0-9a-f]+\b', source)]


def rotl(x, k):
    k %= 32
    return ((x << k) | (x >> (32 - k))) & 0xffffffff if k else x


def buzhash(data, table):
    lengths, at = [], 0
    if not data:
        return []
    while True:
        rest = len(data) - at
        if rest < 131072:
            return lengths + [rest]
        n = 131072
        h = 0
        for k in range(32):
            h ^= rotl(table[data[at + n - 1 - k]], k)
        while h & 0x1ffff and n < min(524288, rest):
            h = rotl(h, 1) ^ table[data[at + n]] ^ table[data[at + n - 32]]
            n += 1
        lengths.append(n)
        at += n


def poly_mod(a, p):
    while a.bit_length() >= p.bit_length():
        a ^= p << (a.bit_length() - p.bit_length())
    return a


def rabin(data, p, low, avg, high):
    mask = (1 << (avg.bit_length() - 1)) - 1
    add = [poly_mod(b << 53, p) for b in range(256)]  # what stands above degree 52 after a shift by 8
    drop = [poly_mod(b << 128, p) for b in range(256)]
    lengths, at = [], 0
    while at < len(data):
        rest = len(data) - at
        n = min(low, rest)
        if rest > low:
            h = poly_mod(int.from_bytes(data[at + n - 16:at + n], 'big'), p)
            while h & mask and n < min(high, rest):
                h = (h << 8) | data[at + n]
                h = (h & ((1 << 53) - 1)) ^ add[h >> 53] ^ drop[data[at + n - 16]]
                n += 1
            assert h == poly_mod(int.from_bytes(data[at + n - 16:at + n], 'big'), p)
        lengths.append(n)
        at += n
    return lengths


# -- tree
def varint(n):
    out = bytearray()
    while n >= 128:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def field(number, value):
    return varint(number << 3 | 2) + varint(len(value)) + value


def node_block(children):  # (cid, size, tsize)
    data = b'\x08\x02' + b'\x18' + varint(sum(c[1] for c in children)) + b''.join(b'\x20' + varint(c[1]) for c in children)
    return b''.join(field(2, field(1, c[0]) + field(2, b'') + b'\x18' + varint(c[2])) for c in children) + field(1, data)


def cid(codec, block):
    return bytes([1, codec, 0x12, 32]) + hashlib.sha256(block).digest()


def text(c):
    return 'b' + base64.b32encode(c).decode().lower().rstrip('=')


def tree(leaves, by_number=False):  # -> (root, members of each level above the leaves)
    level, counts = leaves, []
    while len(level) > 1:
        groups, group = [], []
        for i, child in enumerate(level):
            group.append(child)
            ends = not by_number and len(group) >= 2 and int.from_bytes(child[0][-4:], 'big') < 186737708
            if ends or len(group) == 174 or i == len(level) - 1:
                groups.append(group)
                group = []
        above = []
        for g in groups:
            block = node_block(g)
            above.append((cid(0x70, block), sum(c[1] for c in g), len(block) + sum(c[2] for c in g)))
        level = above
        counts.append(len(level))
    return level[0], counts


def leaves_of(data, lengths):
    out, at = [], 0
    for n in lengths or [0]:
        out.append((cid(0x55, data[at:at + n]), n, n))
        at += n
    return out


def file_answer(data, lengths, by_number=False):
    root, counts = tree(leaves_of(data, lengths), by_number)
    return {'lengths': lengths, 'levels': counts, 'root': text(root[0]), 'tsize': root[2]}


def windows(gear):
    """64 bytes each, that end at a candidate: a weak one that is not strong, and a strong one. The oldest byte is one whose number is odd, so it counts."""
    data, found = stream('windows', 3000000), {}
    h = gear_hash(gear, data[:64])
    for p in range(64, len(data)):
        if h >> 52 == 0 and gear[data[p - 64]] & 1:
            found.setdefault('strong' if h >> 48 == 0 else 'weak', data[p - 64:p].hex())
        h = ((h << 1) + gear[data[p]]) & U64
    return found['weak'], found['strong']


def main():
    gear = public_table()
    weak, strong = windows(gear)
    # in zeros, where nothing else is a candidate: one at a length, and zeros up to 70,000 bytes
    at = lambda window, length: [{'hex': '00', 'bytes': length - 64}, {'hex': window, 'bytes': 64}, {'hex': '00', 'bytes': 70000 - length}]
    key = bytes(range(32))
    keyed = keyed_table(key)
    # claimed by "Worst cases": no run of one byte has a candidate
    assert all(gear_hash(gear, bytes([b]) * 64) >> 52 for b in range(256))

    R = lambda seed, n: {'stream': seed, 'bytes': n}
    Z = lambda hexes, n: {'hex': hexes, 'bytes': n}
    fast = []
    for name, parts, forced in [
        ('empty', [], []), ('one byte', [R('a', 1)], []), ('63 bytes', [R('a', 63)], []),
        ('one less than min', [R('a', 4095)], []), ('min', [R('a', 4096)], []), ('one more than min', [R('a', 4097)], []),
        ('random, 512 KiB', [R('a', 524288)], []), ('zeros, three times max and one', [Z('00', 3 * 65536 + 1)], []),
        ('exactly max', [Z('61', 65536)], []), ('pairs', [Z('0a20', 200000)], []),
        ('random, then zeros, then random', [R('b', 100000), Z('00', 200000), R('c', 100000)], []),
        ('forced cuts', [R('a', 200000)], [512, 1024, 1025, 5120, 100000]),
        ('forced cuts at the ends, twice, and where a cut is', [R('a', 100000)], [0, 9809, 40000, 40000, 100000]),
        ('forced cut in a run', [Z('00', 200000)], [70000]),
        ('strong candidate one before min', at(strong, 4095), []), ('strong candidate at min', at(strong, 4096), []),
        ('weak candidate at min', at(weak, 4096), []), ('strong candidate one before normal', at(strong, 13311), []),
        ('weak candidate one before normal', at(weak, 13311), []), ('weak candidate at normal', at(weak, 13312), []),
        ('weak candidate one before max', at(weak, 65535), []), ('weak candidate at max', at(weak, 65536), []),
        ('weak candidate behind max, too near to count', at(weak, 65537), []), ('strong candidate at the end', at(strong, 9000)[:2], []),
        ('strong candidate at a forced cut', at(strong, 9000), [9000]), ('forced cut inside the window of a candidate', at(strong, 9000), [8999]),
    ]:
        data = make(parts)
        fast.append({'name': name, 'parts': parts, 'forced': forced, **file_answer(data, fastcdc(data, gear, forced))})
    first = {f['name']: f['lengths'][0] for f in fast if 'candidate' in f['name']}
    assert list(first.values()) == [65536, 4096, 65536, 13311, 65536, 13312, 65535, 65536, 65536, 9000, 9000, 8999], first
    data = make([R('a', 262144)])
    fast.append({'name': 'keyed', 'key': key.hex(), 'parts': [R('a', 262144)], 'forced': [], **file_answer(data, fastcdc(data, keyed))})

    table = buz_table()
    assert len(table) == 256
    KUBO, JS = 0x3DF305DFB2A805, 0x3DA3358B4DC173
    kubo = []
    for chunker, parts, cut in [
        ('size-1', [Z('6162', 400)], lambda d: size_n(d, 1)),
        ('size-262144', [R('d', 600000)], lambda d: size_n(d, 262144)),
        ('size-1000', [R('d', 174000)], lambda d: size_n(d, 1000)),
        ('size-1000', [R('d', 174001)], lambda d: size_n(d, 1000)),
        ('buzhash', [], lambda d: buzhash(d, table)), ('buzhash', [R('d', 131071)], lambda d: buzhash(d, table)),
        ('buzhash', [R('d', 131072)], lambda d: buzhash(d, table)), ('buzhash', [R('d', 1500000)], lambda d: buzhash(d, table)),
        ('buzhash', [Z('00', 524288)], lambda d: buzhash(d, table)), ('buzhash', [Z('00', 600000)], lambda d: buzhash(d, table)),
        ('rabin', [{'chain': 'hello world', 'bytes': 524288}], lambda d: rabin(d, KUBO, 87381, 262144, 393216)),
        ('js-rabin', [{'chain': 'hello world', 'bytes': 524288}], lambda d: rabin(d, JS, 87381, 262144, 393216)),
        ('rabin-48', [R('e', 3000)], lambda d: rabin(d, KUBO, 16, 48, 72)),
        ('rabin-512-1024-2048', [R('e', 50000)], lambda d: rabin(d, KUBO, 512, 1024, 2048)),
        ('rabin-16-17-18', [R('e', 400)], lambda d: rabin(d, KUBO, 16, 17, 18)),
        ('rabin-512-1024-2048', [Z('00', 5000)], lambda d: rabin(d, KUBO, 512, 1024, 2048)),
        ('rabin-512-1024-2048', [Z('00', 1024)], lambda d: rabin(d, KUBO, 512, 1024, 2048)),
        ('rabin-512-1024-2048', [Z('00', 1025)], lambda d: rabin(d, KUBO, 512, 1024, 2048)),
        ('js-rabin-512-1024-2048', [R('e', 50000)], lambda d: rabin(d, JS, 512, 1024, 2048)),
    ]:
        data = make(parts)
        kubo.append({'chunker': chunker, 'parts': parts, **file_answer(data, cut(data), True)})
    # rabin of the chain of "hello world": also known from other implementations of Kubo's chunker
    assert next(k for k in kubo if k['chunker'] == 'rabin')['lengths'] == [189236, 177457, 157595]

    trees = []
    for count in (1, 2, 3, 173, 174, 175, 1000, 9000):
        made = [(cid(0x55, b'leaf %d' % i), 1 + i % 65536, 1 + i % 65536) for i in range(count)]
        for by_number in (False, True):
            root, counts = tree(made, by_number)
            trees.append({'leaves': count, 'byNumber': by_number, 'levels': counts, 'root': text(root[0]), 'size': root[1], 'tsize': root[2]})
    worked = node_block([(cid(0x55, b'a'), 1, 1), (cid(0x55, b'bc'), 2, 2)])
    print(json.dumps({
        'description': 'docs/formats/chunking.md, made by chunking.py. parts: hex repeated, stream = SHA-256(seed, u32be counter), chain = each block the SHA-256 of the one before. Leaf i of trees is the block "leaf i", said to have 1 + i mod 65536 bytes',
        'gear': {'public': ['%016x' % g for g in gear], 'key': key.hex(), 'keyed': ['%016x' % g for g in keyed]},
        'fastcdc': fast, 'kubo': kubo, 'trees': trees,
        'node': {'children': ['a', 'bc'], 'block': worked.hex(), 'cid': text(cid(0x70, worked))},
    }, indent=1))


main()
