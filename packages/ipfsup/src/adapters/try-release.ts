import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import { TRY_MS } from '../domain/install-limits.ts'
import { formatVersion, type Version } from '../domain/version.ts'
import { lastLines, runQuietly, type Ended } from './run-quietly.ts'

export interface Tried { readonly repoVersion: number | undefined }

/** js-ipfs misreports its version, and does so only where there is a repo: it is asked to make one, which needs all of it that can be missing. */
const FIRST_WORDS = { go: ['version'], js: ['init', '--profile', 'test'] } as const

/**
 * Runs `ipfs version`, or `init` of js-ipfs, of what was unpacked, in a repo and a home that are thrown away, with nothing of our environment but PATH.
 * @throws AppError RELEASE_BROKEN, exit refused; the signal's reason
 */
export async function tryRelease (folder: string, version: Version, { path: searchPath, signal, limitMs = TRY_MS }: { readonly path: string, readonly signal: AbortSignal, readonly limitMs?: number }): Promise<Tried> {
  const temp = await mkdtemp(path.join(os.tmpdir(), 'ipfsup-try-'))
  const broken = (why: string, hints: readonly string[], cause?: unknown): AppError => new AppError('RELEASE_BROKEN', `${formatVersion(version)} does not work here: ${why}`, { exit: 'refused', hints, cause })
  const env = { PATH: searchPath, HOME: temp, TMPDIR: temp, IPFS_PATH: path.join(temp, 'repo'), IPFS_TELEMETRY: 'off', LANG: 'C' }
  const run = async (...args: string[]): Promise<Ended> => {
    try {
      const ended = await runQuietly(path.join(folder, 'ipfs'), args, { env, cwd: temp, limitMs, signal })
      signal.throwIfAborted()
      return ended
    } catch (e) {
      signal.throwIfAborted()
      const hints = codeOf(e) === 'EACCES' ? [`programs may not be run on that disk (noexec)? IPFS_PATH can name another place: '${folder}'`] : ['it may be built for another machine']
      throw broken(messageOf(e), hints, e)
    }
  }
  try {
    const words = FIRST_WORDS[version.lang]
    const told = await run(...words)
    const answer = told.stdout.trim()
    if (told.exit !== 0 || told.cut !== undefined) throw broken(`'ipfs ${words.join(' ')}' ${told.cut ?? `ended with ${told.exit ?? 0}`}`, lastLines(told).map(stripControl))
    if (version.lang === 'js') return { repoVersion: undefined }
    if (answer !== `ipfs version ${version.semver}`) throw broken(`it says '${stripControl(answer).slice(0, 80)}'`, ['the archive holds something else than its name says'])
    const repo = await run('version', '--repo')
    return { repoVersion: repo.exit === 0 && /^\d{1,4}$/.test(repo.stdout.trim()) ? Number(repo.stdout) : undefined }
  } finally {
    await rm(temp, { recursive: true, force: true })
  }
}
