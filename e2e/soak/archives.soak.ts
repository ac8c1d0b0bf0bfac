import { seededRandom } from '@ipkit/testkit/seeded-random'
import type { SoakPlan } from '@ipkit/testkit/soak-plan'
import { Bench } from '../../packages/ipfs-dedup-sync/test/looking/bench-of-files.ts'
import { anyFile, mutate } from '../../packages/ipfs-dedup-sync/test/looking/hostile-input.ts'
import { pythonArchives } from '../../packages/ipfs-dedup-sync/test/looking/python-archives.ts'

const FILES = 100
let archives: Uint8Array[] | undefined

/** Archives that somebody spoiled are put on the shelf and come back as they were. */
export const soak: SoakPlan = {
  name: 'archives',
  rounds: 500,
  async round (seed) {
    archives ??= pythonArchives()
    const random = seededRandom(seed)
    for (let i = 0; i < FILES; i++) await new Bench().thereAndBack(mutate(anyFile(random, archives), random), { piece: 1 + random.below(3000) })
  },
}
