/**
 * pnpm demo: the main job of each tool on real nodes, as a short story. It needs nothing but this folder and 127.0.0.1, and leaves
 * nothing behind. Ends with exit code 1 when anything is not as it is told.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Person } from '@ipkit/testkit/person'
import { burnScene, webScene } from './burn-scene.ts'
import { namesScene } from './names-scene.ts'
import { narrator } from './narrator.ts'
import { syncScene } from './sync-scene.ts'
import { versionsScene } from './versions-scene.ts'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { stop.abort(new Error(signal)) })

const folder = await mkdtemp(path.join(os.tmpdir(), 'ipkit-demo-'))
const people: Person[] = []
try {
  for (const name of ['Ann', 'Bob']) people.push(await Person.in(folder, name))
  const [ann, bob] = people as [Person, Person]
  narrator.plain('Ann and Bob have a node each. Both run on this machine, on 127.0.0.1 only.')
  await burnScene(ann, bob)
  await namesScene(ann, bob)
  await versionsScene(ann)
  await syncScene(ann, bob)
  await webScene(ann, { interactive: process.stdin.isTTY && process.stdout.isTTY, signal: stop.signal })
} catch (e) {
  if (!stop.signal.aborted) {
    process.stderr.write(`demo: ${e instanceof Error ? e.message : String(e)}\n`)
    process.exitCode = 1
  }
} finally {
  await Promise.all(people.map(async person => { await person[Symbol.asyncDispose]() }))
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  narrator.scene(stop.signal.aborted ? 'Stopped. Both nodes are gone, and so are their homes.' : 'Both nodes are stopped and their homes are removed.')
}
