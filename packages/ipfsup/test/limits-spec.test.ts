import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import * as archiveLimits from '../src/domain/archive-limits.ts'
import * as installLimits from '../src/domain/install-limits.ts'
import * as ipfsLimits from '../src/domain/ipfs-limits.ts'
import * as wireLimits from '../src/domain/wire-limits.ts'

const spec = readFileSync(new URL('../../../docs/formats/ipfsup.md', import.meta.url), 'utf8')

test.each([['Origins', wireLimits], ['Installing', installLimits], ['On IPFS', ipfsLimits], ['Archives', archiveLimits]])('the limits of "%s" are those of the specification, and no constant is missing there', (title, limits) => {
  const section = spec.split(`\n## ${title}\n`)[1]!.split('\n## ')[0]!
  const told = [...section.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)].map(([, name, value]) => [name!, Number(value)] as const)
  expect(Object.fromEntries(told)).toEqual({ ...limits })
})
