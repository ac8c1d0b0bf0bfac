import { afterAll, expect, test } from '@jest/globals'
import { cleanUp, soak } from '../../soak/one-node.soak.ts'

const rounds = Number(process.env['IPKIT_RACES'] ?? 20)
afterAll(cleanUp)

test(`${rounds} races of 12 processes never make two nodes`, async () => {
  for (let seed = 1; seed <= rounds; seed++) await expect(soak.round(seed).then(() => seed)).resolves.toBe(seed)
}, rounds * 30_000)
