/** Composition root of the shared node's process; node-main.ts is its way in. */
import '../time/polyfill.ts'
import { randomBytes } from 'node:crypto'
import { closeSync, writeSync } from 'node:fs'
import { url as inspectorUrl } from 'node:inspector'
import { homedir } from 'node:os'
import { createInterface } from 'node:readline'
import manifest from '../../package.json' with { type: 'json' }
import { hostFacts } from '../config/host-facts.ts'
import { AppError } from '../errors/app-error.ts'
import { EXIT } from '../errors/exit-codes.ts'
import { readPassphraseFile } from '../identity/key-file.ts'
import { systemClock } from '../time/clock.ts'
import { machineSteadyClock } from '../time/steady-clock.ts'
import type { NodeLog } from './node-log.ts'
import { nodeProcess } from './node-process.ts'

process.umask(0o077)

let log: NodeLog | undefined
// A stray error in one service must not take the others down; it is in the log, and its own call has failed.
process.on('uncaughtException', e => { log?.error('nobody caught an error', { error: e instanceof Error ? e.stack : String(e) }) })
process.on('unhandledRejection', e => { log?.error('nobody caught a rejection', { error: e instanceof Error ? e.stack : String(e) }) })

const stop = new AbortController()
const exitOf = { SIGTERM: EXIT.terminated, SIGINT: EXIT.interrupted } as const
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(exitOf[name]) // asked twice: no longer gracefully
    stop.abort(new Error(name))
  })
}
process.on('SIGHUP', () => {}) // the terminal of whoever started us has closed

const passphraseFromFile = async (): Promise<string | undefined> => {
  const file = process.env['IPKIT_PASSPHRASE_FILE'] ?? ''
  return file === '' ? undefined : await readPassphraseFile(file)
}

const exitCode = await nodeProcess({
  argv: process.argv.slice(2),
  env: process.env,
  host: hostFacts(process, homedir),
  clock: systemClock,
  steady: machineSteadyClock(),
  signal: stop.signal,
  version: manifest.version,
  randomBytes,
  openParts: async input => {
    if (inspectorUrl() !== undefined) throw new AppError('INSPECTOR_OPEN', 'the node does not run with an inspector open', { exit: 'refused', hints: ['start it without --inspect'] })
    // Only the process that has the lock pays for libp2p.
    return await (await import('./open-node-parts.ts')).openNodeParts(input)
  },
  passphrase: async () => {
    const passphrase = await passphraseFromFile()
    if (passphrase === undefined) throw new AppError('PASSPHRASE_NEEDED', 'the identity is under a passphrase', { exit: 'refused', hints: ['start the node on a terminal: ipkit start', 'or name a file that holds it: IPKIT_PASSPHRASE_FILE'] })
    return passphrase
  },
  newPassphrase: passphraseFromFile,
  readStdinLine: async () => {
    for await (const line of createInterface({ input: process.stdin })) { process.stdin.destroy(); return line }
    throw new AppError('PASSPHRASE_NEEDED', 'no passphrase came', { exit: 'refused' })
  },
  writeReport: (fd, line) => { try { writeSync(fd, line); closeSync(fd) } catch { /* nobody waits any more */ } },
  stderr: text => { try { writeSync(2, text) } catch { /* the terminal is gone */ } },
  onLog: opened => { log = opened },
})
process.exit(exitCode) // timers of dependencies would hold the process up for a second
