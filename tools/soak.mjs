// pnpm soak [name] [--minutes 55] [--seed N]: the full counts of the tests that `pnpm test` samples, in parts of at most an hour.
// What was done stands in node_modules/.cache/ipkit-soak.json; the next call goes on from there, and --again starts over with those named.
// pnpm soak <name> --round SEED, or --round PLACE for a plan that walks every place once, runs one round again.
import { createHash, randomInt } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { findScripts, root } from './find-scripts.mjs'
import { runTs } from './run-ts.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '55' }, seed: { type: 'string' }, round: { type: 'string' }, again: { type: 'boolean', default: false } },
})
const minutes = Number(values.minutes)
if (!(minutes > 0 && minutes <= 60)) throw new Error(`--minutes ${values.minutes} is not from 1 to 60`)
const stateFile = path.join(root, 'node_modules/.cache/ipkit-soak.json')
const state = existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, 'utf8')) : {}
let endMs = Date.now() + minutes * 60_000
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => { endMs = 0 }) // the round that runs ends as usual
const say = line => process.stdout.write(`${JSON.stringify(line)}\n`)
const { walkOrder } = await runTs(path.join(root, 'packages/testkit/src/walk-order.ts'))

const plans = []
for (const file of findScripts('soak', positionals[0])) plans.push(await runTs(path.join(root, file)))
if (values.again) for (const { soak } of plans) delete state[soak.name]

let open = 0
for (const { soak, tally } of plans) {
  if (values.round !== undefined) {
    const seed = isWalk(soak) ? values.round : Number(values.round)
    try { await soak.round(seed) } finally { await soak.end?.() }
    say({ soak: soak.name, seed, ok: true, tally })
    continue
  }
  let ok
  try { ok = await runRounds(soak, tally) } finally { await soak.end?.() }
  if (!ok) break
}
process.exitCode ??= open > 0 ? 75 : 0 // 75: come again (sysexits' EX_TEMPFAIL)
if (open > 0) process.stderr.write(`${open} rounds are left; 'pnpm soak' goes on\n`)

/** Whether its rounds are the places of something measured, rather than a number of seeds. */
function isWalk (soak) { return soak.lengths !== undefined }

/** @param tally what the plan counts, if it does @returns false after a failure: that round comes first the next time */
async function runRounds (soak, tally) {
  const mine = state[soak.name] ??= { seed: values.seed === undefined ? randomInt(2 ** 32) : Number(values.seed), done: 0 }
  if (isWalk(soak) && mine.lengths === undefined) Object.assign(mine, { done: 0, lengths: await soak.lengths() })
  const places = isWalk(soak) ? walkOrder(mine.seed, mine.lengths) : undefined
  const rounds = places?.length ?? soak.rounds
  save()
  const tallied = tally === undefined || mine.done === 0 ? {} : mine.tally // of the parts before; of a state without it no sum could be told
  say({ soak: soak.name, seed: mine.seed, done: mine.done, of: rounds, lengths: mine.lengths, tally: mine.tally })
  while (mine.done < rounds && Date.now() < endMs) {
    const seed = places?.[mine.done] ?? createHash('sha256').update(`${soak.name} ${mine.seed} ${mine.done}`).digest().readUInt32BE()
    try {
      await soak.round(seed)
    } catch (e) {
      say({ soak: soak.name, round: mine.done, seed, ok: false })
      process.stderr.write(`${e?.stack ?? e}\nagain: pnpm soak ${soak.name} --round ${seed}\n`)
      process.exitCode = 1
      return false
    }
    mine.done++
    if (tally !== undefined && tallied !== undefined) mine.tally = Object.fromEntries(Object.entries(tally).map(([name, count]) => [name, count + (tallied[name] ?? 0)]))
    save()
    if (mine.done % 10 === 0 || mine.done === rounds) say({ soak: soak.name, done: mine.done, of: rounds, seed, tally: mine.tally })
  }
  open += rounds - mine.done
  return true
}

function save () {
  mkdirSync(path.dirname(stateFile), { recursive: true })
  writeFileSync(`${stateFile}.new`, JSON.stringify(state))
  renameSync(`${stateFile}.new`, stateFile)
}
