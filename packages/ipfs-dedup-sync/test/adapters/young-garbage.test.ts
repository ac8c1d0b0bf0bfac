import { expect, test } from '@jest/globals'
import { youngGarbage } from '../../src/adapters/young-garbage.ts'

const MIB = 1024 * 1024

test('dead buffers do not pile up', () => {
  const made = youngGarbage(4 * MIB)
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  for (let i = 0; i < 48; i++) {
    new Uint8Array(512 * 1024).fill(i)
    made(512 * 1024)
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  expect(most).toBeLessThanOrEqual(8 * MIB)
})
