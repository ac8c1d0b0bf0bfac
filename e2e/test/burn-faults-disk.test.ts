import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect } from '@jest/globals'
import type { Person } from '@ipkit/testkit/person'
import { testWith } from '@ipkit/testkit/test-with-program'
import { addMessage, BurnScene, getMessage, inboxFolder, listFolder, messageFolder, statusOf, until } from '../faults/burn-scene.ts'
import { SmallDisk } from '../faults/small-disk.ts'

const onSmallDisk = testWith(SmallDisk.lacking())
const ONE_LINE = /^burn: error: .*\n(burn: hint: .+\n)*$/

let scene: BurnScene
let alice: Person
let bob: Person
const disks: SmallDisk[] = []
beforeEach(async () => {
  scene = new BurnScene()
  alice = await scene.person('alice')
  bob = await scene.person('bob')
})
afterEach(async () => {
  for (const who of [alice, bob]) await who[Symbol.asyncDispose]()
  for (const disk of disks.splice(0)) disk[Symbol.dispose]()
  await scene[Symbol.asyncDispose]()
})

const disk = (folder: string, size: string): SmallDisk => { const made = new SmallDisk(folder, size); disks.push(made); return made }

describe('a full disk', () => {
  onSmallDisk('at an add: one line, nothing of the message is left, and it works when there is space', async () => {
    const full = disk(alice.home, '24m')
    expect((await alice.run('burn', ['ls'])).exit).toBe(0)
    for (const size of [1000, 40_000_000]) {
      if (size === 1000) full.fill()
      const ran = await alice.run('burn', ['add', '-'], { input: Buffer.alloc(size, 1) })
      expect([ran.exit, ran.stdout, ran.stderr]).toEqual([1, '', expect.stringMatching(ONE_LINE)])
      expect(ran.stderr).toMatch(/no space|full/)
      expect(listFolder(path.dirname(messageFolder(alice, 'x')))).toEqual([])
      if (size === 1000) full.free()
    }
    const { link } = await addMessage(alice, 'now it fits')
    expect((await getMessage(bob, link)).stdout).toBe('now it fits')
  })

  onSmallDisk('at the sender during a claim: nothing is released, and the same reader gets it when there is space', async () => {
    const full = disk(alice.home, '24m')
    const { id, link } = await addMessage(alice, 'only when I can write it down', ['--reads', '30'])
    full.fill()
    // The rest of the log's last page is still there to be filled.
    let opened = 0
    let ran = await getMessage(bob, link, ['-q'])
    for (; ran.exit === 0; opened++) {
      expect(ran.stdout).toBe('only when I can write it down')
      ran = await getMessage(bob, link, ['-q'])
    }
    expect([ran.exit, ran.stdout, ran.stderr]).toEqual([5, '', expect.stringMatching(ONE_LINE)])
    expect(listFolder(inboxFolder(bob, id))).not.toContain('answer')
    full.free()
    expect(await claimsOf(id)).toBe(opened)
    expect((await getMessage(bob, link)).stdout).toBe('only when I can write it down')
    expect(await claimsOf(id)).toBe(opened + 1)
    await until(() => listFolder(inboxFolder(bob, id)), files => files.length === 0)
  })

  onSmallDisk('at the reader while it fetches: one line, nothing used up, and it goes on when there is space', async () => {
    const full = disk(bob.home, '32m')
    expect((await bob.run('burn', ['ls'])).exit).toBe(0)
    const { id, link } = await addMessage(alice, Buffer.alloc(9_000_000, 7))
    full.fill()
    full.free(5_000_000)
    const ran = await getMessage(bob, link, ['-q', '-o', 'out'])
    expect([ran.exit, ran.stdout, ran.stderr]).toEqual([1, '', expect.stringMatching(ONE_LINE)])
    expect(ran.stderr).toMatch(/no space|full/)
    expect([existsSync(path.join(bob.folder, 'out')), (await statusOf(alice, id)).state]).toEqual([false, 'unread'])
    full.free()
    expect((await getMessage(bob, link, ['-o', 'out'])).exit).toBe(0)
    expect(readFileSync(path.join(bob.folder, 'out')).length).toBe(9_000_000)
  })

  onSmallDisk('where the reader wants to save: one line, no half file, not confirmed, and the same command elsewhere gets it', async () => {
    const folder = path.join(bob.folder, 'small')
    disk(folder, '1m')
    const { id, link } = await addMessage(alice, Buffer.alloc(3_000_000, 7))
    const ran = await getMessage(bob, link, ['-q', '-o', 'small/out'])
    expect([ran.exit, ran.stdout, ran.stderr]).toEqual([1, '', expect.stringMatching(ONE_LINE)])
    expect(ran.stderr).toMatch(/no space|full/)
    expect(listFolder(folder)).toEqual([])
    expect((await statusOf(alice, id)).state).toBe('claimed') // claimed, and not read
    mkdirSync(path.join(bob.folder, 'large'))
    expect((await getMessage(bob, link, ['-o', 'large/out'])).exit).toBe(0)
    expect(readFileSync(path.join(bob.folder, 'large/out')).length).toBe(3_000_000)
    expect((await statusOf(alice, id)).state).toBe('read')
    expect(listFolder(inboxFolder(bob, id))).toEqual([])
  })
})

async function claimsOf (id: string): Promise<number> {
  const { audit } = await alice.json<{ audit: Array<{ event: string }> }>('burn', ['status', id])
  return audit.filter(line => line.event === 'claimed').length
}
