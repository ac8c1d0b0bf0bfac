/**
 * burn against what a user would pick instead, on one file in one run, everything on this machine's disk and loopback:
 *   cp        a synced copy: the least that any of it costs
 *   age       encrypts and decrypts a file, sends nothing
 *   wormhole  magic-wormhole sends it from one process to another
 * and the round trip of the claim, the one moment that uses a read up. Every output is compared with the input. Prints JSON lines; ratios
 * are of medians, above 1 means that burn takes longer. On Linux also what each process of burn took in these runs: processor seconds for
 * 1 GB (less disturbed by a busy machine than the clock), and the most memory it ever had. pnpm bench burn [MiB] [runs]
 */
import type { ChildProcess } from 'node:child_process'
import { createCipheriv } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Person } from '@ipkit/testkit/person'
import { timeAge } from './rivals/age.ts'
import { timeClaim } from './rivals/claim.ts'
import { timeCp } from './rivals/cp.ts'
import { canRun, run } from './rivals/run.ts'
import { median, round, say, seconds } from './rivals/timing.ts'
import { follow, usageOf, type Usage } from './rivals/usage.ts'
import { timeWormhole, wormholeRuns } from './rivals/wormhole.ts'

const MIB = 1024 * 1024
const sizeMib = Number(process.argv[2] ?? 1024)
const runs = Number(process.argv[3] ?? 3)

/** Bytes that do not compress, the same in every run. */
async function makeFile (file: string): Promise<void> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16))
  const zeros = Buffer.alloc(MIB)
  await pipeline(function * () { for (let n = 0; n < sizeMib; n++) yield cipher.update(zeros) }, createWriteStream(file))
}

interface Added { readonly id: string, readonly link: string }

interface BurnTimes {
  readonly add: number[]
  readonly get: number[]
  /** A line for each process and run; empty where there is no /proc. */
  readonly used: Array<{ readonly process: string } & Usage>
}

async function timeBurn (ann: Person, bob: Person, file: string): Promise<BurnTimes> {
  const times: BurnTimes = { add: [], get: [], used: [] }
  const saved = path.join(bob.folder, 'saved')
  const nodes = { ann: await nodePid(ann), bob: await nodePid(bob) }
  const note = (process: string, before: Usage | undefined, after: Usage | undefined): void => {
    if (after !== undefined) times.used.push({ process, cpuS: after.cpuS - (before?.cpuS ?? 0), peakMib: after.peakMib })
  }
  for (let n = 0; n < runs; n++) {
    let added!: Added
    let command!: () => Usage | undefined
    const onStart = (child: ChildProcess): void => { command = follow(child) }
    const before = { ann: usageOf(nodes.ann), bob: usageOf(nodes.bob) }
    times.add.push(await seconds(async () => { added = await ann.json<Added>('burn', ['add', file], { onStart }) }))
    const between = usageOf(nodes.ann)
    note('burn add', undefined, command())
    note("the sender's node, add", before.ann, between)
    times.get.push(await seconds(async () => { await bob.json('burn', ['get', '-', '-o', saved], { input: added.link, onStart }) }))
    note('burn get', undefined, command())
    note("the sender's node, get", between, usageOf(nodes.ann))
    note("the reader's node, get", before.bob, usageOf(nodes.bob))
    await run('cmp', [file, saved])
    await rm(saved)
  }
  return times
}

const nodePid = async (person: Person): Promise<number> => (await person.json<{ pid: number }>('ipkit', ['status'])).pid

const folder = await mkdtemp(path.join(os.tmpdir(), 'ipkit-bench-'))
try {
  const file = path.join(folder, 'file')
  await makeFile(file)
  await using ann = await Person.in(folder, 'ann')
  await using bob = await Person.in(folder, 'bob')
  for (const person of [ann, bob]) await person.run('burn', ['ls']) // both nodes are warm

  const speed = (times: readonly number[]): { medianS: number, mbPerS: number } => ({ medianS: round(median(times)), mbPerS: round(sizeMib * MIB / 1e6 / median(times), 1) })
  const cp = await timeCp(file, folder, runs)
  say({ bench: 'burn', what: 'cp and sync', sizeMib, ...speed(cp) })
  const burn = await timeBurn(ann, bob, file)
  const both = burn.add.map((s, n) => s + burn.get[n]!)
  say({ bench: 'burn', what: 'burn add', sizeMib, ...speed(burn.add), toCp: round(median(burn.add) / median(cp)) })
  say({ bench: 'burn', what: 'burn get', sizeMib, ...speed(burn.get), toCp: round(median(burn.get) / median(cp)) })
  for (const process of new Set(burn.used.map(used => used.process))) {
    const used = burn.used.filter(one => one.process === process)
    say({ bench: 'burn', what: 'used', process, sizeMib, cpuSPerGb: round(median(used.map(one => one.cpuS)) / (sizeMib * MIB / 1e9)), peakMib: round(Math.max(...used.map(one => one.peakMib)), 0) })
  }
  if (await canRun('age')) {
    const age = await timeAge(file, folder, runs)
    say({ bench: 'burn', what: 'age encrypt and sync', sizeMib, ...speed(age.encrypt), burnAddToIt: round(median(burn.add) / median(age.encrypt)) })
    say({ bench: 'burn', what: 'age decrypt and sync', sizeMib, ...speed(age.decrypt), burnGetToIt: round(median(burn.get) / median(age.decrypt)) })
  } else say({ bench: 'burn', what: 'age', skipped: 'no age' })
  if (await wormholeRuns()) {
    const wormhole = await timeWormhole(file, folder, runs)
    say({ bench: 'burn', what: 'wormhole send and receive', sizeMib, ...speed(wormhole), burnAddAndGetToIt: round(median(both) / median(wormhole)) })
  } else say({ bench: 'burn', what: 'wormhole', skipped: 'no wormhole, twist3 or unshare' })
  const claim = await timeClaim(ann, bob, 30)
  say({ bench: 'burn', what: 'claim, from a node to the other and back, durable', medianMs: round(median(claim), 1), runs: claim.length })
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}
