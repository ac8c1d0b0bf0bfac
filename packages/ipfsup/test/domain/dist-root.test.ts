import { expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { findDistRoot, type DistRootDeps } from '../../src/domain/dist-root.ts'

const signal = new AbortController().signal
const CID = 'QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o'
const OTHER = 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354'
const noDns: DistRootDeps['resolveTxt'] = async () => { throw new AppError('DNS_UNREACHABLE', 'no DNS', { exit: 'unreachable' }) }
const dns = (records: Readonly<Record<string, readonly string[]>>): DistRootDeps['resolveTxt'] => async domain => records[domain] ?? []
const find = async (deps: Partial<DistRootDeps>): Promise<unknown> => await findDistRoot({ pinned: undefined, daemon: undefined, resolveTxt: noDns, ...deps }, signal)

test('what is pinned is the root, and nobody is asked', async () => {
  expect(await find({ pinned: CID, daemon: { resolve: async () => { throw new Error('asked') } } })).toEqual({ cid: CID, proof: 'pinned', host: CID })
})

test.each(['', 'x', `/ipfs/${CID}`, OTHER.toUpperCase()])('%j is no root to pin', async pinned => {
  await expect(find({ pinned })).rejects.toMatchObject({ code: 'DIST_ROOT_INVALID', exit: 'usage' })
})

test('a daemon goes before DNS, and DNS stands in for it', async () => {
  const resolveTxt = dns({ '_dnslink.dist.ipfs.tech': [`dnslink=/ipfs/${OTHER}`] })
  const asked: string[] = []
  expect(await find({ daemon: { resolve: async path => { asked.push(path); return `/ipfs/${CID}` } }, resolveTxt: noDns })).toEqual({ cid: CID, proof: 'dnslink', host: 'dist.ipfs.tech' })
  expect(asked).toEqual(['/ipns/dist.ipfs.tech'])
  for (const resolve of [async () => { throw new Error('it has no DNS') }, async () => 'nonsense']) expect(await find({ daemon: { resolve }, resolveTxt })).toEqual({ cid: OTHER, proof: 'dnslink', host: 'dist.ipfs.tech' })
})

test('DNS is asked for the name with _dnslink first; the CID is told in its canonical form', async () => {
  expect(await find({ resolveTxt: dns({ '_dnslink.dist.ipfs.tech': ['other', `dnslink=/ipfs/${CID}/`], 'dist.ipfs.tech': [`dnslink=/ipfs/${OTHER}`] }) })).toMatchObject({ cid: CID })
  expect(await find({ resolveTxt: dns({ 'dist.ipfs.tech': [`dnslink=/ipfs/${OTHER}`] }) })).toMatchObject({ cid: OTHER })
  expect(await find({ resolveTxt: dns({ 'dist.ipfs.tech': ['dnslink=/ipfs/zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA'] }) })).toMatchObject({ cid: 'bafkreidon73zkcrwdb5iafqtijxildoonbwnpv7dyd6ef3qdgads2jc4su' })
})

test.each<[string, Partial<DistRootDeps>]>([
  ['DNS does not answer', {}],
  ['there is no record', { resolveTxt: dns({}) }],
  ['it leads to a name', { resolveTxt: dns({ 'dist.ipfs.tech': ['dnslink=/ipns/k51qzi5uqu5di'] }) }],
  ['it leads below a root', { resolveTxt: dns({ 'dist.ipfs.tech': [`dnslink=/ipfs/${CID}/kubo`] }) }],
  ['it leads to no CID', { resolveTxt: dns({ 'dist.ipfs.tech': ['dnslink=/ipfs/hello'] }) }],
])('the origin is out of reach when %s', async (_what, deps) => {
  await expect(find(deps)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE', exit: 'unreachable' })
})

test('the signal stops it with its reason', async () => {
  const stopped = AbortSignal.abort(new Error('enough'))
  await expect(findDistRoot({ pinned: undefined, daemon: undefined, resolveTxt: async (_domain, given) => { given.throwIfAborted(); return [] } }, stopped)).rejects.toThrow('enough')
})
