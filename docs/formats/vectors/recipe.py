#!/usr/bin/env python3
"""Known answers for docs/formats/recipe.md, from its text alone: no code is shared with the TypeScript.
python3 recipe.py > recipe.json. Deflate streams are those of Python's zlib."""
import base64, hashlib, json, struct, zlib

ZLIB6 = {'hashBytes': 3, 'hashBits': 15, 'symbolLimit': 16383, 'endsEarly': False, 'looksPast': False,
         'search': {'greedy': False, 'good': 8, 'lazy': 16, 'nice': 128, 'chain': 128}}


# -- DAG-CBOR
def head(major, n):
    if n < 24: return bytes([major << 5 | n])
    for low, fmt, limit in ((24, '>B', 1 << 8), (25, '>H', 1 << 16), (26, '>I', 1 << 32), (27, '>Q', 1 << 64)):
        if n < limit: return bytes([major << 5 | low]) + struct.pack(fmt, n)


def cbor(v):
    if v is True: return b'\xf5'
    if v is False: return b'\xf4'
    if isinstance(v, int): return head(0, v) if v >= 0 else head(1, -1 - v)
    if isinstance(v, bytes): return head(2, len(v)) + v
    if isinstance(v, str): return head(3, len(v.encode())) + v.encode()
    if isinstance(v, list): return head(4, len(v)) + b''.join(map(cbor, v))
    keys = sorted(v, key=lambda k: (len(k.encode()), k.encode()))
    return head(5, len(v)) + b''.join(cbor(k) + cbor(v[k]) for k in keys)


# -- trees of at most two leaves, and the root
def sha(b): return hashlib.sha256(b).digest()
def cid(codec, block): return bytes([1, codec, 0x12, 0x20]) + sha(block)
def varint(n):
    out = b''
    while n > 127: out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def field(number, wire, value):
    return varint(number << 3 | wire) + (varint(value) if wire == 0 else varint(len(value)) + value)


def link(name, size, c):
    return field(2, 2, field(1, 2, c) + field(2, 2, name.encode()) + field(3, 0, size))


def tree(leaves):  # (cid, size of all blocks)
    if len(leaves) == 1: return cid(0x55, leaves[0]), len(leaves[0])
    data = field(1, 0, 2) + field(3, 0, sum(map(len, leaves))) + b''.join(field(4, 0, len(l)) for l in leaves)
    block = b''.join(link('', len(l), cid(0x55, l)) for l in leaves) + field(1, 2, data)
    return cid(0x70, block), len(block) + sum(map(len, leaves))


def text(c): return 'b' + base64.b32encode(c).decode().lower().rstrip('=')


def root_of(content, leaves):
    c, r = tree([content]), tree(leaves)
    block = link('content', c[1], c[0]) + link('recipe', r[1], r[0]) + field(1, 2, b'\x08\x01')
    return text(cid(0x70, block))


# -- cases
def raw(t):
    e = zlib.compressobj(6, zlib.DEFLATED, -15, 8)
    return e.compress(t) + e.flush()


def le(n, width): return n.to_bytes(width, 'little')
def gzip_of(h, t): return h + raw(t) + le(zlib.crc32(t), 4) + le(len(t), 4)


def bgzf_of(h, t):
    whole = bytearray(gzip_of(h, t))
    whole[16:18] = le(len(whole) - 1, 2)
    return bytes(whole)


GZIP = bytes.fromhex('1f8b0800000000000003')
BGZF = bytes.fromhex('1f8b08040000000000ff0600424302000000')
ZLIB = bytes.fromhex('789c')
TEXT = b'how much wood would a woodchuck chuck if a woodchuck could chuck wood? ' * 4

valid, reject = [], []


def recipe_head(out, encoders=(ZLIB6,), heads=(GZIP, BGZF, ZLIB), **changed):
    h = {'format': 'ipkit/recipe/1', 'kind': 'file', 'sizeBytes': len(out), 'sha256': sha(out), 'encoders': list(encoders), 'heads': list(heads), **changed}
    return cbor(cbor({k: v for k, v in h.items() if v is not None}))


def case(name, content, steps, out):
    leaves = [recipe_head(out), b''.join(map(cbor, steps))]
    valid.append({'name': name, 'content': content.hex(), 'recipe': b''.join(leaves).hex(), 'output': out.hex(), 'root': root_of(content, leaves)})


def bad(name, recipe, content=b''):
    reject.append({'name': name, 'content': content.hex(), 'recipe': recipe.hex()})


def bad_steps(name, steps, content=b'', out=b'x', **changed):
    bad(name, recipe_head(out, **changed) + b''.join(s if isinstance(s, bytes) else cbor(s) for s in steps), content)


