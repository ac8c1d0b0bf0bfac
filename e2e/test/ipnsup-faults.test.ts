import { afterAll, expect, test } from '@jest/globals'
import { cleanUp, soak, tally } from '../soak/publish-kills.soak.ts'

const ROUNDS = 25
afterAll(cleanUp, 60_000)

test(`${ROUNDS} publishes with a kill -9 of the node somewhere: no sequence has two values, and what was said to be published is`, async () => {
  for (let seed = 1; seed <= ROUNDS; seed++) await expect(soak.round(seed).then(() => seed)).resolves.toBe(seed)
  expect(tally.killed).toBeGreaterThan(ROUNDS / 2)
  expect(tally.said).toBeGreaterThan(0)
  expect(tally.taken).toBeGreaterThan(2)
}, ROUNDS * 30_000)
