/** Two people, each with a node: the first publishes both versions, the second has pulled the old one and pulls the new one. */
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { Person } from '@ipkit/testkit/person'
import { usageOf, type Usage } from '../rivals/usage.ts'
import { run } from '../rivals/run.ts'
import type { Versions } from './rivals.ts'

export interface Pulled {
  /** On the connection between the two nodes, both ways. */
  readonly bytes: number
  readonly roundTrips: number
  /** Of both nodes, for publishing, pulling and writing the new version. */
  readonly cpuS: number
  /** What the second one's store grew by, on the disk. */
  readonly grownBytes: number
  /** The most memory that one of the nodes ever had. */
  readonly peakMib: number
  readonly output: string
  /** Seconds from the beginning to the end of the pull. */
  readonly pullS: number
}

interface Published { readonly name: string, readonly root: string }
interface Sync { readonly receivedBytes: number, readonly sentBytes: number, readonly roundTrips: number, readonly ms: number }

export async function bringOurs ({ before, after, folder }: Versions): Promise<Pulled> {
  await using ann = await Person.in(folder, 'ann')
  await using bob = await Person.in(folder, 'bob')
  await mkdir(path.join(folder, 'one'))
  const file = path.join(folder, 'one', path.basename(before).replace(/^\w+\./, 'file.'))
  await run('cp', [before, file])
  const { name } = await ann.json<Published>('ipfs-dedup-sync', ['publish', file])
  const { addresses } = await ann.json<{ addresses: string[] }>('ipkit', ['id'])
  const output = path.join(folder, 'there')
  await bob.json('ipfs-dedup-sync', ['pull', name, '-o', output, '--from', addresses[0]!])
  const start = [usage(ann), usage(bob)]
  const stored = await storedBytes(bob)
  await run('cp', [after, file])
  await ann.json('ipfs-dedup-sync', ['publish', file])
  const sync = await bob.json<Sync>('ipfs-dedup-sync', ['pull', name, '-o', output, '--overwrite', '--from', addresses[0]!])
  const end = [usage(ann), usage(bob)]
  return {
    bytes: sync.receivedBytes + sync.sentBytes,
    roundTrips: sync.roundTrips,
    cpuS: end.reduce((sum, { cpuS }, i) => sum + cpuS - start[i]!.cpuS, 0),
    grownBytes: await storedBytes(bob) - stored,
    peakMib: Math.max(...end.map(({ peakMib }) => peakMib)),
    output,
    pullS: sync.ms / 1000,
  }
}

function usage (person: Person): Usage {
  const { pid } = JSON.parse(readFileSync(path.join(person.home, 'node.json'), 'utf8')) as { readonly pid: number }
  return usageOf(pid) ?? { cpuS: 0, peakMib: 0 }
}

async function storedBytes (person: Person): Promise<number> {
  return (await person.json<{ diskBytes: number }>('ipfs-dedup-sync', ['stat'])).diskBytes
}