case('bytes and a copy', b'content', [[0, b'before '], [1, 7], [0, b' behind']], b'before content behind')
case('deflate', TEXT, [[2, 0, len(TEXT), 0]], raw(TEXT))
case('gzip', TEXT, [[3, 0, 0, len(TEXT), 0], [0, b'\0' * 5]], gzip_of(GZIP, TEXT) + b'\0' * 5)
case('bgzf, repeated', TEXT * 3, [[4, 1, 0, len(TEXT)], [8, 2], [4, 1, 0, 0]], 3 * bgzf_of(BGZF, TEXT) + bgzf_of(BGZF, b''))
case('zlib', TEXT, [[5, 2, 0, len(TEXT), 0]], zlib.compress(TEXT, 6))
case('gzip inside of deflate', TEXT, [[0, b'<'], [6, 0], [3, 0, 0, len(TEXT), 0], [7], [0, b'>']], b'<' + raw(gzip_of(GZIP, TEXT)) + b'>')
case('marks', b'one' b'three', [[0, b'stub'], [9], [9], [1, 3], [9], [1, 5], [9], [10, 2, 4], [10, 0, 8], [10, -2, 4], [9], [11, 1, 0, 4], [10, 1, 5], [11, 4, 3, 4]],
     b'stub' b'one' b'three' + le(3, 4) + le(8, 8) + le(3, 4) + le(16, 4) + le(24, 5) + le(0, 4))

files = {b'a': b'', b'a/b': b'', b'a/b/c.txt': b'one', b'a.txt': TEXT}
out = raw(TEXT)
folder = [[16, b'a', 0o755, 5, 0], [16, b'a/b', 0o1700, -1, 999999999], [17, b'a/b/c.txt', 0o644, 1700000000, 1, 0, 3], [1, 3], [19, sha(b'one')],
          [17, b'a.txt', 0o600, 0, 0, 1, len(out)], [2, 0, len(TEXT), 0], [19, sha(out)], [18, b'z', b'../else where', 7, 0]]
folder_head = recipe_head(b'', kind='folder', sizeBytes=3 + len(out), sha256=None)
folder_leaves = [folder_head, b''.join(map(cbor, folder))]
folder_case = {'content': (b'one' + TEXT).hex(), 'recipe': b''.join(folder_leaves).hex(), 'root': root_of(b'one' + TEXT, folder_leaves), 'entries': [
    {'type': 'folder', 'path': 'a', 'mode': 0o755, 'mtimeNs': '5000000000'},
    {'type': 'folder', 'path': 'a/b', 'mode': 0o1700, 'mtimeNs': '-1'},
    {'type': 'file', 'path': 'a/b/c.txt', 'mode': 0o644, 'mtimeNs': '1700000000000000001', 'sparse': False, 'bytes': b'one'.hex()},
    {'type': 'file', 'path': 'a.txt', 'mode': 0o600, 'mtimeNs': '0', 'sparse': True, 'bytes': out.hex()},
    {'type': 'symlink', 'path': 'z', 'target': '../else where', 'mtimeNs': '7000000000'}]}

