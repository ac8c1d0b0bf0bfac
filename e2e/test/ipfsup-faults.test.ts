import { afterAll, expect } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { cleanUp, soak, tally } from '../soak/install-kills.soak.ts'

const ROUNDS = 12
afterAll(cleanUp, 60_000)

testWithProgram('openssl', 'tar')(`${ROUNDS} installs with a kill -9 somewhere: what is there runs and is what it should be, and the next install goes on`, async () => {
  for (let seed = 1; seed <= ROUNDS; seed++) await expect(soak.round(seed).then(() => seed)).resolves.toBe(seed)
  expect(tally.killed).toBeGreaterThan(ROUNDS / 3)
  expect(tally.resumed).toBeGreaterThan(0)
}, ROUNDS * 30_000)
