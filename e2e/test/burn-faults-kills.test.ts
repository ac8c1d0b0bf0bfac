import { afterAll, expect, test } from '@jest/globals'
import { cleanUp, soak, tally } from '../soak/burn-kills.soak.ts'

const ROUNDS = 30
afterAll(cleanUp, 60_000)

test(`${ROUNDS} reads with a kill -9 somewhere, or eight readers at once: one reader holds the message, and it is not lost`, async () => {
  for (let seed = 1; seed <= ROUNDS; seed++) await expect(soak.round(seed).then(() => seed)).resolves.toBe(seed)
  expect(tally.killed).toBeGreaterThan(ROUNDS / 4) // else the kills come too late to tell anything
  expect(tally.raced).toBeGreaterThan(0)
}, ROUNDS * 60_000)
