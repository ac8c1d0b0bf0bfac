// pnpm soak [name] [--minutes 55] [--seed N]: the full counts of the tests that `pnpm test` samples, in parts of at most an hour.
// What was done stands in node_modules/.cache/ipkit-soak.json; the next call goes on from there, and --again starts over.
// pnpm soak <name> --round SEED runs one round again.
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
const state = !values.again && existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, 'utf8')) : {}
let endMs = Date.now() + minutes * 60_000
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => { endMs = 0 }) // the round that runs ends as usual
const say = line => process.stdout.write(`${JSON.stringify(line)}\n`)

let open = 0
for (const file of findScripts('soak', positionals[0])) {
  const { soak } = await runTs(path.join(root, file))
  if (values.round !== undefined) {
    try { await soak.round(Number(values.round)) } finally { await soak.end?.() }
    say({ soak: soak.name, seed: Number(values.round), ok: true })
    continue
  }
  let ok
  try { ok = await runRounds(soak) } finally { await soak.end?.() }
  if (!ok) break
}
process.exitCode ??= open > 0 ? 75 : 0 // 75: come again (sysexits' EX_TEMPFAIL)
if (open > 0) process.stderr.write(`${open} rounds are left; 'pnpm soak' goes on\n`)

/** @returns false after a failure: that round comes first the next time */
async function runRounds (soak) {
  const mine = state[soak.name] ??= { seed: values.seed === undefined ? randomInt(2 ** 32) : Number(values.seed), done: 0 }
  say({ soak: soak.name, seed: mine.seed, done: mine.done, of: soak.rounds })
  while (mine.done < soak.rounds && Date.now() < endMs) {
    const seed = createHash('sha256').update(`${soak.name} ${mine.seed} ${mine.done}`).digest().readUInt32BE()
    try {
      await soak.round(seed)
    } catch (e) {
      say({ soak: soak.name, round: mine.done, seed, ok: false })
      process.stderr.write(`${e?.stack ?? e}\nagain: pnpm soak ${soak.name} --round ${seed}\n`)
      process.exitCode = 1
      return false
    }
    mine.done++
    save()
    if (mine.done % 10 === 0 || mine.done === soak.rounds) say({ soak: soak.name, done: mine.done, of: soak.rounds, seed })
  }
  open += soak.rounds - mine.done
  return true
}

function save () {
  mkdirSync(path.dirname(stateFile), { recursive: true })
  writeFileSync(`${stateFile}.new`, JSON.stringify(state))
  renameSync(`${stateFile}.new`, stateFile)
}
