// What a record costs, in processor time, to make and to read, beside the bare `ipns` package on the same records. The two take turns in short rounds, so that a
// busy machine disturbs both alike. Prints JSON lines; `ratio` is the median of the rounds' own ratios.
import { randomBytes } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { createIPNSRecordWithExpiration, marshalIPNSRecord, multihashToIPNSRoutingKey } from 'ipns'
import { ipnsValidator } from 'ipns/validator'
import { toLibp2pKey } from '../src/identity/libp2p-key.ts'
import { PeerKey } from '../src/identity/peer-key.ts'
import { createRecord } from '../src/names/create-record.ts'
import { nameFromMultihash } from '../src/names/ipns-name.ts'
import { validityAtMs } from '../src/names/validity.ts'
import { verifyRecord } from '../src/names/verify-record.ts'

const ROUNDS = 31
const CALLS = 200
const VALUE = '/ipfs/bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const validity = validityAtMs(Date.now() + 86_400_000)
const key = new PeerKey(randomBytes(32))
const libp2pKey = toLibp2pKey(key)

for (const v2Only of [false, true]) {
  const { name, bytes } = createRecord(key, { value: VALUE, sequence: 1n, validity, v2Only })
  const theirName = multihashToIPNSRoutingKey(libp2pKey.publicKey.toMultihash())
  const kind = v2Only ? 'v2 only' : 'v1 and v2'
  await compare(`read, Ed25519, ${kind}`, async () => await ipnsValidator(theirName, bytes), async () => await verifyRecord(name, bytes))
  await compare(`make, ${kind}`,
    async () => marshalIPNSRecord(await createIPNSRecordWithExpiration(libp2pKey, VALUE, 1n, validity.text, { v1Compatible: !v2Only })),
    async () => createRecord(key, { value: VALUE, sequence: 1n, validity, v2Only }))
}
for (const type of ['RSA', 'secp256k1'] as const) {
  const theirs = type === 'RSA' ? await generateKeyPair('RSA', 2048) : await generateKeyPair('secp256k1')
  const multihash = theirs.publicKey.toMultihash()
  const bytes = marshalIPNSRecord(await createIPNSRecordWithExpiration(theirs, VALUE, 1n, validity.text))
  const name = nameFromMultihash(multihash.bytes)!
  await compare(`read, ${type}, v1 and v2`, async () => await ipnsValidator(multihashToIPNSRoutingKey(multihash), bytes), async () => await verifyRecord(name, bytes))
}

async function compare (name: string, bare: () => Promise<unknown>, ours: () => Promise<unknown>): Promise<void> {
  const rounds: Array<{ bareUs: number, oursUs: number, ratio: number }> = []
  for (let i = 0; i < ROUNDS + 3; i++) { // the first three warm the machine code up
    const bareUs = await cpuUs(bare)
    const oursUs = await cpuUs(ours)
    if (i >= 3) rounds.push({ bareUs, oursUs, ratio: oursUs / bareUs })
  }
  const of = (pick: 'bareUs' | 'oursUs' | 'ratio'): number => rounds.map(round => round[pick]).sort((a, b) => a - b)[ROUNDS >> 1]!
  process.stdout.write(`${JSON.stringify({ bench: 'names', name, ipnsUs: Math.round(of('bareUs')), oursUs: Math.round(of('oursUs')), ratio: Math.round(of('ratio') * 100) / 100, node: process.version })}\n`)
}

async function cpuUs (work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  for (let i = 0; i < CALLS; i++) await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / CALLS
}
