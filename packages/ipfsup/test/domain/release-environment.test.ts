import { expect, test } from '@jest/globals'
import { releaseEnvironment } from '../../src/domain/release-environment.ts'

const ROOT = '/home/ann/.ipfs'

test.each([
  ['nothing set', {}, 'go', { IPFSUP_DEPTH: '1' }],
  ['an IPFS_PATH, made absolute', { IPFS_PATH: '.ipfs' }, 'go', { IPFSUP_DEPTH: '1', IPFS_PATH: ROOT }],
  ['an empty one', { IPFS_PATH: '' }, 'go', { IPFSUP_DEPTH: '1' }],
  ['from a js release', { IPFS_PATH: `${ROOT}/js-repo`, IPFSUP_ROOT: ROOT, IPFSUP_DEPTH: '1' }, 'go', { IPFSUP_DEPTH: '2', IPFS_PATH: ROOT }],
  ['a root of somewhere else', { IPFS_PATH: ROOT, IPFSUP_ROOT: '/other' }, 'go', { IPFSUP_DEPTH: '1', IPFS_PATH: ROOT, IPFSUP_ROOT: '/other' }],
  ['js', { A: 'b' }, 'js', { A: 'b', IPFSUP_DEPTH: '1', IPFSUP_ROOT: ROOT, IPFS_PATH: `${ROOT}/js-repo` }],
  ['js within js', { IPFS_PATH: `${ROOT}/js-repo`, IPFSUP_ROOT: ROOT }, 'js', { IPFSUP_DEPTH: '1', IPFSUP_ROOT: ROOT, IPFS_PATH: `${ROOT}/js-repo` }],
  ['a depth that is none', { IPFSUP_DEPTH: '$(id)' }, 'go', { IPFSUP_DEPTH: '1' }],
  ['a depth beyond the end', { IPFSUP_DEPTH: '99' }, 'go', { IPFSUP_DEPTH: '20' }],
] as const)('%s', (_name, env, lang, wanted) => {
  expect(releaseEnvironment(env, lang, ROOT)).toEqual(wanted)
})
