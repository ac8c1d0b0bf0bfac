import { execFile } from 'node:child_process'
import { codeOf } from '../errors/code-of.ts'

const PATIENCE_MS = 30_000

/** @returns 'missing' when this system has no such program; else what it said when it failed */
export type RunServiceManager = (command: readonly string[]) => Promise<'ok' | 'missing' | { readonly failed: string }>

/** Runs `systemctl` or `launchctl`. */
export const runServiceManager: RunServiceManager = async ([program, ...args]) => await new Promise(resolve => {
  execFile(program!, args, { timeout: PATIENCE_MS }, (error, _stdout, stderr) => {
    if (error === null) resolve('ok')
    else if (codeOf(error) === 'ENOENT') resolve('missing')
    else resolve({ failed: stderr.trim().split('\n')[0] || error.message.split('\n')[0]! })
  })
})
