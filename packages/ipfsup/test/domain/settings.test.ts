import { expect, test } from '@jest/globals'
import { BUILT_IN_ORIGINS, decodeSettings, mergeSettings } from '../../src/domain/settings.ts'

const FILE = '/h/config.json'
const CID = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'

test('nothing named: what is built in', () => {
  expect(mergeSettings(decodeSettings('{}', FILE), {})).toEqual({ origins: BUILT_IN_ORIGINS, distCid: undefined, peers: [], npmRegistry: undefined })
})

test('the environment goes before the file', () => {
  const file = decodeSettings(JSON.stringify({ format: 1, origins: ['https://a.example/'], distCid: `/ipfs/${CID}`, peers: ['/ip4/127.0.0.1/tcp/1'], npmRegistry: 'https://npm.example', auto: true }), FILE)
  expect(mergeSettings(file, { IPFSUP_ORIGINS: '', IPFSUP_PEERS: ' ' })).toEqual({ origins: ['https://a.example'], distCid: CID, peers: ['/ip4/127.0.0.1/tcp/1'], npmRegistry: 'https://npm.example' })
  expect(mergeSettings(file, { IPFSUP_ORIGINS: ' http://127.0.0.1:8080/dist/ , http://[::1]:1,http://localhost:2, https://b.example,https://b.example/', IPFSUP_PEERS: 'anna, bob ,', IPFSUP_NPM_REGISTRY: 'http://127.0.0.1:4873' }))
    .toMatchObject({ origins: ['http://127.0.0.1:8080/dist', 'http://[::1]:1', 'http://localhost:2', 'https://b.example'], peers: ['anna', 'bob'], npmRegistry: 'http://127.0.0.1:4873' })
})

test.each(['http://dist.example', 'http://127.0.0.1.example', 'http://localhost.example', 'http://127.evil', 'ftp://a.example', 'https://me:secret@a.example', 'https://a.example/?x=1', 'https://a.example/#x', 'dist.ipfs.tech', 'https://'])('is no origin: %s', origin => {
  const refused = expect.objectContaining({ exit: 'usage', message: expect.stringContaining('IPFSUP_ORIGINS') })
  expect(() => mergeSettings({}, { IPFSUP_ORIGINS: origin })).toThrow(refused)
  expect(() => decodeSettings(JSON.stringify({ origins: [origin] }), FILE)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }))
})

test('an unknown key names the nearest, and a password is not repeated', () => {
  expect(() => decodeSettings('{"orgins": []}', FILE)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG', exit: 'usage', hints: ['did you mean "origins"?'] }))
  for (const origin of ['https://me:secret@a.example', 'http://me:secret@a.example', 'ftp://secret@a.example', 'https://me:secret@a.example/?x', 'https://me:secret@a b', 'https://me:secret@']) {
    expect(() => mergeSettings({}, { IPFSUP_ORIGINS: origin })).toThrow(expect.objectContaining({ message: 'IPFSUP_ORIGINS[0]: a URL with a user or a password is not taken' }))
  }
})

test.each(['{', '[]', '{"format": 2}', '{"auto": "yes"}', '{"origins": []}', '{"origins": "https://a.example"}', '{"distCid": "x"}', '{"peers": ["a b"]}'])('a file that cannot be right: %s', text => {
  expect(() => decodeSettings(text, FILE)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG', exit: 'usage', message: expect.stringContaining(FILE) }))
})
