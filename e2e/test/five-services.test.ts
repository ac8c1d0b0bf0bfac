import path from 'node:path'
import { existsSync } from 'node:fs'
import { expect } from '@jest/globals'
import { measureFiveServices } from '@ipkit/testkit/node/five-services'
import { testWith } from '@ipkit/testkit/test-with-program'

const nodeMain = path.resolve(import.meta.dirname, '../../packages/ipkit/dist/node-main.js')

testWith(existsSync('/proc/self/smaps_rollup') ? undefined : '/proc/<pid>/smaps_rollup')('five services on one node take less than a third of the memory of five nodes with one each', async () => {
  const { oneNode, fiveNodes } = await measureFiveServices(nodeMain, 500)
  expect(oneNode.rssBytes).toBeGreaterThan(20_000_000) // something was measured
  expect(oneNode.pssBytes / fiveNodes.pssBytes).toBeLessThan(1 / 3)
  expect(oneNode.rssBytes / fiveNodes.rssBytes).toBeLessThan(1 / 3)
})
