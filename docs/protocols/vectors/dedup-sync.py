"""Known answers for docs/protocols/dedup-sync.md, from the page alone: python3 dedup-sync.py > dedup-sync.json. Shares no code with the implementation."""
import hashlib
import json


def cbor(value):
    def head(major, n):
        for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if n < 24:
                return bytes([major << 5 | n])
            if n < 1 << 8 * size:
                return bytes([major << 5 | code]) + n.to_bytes(size, 'big')
    if value is None:
        return b'\xf6'
    if isinstance(value, bool):
        return b'\xf5' if value else b'\xf4'
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, Cid):
        return b'\xd8\x2a' + cbor(b'\0' + value.raw)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b''.join(map(cbor, value))
    return head(5, len(value)) + b''.join(cbor(k) + cbor(value[k]) for k in sorted(value, key=lambda k: (len(k), k)))


class Cid:
    def __init__(self, codec, block):
        self.raw = bytes([1, codec, 0x12, 32]) + hashlib.sha256(block).digest()

    def text(self):
        alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
        bits = ''.join(f'{b:08b}' for b in self.raw)
        bits += '0' * (-len(bits) % 5)
        return 'b' + ''.join(alphabet[int(bits[i:i + 5], 2)] for i in range(0, len(bits), 5))


def node(leaves):
    """A UnixFS file over raw leaves, all shorter than 128 bytes."""
    links = b''
    for leaf in leaves:
        link = b'\x0a\x24' + Cid(0x55, leaf).raw + b'\x12\x00\x18' + bytes([len(leaf)])
        links += b'\x12' + bytes([len(link)]) + link
    data = b'\x08\x02\x18' + bytes([sum(map(len, leaves))]) + b''.join(b'\x20' + bytes([len(leaf)]) for leaf in leaves)
    return links + b'\x0a' + bytes([len(data)]) + data


old, new = [b'aaaa', b'bXbb', b'cccc'], [b'aaaa', b'bbbb', b'cccc']
root, base = Cid(0x70, node(new)), Cid(0x70, node(old))
leaf, commit = Cid(0x55, b'aaaa'), Cid(0x71, b'\xa0')
plan = '010609 03 0406090404 0462626262'.replace(' ', '')
digest = hashlib.sha256(b'bbbb').hexdigest()
name = 'k51qzi5uqu5'

requests = [
    {'type': 'plan', 'root': root, 'have': [base], 'leafBytes': 1048576, 'dry': False},
    {'type': 'plan', 'root': leaf, 'have': [], 'leafBytes': 0, 'dry': True},
    {'type': 'blocks', 'root': root, 'path': 'content', 'height': 0, 'base': base, 'ranges': [[0, 4], [4, 8, 4, 8]], 'squeeze': True},
    {'type': 'blocks', 'root': root, 'path': 'recipe', 'height': 1, 'base': None, 'ranges': [[0, 12]], 'squeeze': False},
    {'type': 'head', 'name': name, 'from': None, 'until': commit},
    {'type': 'offer', 'root': root, 'name': None, 'sizeBytes': 12},
]
answers = [
    {'type': 'plan', 'bases': [0], 'directory': False, 'names': ['content'], 'form': 'raw', 'sizeBytes': 14},
    {'type': 'estimate', 'planBytes': 14, 'leftBlocks': 0, 'leftBytes': 0},
    {'type': 'part', 'form': 'deflate', 'sizeBytes': 1048576},
    {'type': 'head', 'record': b'\x01', 'commits': [b'\xa0']},
    {'type': 'progress', 'doneBytes': 1, 'totalBytes': 12},
    {'type': 'taken', 'receivedBytes': 9007199254740991, 'sentBytes': 0, 'roundTrips': 2},
    {'type': 'error', 'code': 'not-here'},
]


