import { expect, test } from '@jest/globals'
import * as nodeFs from 'node:fs/promises'
import { processFiles } from '@ipkit/core/cli/process-files'
import { SYNC_EVERY_BYTES } from '@ipkit/core/storage/long-file'
import { BurnWorld } from './burn-world.ts'
import { runBurn } from './run-burn.ts'

test('the disk loses bytes of what is saved and says so while more is written: no file, not confirmed, and the same command gets it', async () => {
  await using world = new BurnWorld()
  const alice = await world.node('alice')
  const bob = await world.node('bob', { addresses: ['/ip4/192.168.1.8/tcp/4101'] })
  const link = (await runBurn(world, alice, ['add', '-', '--name', 'big'], { stdin: new Uint8Array(SYNC_EVERY_BYTES + 1) })).stdout.trim()
  const state = async (): Promise<string> => (JSON.parse((await runBurn(world, alice, ['ls', '--json'])).stdout) as { state: string }).state
  let syncs = 0
  const files = processFiles(world.dir, {
    ...nodeFs,
    open: async (file, flags, mode) => {
      const handle = await nodeFs.open(file, flags, mode)
      handle.datasync = async () => { if (++syncs === 1) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }) }
      return handle
    },
  })
  expect((await runBurn(world, bob, ['get', '-', '-o', 'saved'], { stdin: link, files })).exit).not.toBe(0)
  expect([syncs, await state(), (await nodeFs.readdir(world.dir)).sort()]).toEqual([1, 'claimed', ['alice', 'bob']])
  expect((await runBurn(world, bob, ['get', '-', '-o', 'saved'], { stdin: link })).exit).toBe(0)
  expect([await state(), (await nodeFs.stat(`${world.dir}/saved`)).size]).toEqual(['read', SYNC_EVERY_BYTES + 1])
})
