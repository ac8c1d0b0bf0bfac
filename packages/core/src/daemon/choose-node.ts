import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { AppPaths } from '../config/app-paths.ts'
import { readConfigFile } from '../config/read-config.ts'
import { AppError } from '../errors/app-error.ts'

/** Which node a command talks to, and who said so. */
export type NodeChoice =
  | { readonly kind: 'own', readonly why: string }
  | { readonly kind: 'none', readonly why: string }
  | { readonly kind: 'unix', readonly socket: string, readonly why: string }

export interface ChooseNodeInput {
  /** `--node` */
  readonly flag?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly paths: AppPaths
}

/**
 * `--node` before IPKIT_NODE before config.json; without any of them the home's own node, started when it does not run.
 * @throws AppError BAD_NODE_CHOICE, BAD_CONFIG
 */
export function chooseNode ({ flag, env, cwd, paths }: ChooseNodeInput): NodeChoice {
  if (flag !== undefined) return parseChoice(flag, '--node', cwd)
  const variable = env['IPKIT_NODE']
  if (variable !== undefined && variable !== '') return parseChoice(variable, 'IPKIT_NODE', cwd)
  const configured = readConfigFile(paths.config).node
  if (configured !== undefined) return parseChoice(configured, paths.config, paths.home)
  return { kind: 'own', why: 'nothing else is set' }
}

function parseChoice (text: string, why: string, cwd: string): NodeChoice {
  if (text === 'own' || text === 'none') return { kind: text, why }
  if (text.startsWith('unix:') && text.length > 'unix:'.length) return { kind: 'unix', socket: path.resolve(cwd, text.slice('unix:'.length)), why }
  throw new AppError('BAD_NODE_CHOICE', `${why} is '${text.slice(0, 200)}'; it must be own, none or unix:PATH`, { exit: 'usage' })
}

/** The API address of a Kubo that runs, or ran, on this machine: what `$IPFS_PATH/api` says. A hint for people, no proof. */
export function noticeKubo (env: Readonly<Record<string, string | undefined>>, userHome: string | undefined): { readonly file: string, readonly api: string } | undefined {
  const repo = env['IPFS_PATH'] !== undefined && env['IPFS_PATH'] !== '' ? env['IPFS_PATH'] : userHome === undefined ? undefined : path.join(userHome, '.ipfs')
  if (repo === undefined) return undefined
  const file = path.join(repo, 'api')
  try {
    const api = readFileSync(file, 'utf8').trim()
    return /^\/[\x21-\x7e]{1,255}$/.test(api) ? { file, api } : undefined
  } catch {
    return undefined
  }
}