def plain(value):
    if isinstance(value, Cid):
        return value.text()
    if isinstance(value, bytes):
        return {'hex': value.hex()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return {k: plain(v) for k, v in value.items()} if isinstance(value, dict) else value


def refused(good, **changes):
    return cbor({k: v for k, v in {**good, **changes}.items() if v is not refused}).hex()


print(json.dumps({
    'requests': [{'hex': cbor(r).hex(), 'message': plain(r)} for r in requests],
    'answers': [{'hex': cbor(a).hex(), 'message': plain(a)} for a in answers],
    'refusedRequests': {
        'seventeen bases': refused(requests[0], have=[Cid(0x55, bytes([i])) for i in range(17)]),
        'a base twice': refused(requests[0], have=[base, base]),
        'a root that is a commit': refused(requests[0], root=commit),
        'too many bytes of leaves': refused(requests[0], leafBytes=1048577),
        'an unknown key': refused(requests[0], more=1),
        'a missing key': refused(requests[0], dry=refused),
        'an unknown type': refused(requests[0], type='get'),
        'an unknown path': refused(requests[2], path='other'),
        'no ranges': refused(requests[2], ranges=[]),
        'an empty range': refused(requests[2], ranges=[[4, 4]]),
        'ranges that overlap': refused(requests[2], ranges=[[0, 5], [4, 8]]),
        'ranges out of order': refused(requests[2], ranges=[[4, 8], [0, 4]]),
        'a range of three': refused(requests[2], ranges=[[0, 4, 4]]),
        'four numbers without a base': refused(requests[2], base=None),
        'four numbers above the leaves': refused(requests[2], height=1),
        'a height over 64': refused(requests[3], height=65),
        '513 ranges': refused(requests[3], ranges=[[i, i + 1] for i in range(513)]),
        'a name with a slash': refused(requests[4], name='a/b'),
        'commits by a block of a file': refused(requests[4], until=leaf),
        'a body after it': cbor(requests[5]).hex() + '00',
    },
    'refusedAnswers': {
        'bases out of order': refused(answers[0], bases=[1, 0]),
        'a base twice': refused(answers[0], bases=[0, 0]),
        'a base over 15': refused(answers[0], bases=[16]),
        'trees of a directory without being one': refused(answers[0], names=['content', 'recipe']),
        'a directory without a recipe': refused(answers[0], directory=True),
        'trees out of order': refused(answers[0], directory=True, names=['recipe', 'content']),
        'an unknown form': refused(answers[0], form='brotli'),
        'a body over the limit': refused(answers[2], sizeBytes=4194305),
        'an empty record': refused(answers[3], record=b''),
        'an unknown code': refused(answers[6], code='forbidden'),
    },
    'blocks': {block.decode(): Cid(0x55, block).text() for block in sorted({*old, *new})},
    'base': {'cid': base.text(), 'block': node(old).hex()},
    'root': {'cid': root.text(), 'block': node(new).hex()},
    'plan': plan,
    'toldPlan': '010609' + '03' + '04' + '07' + digest + '04' + '09' + '04',
    'refusedPlans': {
        'nothing': '',
        'cut off': plan[:-2],
        'bytes left over': plan + '00',
        'another literal': plan[:-2] + '63',
        'a number not in its shortest form': '8100' + plan[2:],
        '65 levels': '41' + plan[2:],
        'a run that is not ended': '0106' + plan[6:],
        'a copy while a run is open': '0106' + '04' + plan[6:],
        'a move out of the old row': '010611' + plan[6:],
        'a step of no blocks': '0102' + plan[4:],
        'a copy from outside': '010609' + '03' + '14' + plan[10:],
        'a row that is too long': '010609' + '03' + '0e09' + '04040404' + '0461616161',
        'a node without children': '010609' + '00',
        'a node of 175 children': '010609' + 'af01' + plan[8:],
        'a leaf over 2 MiB': '010609' + '03' + '0406090481808001',
        'another digest told': '010609' + '03' + '04' + '07' + digest[:-2] + '00' + '04' + '09' + '04',
    },
}, indent=1))
