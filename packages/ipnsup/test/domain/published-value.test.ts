import { expect, test } from '@jest/globals'
import { publishedValue } from '../../src/domain/published-value.ts'

const CID = 'bafkqaddwgevxmmraojswg33smq'
const CID0 = 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG'
const NAME = 'k51qzi5uqu5dljtg5upm7x7ugan9lql3ewyknv4r4mhhkwzn8n7cnbd1unfwgq'
const PEER = '12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV'

test.each([
  [CID, `/ipfs/${CID}`],
  [CID0, `/ipfs/${CID0}`],
  [`/ipfs/${CID}`, `/ipfs/${CID}`],
  [`/ipfs/${CID}/a b/ü`, `/ipfs/${CID}/a b/ü`],
  [`/ipfs/${CID}/`, `/ipfs/${CID}/`],
  [`ipfs://${CID}/x`, `/ipfs/${CID}/x`],
  [NAME, `/ipns/${NAME}`],
  [PEER, `/ipns/${NAME}`],
  ['bafzaajaiaejcbv22taayfmikw7kux7wtzfsaooqo4fzphwvgems26aq2nd3qoui2', `/ipns/${NAME}`],
  [`/ipns/${PEER}/docs`, `/ipns/${NAME}/docs`],
  [`ipns://${NAME}`, `/ipns/${NAME}`],
  ['/ipns/example.com/docs', '/ipns/example.com/docs'],
])('%s is published as %s', (text, path) => {
  expect(publishedValue(text)).toBe(path)
  expect(publishedValue(path)).toBe(path)
})

test.each([
  ['', 'RECORD_VALUE_INVALID'],
  ['/', 'RECORD_VALUE_INVALID'],
  ['/ipfs/', 'RECORD_VALUE_INVALID'],
  ['/ipfs', 'RECORD_VALUE_INVALID'],
  ['hello', 'RECORD_VALUE_INVALID'],
  ['example.com', 'RECORD_VALUE_INVALID'],
  ['/ipld/bafk', 'RECORD_VALUE_INVALID'],
  ['/ipfs/hello', 'RECORD_VALUE_INVALID'],
  [`/ipfs/${CID.toUpperCase()}`, 'RECORD_VALUE_INVALID'],
  [`//ipfs/${CID}`, 'RECORD_VALUE_INVALID'],
  [`http://localhost/ipfs/${CID}`, 'RECORD_VALUE_INVALID'],
  [`/ipfs/${CID}/${'x'.repeat(8200)}`, 'RECORD_VALUE_INVALID'],
  ['/ipns/hello', 'NAME_INVALID'],
  ['/ipns/192.168.1.7', 'NAME_INVALID'],
])('refused: %s', (text, code) => { expect(() => publishedValue(text)).toThrow(expect.objectContaining({ code, exit: 'usage' })) })
