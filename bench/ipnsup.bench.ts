// What names cost: pnpm bench ipnsup [names]. The rules of ipnsup beside the bare `ipns` package on the same 10,000 records, in processor time and in turns; a node that
// remembers 100,000 names beside one that remembers none; a warm command beside --help.
import { randomBytes } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { ClassicLevel } from 'classic-level'
import { createIPNSRecordWithExpiration, marshalIPNSRecord, multihashToIPNSRoutingKey, unmarshalIPNSRecord } from 'ipns'
import { ipnsValidator } from 'ipns/validator'
import { RpcClient } from '@ipkit/core/daemon/rpc-client'
import { toLibp2pKey } from '@ipkit/core/identity/libp2p-key'
import { PeerKey } from '@ipkit/core/identity/peer-key'
import { createRecord } from '@ipkit/core/names/create-record'
import { NameMemories } from '@ipkit/core/names/name-memories'
import { validityAtMs } from '@ipkit/core/names/validity'
import type { VerifiedRecord } from '@ipkit/core/names/ipns-record'
import { systemClock } from '@ipkit/core/time/clock'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { endNodes } from '@ipkit/testkit/node/node-processes'
import type { Exchange } from '../packages/ipnsup/src/domain/exchange.ts'
import { KeptNames } from '../packages/ipnsup/src/domain/kept-names.ts'
import { NameLookup } from '../packages/ipnsup/src/domain/name-lookup.ts'
import { Publisher } from '../packages/ipnsup/src/domain/publishing.ts'
import { RecordIntake } from '../packages/ipnsup/src/domain/record-intake.ts'
import { Strangers } from '../packages/ipnsup/src/domain/strangers.ts'
import { median, print, round1, round2, timeStarts, type Start } from './time-starts.ts'

const CPU_LIMIT = 1.3
const WARM_LIMIT_MS = 15
const RESOLVE_LIMIT_MS = 5
const START_LIMIT_MS = 1000
const RECORDS = 10_000
const TURN = 500
const VALUE = '/ipfs/bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'

const manyNames = Number(process.argv[2] ?? 100_000)
const root = path.resolve(import.meta.dirname, '..')
const ipnsup = path.join(root, 'packages/ipnsup/bin/ipnsup.js')
const ipkit = path.join(root, 'packages/ipkit/bin/ipkit.js')
const validity = validityAtMs(Date.now() + 86_400_000)
const never = new AbortController().signal