# -- what a reader rejects
good = recipe_head(b'x') + cbor([0, b'x'])
bad('nothing', b'')
for cut in (1, 20, len(good) - 1): bad(f'cut off after {cut} bytes', good[:cut])
bad('a head that is a map', cbor({'format': 'ipkit/recipe/1'}))
bad_steps('another version', [[0, b'x']], format='ipkit/recipe/2')
bad_steps('an unknown key', [[0, b'x']], more=1)
bad_steps('no hash of a file', [[0, b'x']], sha256=None)
bad_steps('a hash of a folder', [], kind='folder', out=b'')
bad_steps('65 heads', [[0, b'x']], heads=[b'h'] * 65)
bad_steps('an empty head', [[0, b'x']], heads=[b''])
bad_steps('a head of 4,097 bytes', [[0, b'x']], heads=[b'h' * 4097])
for key, value in (('hashBytes', 5), ('hashBits', 17), ('symbolLimit', 0), ('symbolLimit', 32768)): bad_steps(f'{key} {value}', [[0, b'x']], encoders=[{**ZLIB6, key: value}])
bad_steps('a chain of 4,097', [[0, b'x']], encoders=[{**ZLIB6, 'search': {**ZLIB6['search'], 'chain': 4097}}])
for size in (100, 1048577): bad_steps(f'jobs of {size} bytes', [[0, b'x']], encoders=[{**ZLIB6, 'jobs': {'sizeBytes': size, 'searchAfter': 'links'}}])
for kind in (12, 13, 14, 15, 20, 24): bad_steps(f'kind {kind}', [[0, b'x'], [kind]])
bad_steps('an empty list', [[0, b'x'], []])
bad_steps('no list', [[0, b'x'], b'x'])
bad_steps('a map', [[0, b'x'], {'a': 1}])
bad_steps('a field too few', [[1]], b'x')
bad_steps('a field too many', [[1, 1, 1]], b'x')
bad_steps('text for bytes', [[0, 'x']])
bad_steps('bytes for a number', [[1, b'\1']], b'x')
bad_steps('a number that could be shorter', [b'\x82\x01\x18\x01'], b'x')
bad_steps('a list whose length could be shorter', [b'\x98\x02\x01\x01'], b'x')
bad_steps('a number of 2^53', [[1, 2 ** 53]], b'x')
bad_steps('a float', [b'\x82\x01\xf9\x3c\x00'], b'x')
bad_steps('an endless list', [b'\x9f\x01\x01\xff'], b'x')
bad_steps('a negative copy', [[1, -1]], b'x')
bad_steps('a copy of nothing', [[0, b'x'], [1, 0]])
bad_steps('bytes of nothing', [[0, b'x'], [0, b'']])
bad_steps('65,537 bytes', [b'\x82\x00\x5a\x00\x01\x00\x01' + b'x' * 100])
bad_steps('more content than there is', [[1, 1]])
bad_steps('content left over', [[0, b'x']], b'y')
bad_steps('more output than said', [[0, b'xy']])
bad_steps('less output than said', [[0, b'x']], out=b'xy')
bad_steps('an encoder that is not there', [[2, 1, 1, 0]], b'x')
bad_steps('a head that is not there', [[3, 3, 0, 1, 0]], b'x')
bad_steps('bgzf with a short head', [[4, 0, 0, 1]], b'x')
bad_steps('bgzf of 65,537 bytes', [[4, 1, 0, 65537]], b'x')
bad_steps('corrections that are not there', [[2, 0, 1, 1]], b'x')
bad_steps('a family without corrections', [[2, 0, 1, 0]], b'x', encoders=[{**ZLIB6, 'family': 'go'}])
bad_steps('an unknown family', [[0, b'x']], encoders=[{**ZLIB6, 'family': 'no'}])
bad_steps('close without open', [[0, b'x'], [7]])
bad_steps('open without close', [[6, 0], [0, b'x']])
bad_steps('open inside of open', [[6, 0], [6, 0], [7], [7]])
bad_steps('a mark inside of open', [[6, 0], [9], [7]])
bad_steps('a repeat of nothing', [[8, 1], [0, b'x']])
bad_steps('a repeat of a repeat', [[0, b'x'], [8, 1], [8, 1]], out=b'xxx')
bad_steps('a repeat of a mark', [[0, b'x'], [9], [8, 1]])
bad_steps('a repeat of 0', [[0, b'x'], [8, 0]])
bad_steps('a place without marks', [[10, 0, 4]])
bad_steps('a place before the first mark', [[9], [10, -1, 4]])
bad_steps('a width of 3', [[9], [10, 0, 3]])
bad_steps('a width of 9', [[9], [10, 0, 9]])
bad_steps('a span below zero', [[9], [0, b'x'], [9], [11, 0, 1, 4]])
bad_steps('a file in a file', [[17, b'a', 0, 0, 0, 0, 1], [0, b'x'], [19, sha(b'x')]])
bad_steps('a sum in a file', [[0, b'x'], [19, sha(b'x')]])


def bad_folder(name, steps, size=0): bad_steps(name, steps, out=b'', kind='folder', sizeBytes=size, sha256=None)


f = lambda path, size=0: [17, path, 0o644, 0, 0, 0, size]
end = [19, sha(b'')]
bad_folder('bytes outside of a file', [[0, b'x']], 1)
bad_folder('a file without a sum', [f(b'a')])
bad_folder('a file of another size', [f(b'a', 1), end], 1)
bad_folder('files larger than said', [f(b'a', 1), [0, b'x'], [19, sha(b'x')]], 0)
bad_folder('files smaller than said', [f(b'a', 1), [0, b'x'], [19, sha(b'x')]], 2)
for path in (b'', b'/a', b'a/', b'.', b'..', b'../a', b'a//b', b'a\0b', b'\xff', b'a/./b'): bad_folder(f'path {path!r}', [[16, b'Z', 0, 0, 0], f(path), end])
bad_folder('a path twice', [f(b'a'), end, f(b'a'), end])
bad_folder('paths that fall', [f(b'b'), end, f(b'a'), end])
bad_folder('a/b behind a.b', [[16, b'a', 0, 0, 0], f(b'a.b'), end, f(b'a/b'), end])
bad_folder('a folder that was not told', [f(b'a/b'), end])
bad_folder('through a link', [[18, b'a', b'/etc', 0, 0], f(b'a/b'), end])
bad_folder('through a file', [f(b'a'), end, f(b'a/b'), end])
bad_folder('setuid', [[17, b'a', 0o4755, 0, 0, 0, 0], end])
bad_folder('a second of nanoseconds', [[16, b'a', 0o755, 0, 10 ** 9]])

print(json.dumps({'description': 'valid: content and recipe (each cut as chunking.md says; two leaves of a recipe, one of content) give output under root. reject: RECIPE_INVALID. All bytes in hex.',
                  'valid': valid, 'folder': folder_case, 'wrong': {'content': '', 'recipe': (recipe_head(b'y') + cbor([0, b'x'])).hex()}, 'reject': reject}, indent=1))
