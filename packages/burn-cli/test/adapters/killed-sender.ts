// A sender in a process of its own, which the test lets run into SIGKILL. argv: data folder, what to do, step to die at, or -1.
// Each line on stdout is something that has left the process.
import { writeSync } from 'node:fs'
import { systemClock } from '@ipkit/core/time/clock'
import { faultyFs } from '@ipkit/testkit/faulty-fs'
import { fsMessageStore } from '../../src/adapters/fs-message-store.ts'
import { Outbox } from '../../src/domain/outbox.ts'

const [dataDir, work, at] = process.argv.slice(2) as [string, string, string]
const fs = faultyFs(at === '-1' ? undefined : { at: Number(at), kind: 'torn', onReach: () => { process.kill(process.pid, 'SIGKILL') } })
const say = (line: string): void => { writeSync(1, `${line}\n`) }
const fill = (n: number, size: number): Uint8Array => new Uint8Array(size).fill(n)
const ID = fill(1, 16)

const report = (what: string, e: unknown): void => { say(`report ${what} ${String(e)}`) }
const outbox = await Outbox.open({
  store: fsMessageStore({ dataDir, fs, report }), clock: systemClock, report, waiting: { hold: async () => {}, release: async () => {} },
})
say('open')

async function claim (n: number): Promise<void> {
  const v = await outbox.claim(ID, { readerKey: fill(n, 32), reader: `peer ${n}`, passProof: 'missing', seal: async D => Buffer.from(D).toString('hex') })
  say(`${n} ${v.kind === 'answer' ? v.sealed : v.code}`)
}

if (work === 'add') {
  async function * payload (): AsyncGenerator<Uint8Array> { for (let i = 0; i < 3; i++) yield fill(i, 700_000) }
  await outbox.create({
    id: ID, D: fill(0xd5, 32), linkProofKey: fill(2, 32), passProofKey: null, lifeMs: 86_400_000, reads: 1, to: null, web: false, strict: false, volatile: false, name: null,
  }, payload(), new AbortController().signal)
  say('added')
} else if (work === 'claim') {
  await claim(0xa)
  if (await outbox.confirm(ID, fill(0xa, 32))) say('done')
} else if (work === 'race') {
  await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(claim))
}
await outbox.close()
say(`steps ${fs.steps.length}`)