await benchRules()
const folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-bench-'))
try {
  await benchHomes()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

// --- the rules beside the bare package ---------------------------------------------------------------------------------

async function benchRules (): Promise<void> {
  const keys = Array.from({ length: RECORDS }, () => new PeerKey(randomBytes(32)))
  const theirKeys = keys.map(toLibp2pKey)
  const made: Uint8Array[] = []
  const theirs = new Map<string, Uint8Array>()
  const publishing = await rules()
  await compare('publish', 'createIPNSRecordWithExpiration and marshalIPNSRecord',
    async i => { made[i] = marshalIPNSRecord(await createIPNSRecordWithExpiration(theirKeys[i]!, VALUE, 0n, validity.text)) },
    async i => { await publishing.publisher.publish(keys[i]!, { value: VALUE, lifetimeMs: 86_400_000, ttlNs: 300_000_000_000n, sequence: null, v2Only: false }) })
  const records = keys.map(key => createRecord(key, { value: VALUE, sequence: 0n, validity }))
  const importing = await rules()
  const routingKeys = theirKeys.map(key => multihashToIPNSRoutingKey(key.publicKey.toMultihash()))
  await compare('import', 'ipnsValidator and unmarshalIPNSRecord, kept in a Map',
    async i => { await ipnsValidator(routingKeys[i]!, made[i]!); unmarshalIPNSRecord(made[i]!); theirs.set(records[i]!.name.text, made[i]!) },
    async i => { await importing.intake.take(records[i]!.name, records[i]!.bytes, { source: 'file' }) })
  await compare('resolve, local', 'unmarshalIPNSRecord and ipnsValidator of what the Map holds',
    async i => { const bytes = theirs.get(records[i]!.name.text)!; await ipnsValidator(routingKeys[i]!, bytes); unmarshalIPNSRecord(bytes) },
    async i => { await importing.lookup.find(records[i]!.name, { offline: true, acceptUnknownExpired: false, from: [] }, never) })
}

interface Rules { readonly publisher: Publisher, readonly intake: RecordIntake, readonly lookup: NameLookup }

/** Over stores in memory: the disk is measured below. */
async function rules (): Promise<Rules> {
  const memories = new NameMemories(memoryKeyValueStore())
  const kept = await KeptNames.open({ store: memoryKeyValueStore(), report: () => {} })
  const intake = new RecordIntake({ memories, clock: systemClock, changed: () => {} })
  const exchange: Exchange = { sources: () => [], places: () => [], named: () => { throw new Error('nobody') }, onReach: () => () => {}, listen: () => {}, unlisten: () => {} }
  return {
    intake,
    publisher: new Publisher({ memories, kept, intake, clock: systemClock }),
    lookup: new NameLookup({ memories, intake, strangers: new Strangers(memoryKeyValueStore()), exchange, clock: systemClock }),
  }
}

/** Turns of some hundred records each, so that a busy machine disturbs both alike; the first tenth warms the machine code up. */
async function compare (what: string, rival: string, bare: (i: number) => Promise<void>, ours: (i: number) => Promise<void>): Promise<void> {
  const turns: Array<{ bareUs: number, oursUs: number }> = []
  for (let from = 0; from < RECORDS; from += TURN) turns.push({ bareUs: await cpuUs(bare, from), oursUs: await cpuUs(ours, from) })
  const judged = turns.slice(RECORDS / TURN / 10)
  const ratio = median(judged.map(t => t.oursUs / t.bareUs))
  print({ bench: 'ipnsup', case: what, rival, records: RECORDS, bareUs: round1(median(judged.map(t => t.bareUs))), oursUs: round1(median(judged.map(t => t.oursUs))), ratio: round2(ratio), limit: { ratio: CPU_LIMIT }, within: ratio < CPU_LIMIT, node: process.version })
}

async function cpuUs (work: (i: number) => Promise<void>, from: number): Promise<number> {
  const before = process.cpuUsage()
  for (let i = from; i < from + TURN; i++) await work(i)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / TURN
}

// --- nodes and commands --------------------------------------------------------------------------------------------------

async function benchHomes (): Promise<void> {
  const homes = { few: path.join(folder, 'few'), many: path.join(folder, 'many') }
  const envOf = (home: string): Record<string, string | undefined> =>
    ({ PATH: process.env['PATH'], HOME: folder, IPKIT_HOME: home, IPKIT_LISTEN: '/ip4/127.0.0.1/tcp/0', IPKIT_HTTP_LISTEN: '/ip4/127.0.0.1/tcp/0' })
  const run = (home: string, ...argv: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { env: envOf(home), encoding: 'utf8' })
    if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${String(status)}: ${stderr}`)
    return stdout
  }
  mkdirSync(path.join(folder, '.cache')) // where compiled code is kept
  const name = run(homes.few, ipnsup, 'publish', VALUE).trim()
  run(homes.many, ipnsup, 'publish', VALUE)
  run(homes.many, ipkit, 'stop')
  await endNodes(homes.many)
  const known = await fill(path.join(homes.many, 'datastore'))
  try {
    const startMs: Record<'few' | 'many', number[]> = { few: [], many: [] }
    for (let i = 0; i < 5; i++) {
      for (const which of ['few', 'many'] as const) {
        run(homes[which], ipkit, 'stop')
        await endNodes(homes[which])
        const before = performance.now()
        run(homes[which], ipnsup, 'key', 'ls')
        startMs[which].push(performance.now() - before)
      }
    }
    const [fewMs, allMs] = [median(startMs.few), median(startMs.many)]
    print({ bench: 'ipnsup', case: 'start the node and ask it', names: manyNames, fewMs: round1(fewMs), manyMs: round1(allMs), ratio: round2(allMs / fewMs), limit: { ms: START_LIMIT_MS }, within: allMs < START_LIMIT_MS, node: process.version })
    await benchResolve(path.join(homes.many, 'node.sock'), known)

    const starts: readonly Start[] = [{ name: 'node -e 0', argv: ['-e', '0'], exit: 0 }, { name: 'ipnsup --help', argv: [ipnsup, '--help'], exit: 0 }, { name: 'ipnsup resolve', argv: [ipnsup, 'resolve', name], exit: 0 }]
    const taken = timeStarts(starts, 21, folder, envOf(homes.few))
    const help = taken.get('ipnsup --help')!
    for (const { name: what } of starts) {
      const runs = taken.get(what)!
      const overMs = median(runs.map((t, i) => t.cpuMs - help[i]!.cpuMs))
      const judged = what === 'ipnsup resolve' ? { limit: { overMs: WARM_LIMIT_MS }, within: overMs < WARM_LIMIT_MS } : {}
      print({ bench: 'ipnsup', case: `warm: ${what}`, cpuMs: round1(median(runs.map(t => t.cpuMs))), overHelpMs: round1(overMs), ratioToHelp: round2(median(runs.map((t, i) => t.cpuMs / help[i]!.cpuMs))), ...judged, rounds: runs.length, node: process.version })
    }
  } finally {
    for (const home of Object.values(homes)) {
      run(home, ipkit, 'stop')
      await endNodes(home)
    }
  }
}

/** Remembers names as the service does, but for the sync after each. @returns some of them */
async function fill (datastore: string): Promise<VerifiedRecord[]> {
  const database = new ClassicLevel<string, Uint8Array>(datastore, { valueEncoding: 'view' })
  const unsynced = { get: async (key: string) => await database.get(`service/ipnsup/memory/${key}`), put: async (key: string, value: Uint8Array) => { await database.put(`service/ipnsup/memory/${key}`, value) }, delete: async () => {} }
  const memories = new NameMemories(unsynced)
  const some: VerifiedRecord[] = []
  for (let i = 0; i < manyNames; i++) {
    const record = createRecord(new PeerKey(randomBytes(32)), { value: VALUE, sequence: 0n, validity, v2Only: true })
    await memories.remember(record, { nowMs: Date.now() })
    if (i % Math.ceil(manyNames / 500) === 0) some.push(record)
  }
  await database.close()
  return some
}

async function benchResolve (socket: string, known: readonly VerifiedRecord[]): Promise<void> {
  const client = new RpcClient({ address: () => socket })
  const ms: number[] = []
  for (const { name, value } of known) {
    const before = performance.now()
    const found = await client.call('ipnsup.resolve', { target: name.text, offline: true, maxStaleMs: null, acceptUnknownExpired: false, recurse: true, from: [] }) as { value: string }
    ms.push(performance.now() - before)
    if (found.value !== value) throw new Error(`${name.text} resolved to ${found.value}`)
  }
  client.close()
  const [p50, p99] = [median(ms), ms.sort((a, b) => a - b)[Math.floor(ms.length * 0.99)]!]
  print({ bench: 'ipnsup', case: 'resolve over the socket', names: manyNames, medianMs: round2(p50), p99Ms: round2(p99), limit: { ms: RESOLVE_LIMIT_MS }, within: p50 < RESOLVE_LIMIT_MS, node: process.version })
}
