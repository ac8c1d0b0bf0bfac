import { AppError } from '@ipkit/core/errors/app-error'
import { isCanonicalCid } from '@ipkit/core/link/content-cid'
import { nameFromPublicKey, parseName, type IpnsName } from '@ipkit/core/names/ipns-name'
import type { SyncDeps } from './sync-ports.ts'

export type Target =
  | { readonly kind: 'root', readonly root: string }
  /** `number` undefined: the newest version. */
  | { readonly kind: 'name', readonly name: IpnsName, readonly number: number | undefined }

type FindDeps = Pick<SyncDeps, 'keys' | 'known'>

/**
 * What a person means: a root (behind `/ipfs/` too), or a name (any spelling of an IPNS name, a key of ours, or the file that is published under a name that is known here), with or without `@<version>`.
 * @throws AppError TARGET_UNKNOWN, TARGET_AMBIGUOUS, VERSION_INVALID
 */
export async function findTarget (deps: FindDeps, text: string): Promise<Target> {
  const root = text.replace(/^\/ipfs\//, '')
  if (isRoot(root)) return { kind: 'root', root }
  const whole = await findName(deps, text)
  if (whole !== undefined) return { kind: 'name', name: whole, number: undefined }
  const [, called, version] = /^(.+)@([^@]*)$/s.exec(text) ?? []
  const name = called === undefined ? undefined : await findName(deps, called)
  if (name !== undefined) return { kind: 'name', name, number: versionNumber(version!, name) }
  throw new AppError('TARGET_UNKNOWN', `'${text.slice(0, 120)}' is no root, no name and nothing that is published or followed here`, {
    exit: 'notFound', hints: ['a root looks like bafy… or bafk…, a name like k51…', "see what is here: 'ipfs-dedup-sync stat'"],
  })
}

function versionNumber (text: string, name: IpnsName): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new AppError('VERSION_INVALID', `'@${text.slice(0, 40)}' is no version: they are counted from 1`, { exit: 'usage', hints: [`see which there are: 'ipfs-dedup-sync log ${name.text}'`] })
}

/** @throws AppError TARGET_UNKNOWN for a root, TARGET_AMBIGUOUS, VERSION_INVALID */
export async function findNameTarget (deps: FindDeps, text: string): Promise<Target & { readonly kind: 'name' }> {
  const target = await findTarget(deps, text)
  if (target.kind === 'name') return target
  throw new AppError('TARGET_UNKNOWN', `${text} is a root, and a name is needed: only names have versions`, { exit: 'usage', hints: ['a name looks like k51…, or as the file that was published'] })
}

/** Version 1, of a file or a folder. */
const isRoot = (text: string): boolean => /^(bafk|bafy)/.test(text) && !text.startsWith('bafyrei') && isCanonicalCid(text)

async function findName ({ keys, known }: FindDeps, text: string): Promise<IpnsName | undefined> {
  try { return parseName(text) } catch { /* what it is called, perhaps */ }
  const key = (await keys.list()).find(({ name }) => name === text)
  if (key !== undefined) return nameFromPublicKey(key.publicKey)
  const called = known.all().filter(item => item.known.file === text)
  if (called.length > 1) throw new AppError('TARGET_AMBIGUOUS', `'${text.slice(0, 120)}' is published under ${called.length} names`, { exit: 'usage', hints: called.slice(0, 3).map(({ name }) => `give the name: ${name.text}`) })
  return called[0]?.name
}
