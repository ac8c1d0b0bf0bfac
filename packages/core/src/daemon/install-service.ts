/**
 * A tool's files on their way into the home: checked, copied to `services/<tool>/<sha256 of service.json>/` and remembered in
 * `services/<tool>/installed.json`, so that the node runs the same code at every later start, whatever becomes of the tool's package.
 */
import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../errors/app-error.ts'
import { codeOf } from '../errors/code-of.ts'
import { check, literal, object, string } from '../schema/schema.ts'
import { atomicWrite } from '../storage/atomic-write.ts'
import { MAX_MANIFEST_BYTES, parseManifest, type ServiceManifest } from './service-manifest.ts'
import { readTrusted, trustedPath, type Owner } from './trusted-file.ts'

export const MAX_SERVICE_FILE_BYTES = 64 * 1024 * 1024
const MANIFEST = 'service.json'
const INSTALLED = 'installed.json'
const HASH = /^[0-9a-f]{64}$/
const installedSchema = object({ version: literal(1), sha256: string({ min: 64, max: 64, pattern: HASH }) })

export interface InstalledService {
  readonly manifest: ServiceManifest
  /** Absolute path of the copied entry file. */
  readonly entry: string
}

/** The manifest of a package that may be installed. @param file absolute path of its service.json @throws AppError SERVICE_* */
export async function readPackageManifest (file: string, us: Owner): Promise<{ readonly manifest: ServiceManifest, readonly bytes: Uint8Array, readonly folder: string }> {
  const real = await trustedPath(file, us)
  const bytes = await readTrusted(real, us, MAX_MANIFEST_BYTES)
  return { manifest: parseManifest(Buffer.from(bytes).toString('utf8')), bytes, folder: path.dirname(real) }
}

/**
 * Copies the files that `file` lists, each checked against its hash as it is read, and makes the copy the installed one.
 * @throws AppError SERVICE_*
 */
export async function installService (file: string, servicesDir: string, us: Owner, randomBytes: (sizeBytes: number) => Uint8Array): Promise<InstalledService> {
  const { manifest, bytes, folder } = await readPackageManifest(file, us)
  const contents = new Map<string, Uint8Array>([[MANIFEST, bytes]])
  for (const [name, expected] of Object.entries(manifest.files)) {
    const content = await readTrusted(path.join(folder, name), us, MAX_SERVICE_FILE_BYTES)
    checkHash(path.join(folder, name), content, expected)
    contents.set(name, content)
  }
  const toolDir = path.join(servicesDir, manifest.name)
  await mkdir(toolDir, { recursive: true, mode: 0o700 })
  const sha256 = sha256Of(bytes)
  await copyWhole(contents, path.join(toolDir, sha256), path.join(toolDir, `.${sha256}.${Buffer.from(randomBytes(6)).toString('hex')}.tmp`))
  await atomicWrite(path.join(toolDir, INSTALLED), Buffer.from(`${JSON.stringify({ version: 1, sha256 })}\n`))
  return await readInstalled(servicesDir, manifest.name)
}

/** @returns names of what is installed, sorted */
export async function listInstalled (servicesDir: string): Promise<string[]> {
  const entries = await readdir(servicesDir).catch((e: unknown) => { if (codeOf(e) === 'ENOENT') return []; throw e })
  return entries.filter(name => /^[a-z][a-z0-9-]*$/.test(name)).sort()
}

/** Checks the copy again: it is code that is about to run. @throws AppError SERVICE_DAMAGED, SERVICE_NEED_UNKNOWN */
export async function readInstalled (servicesDir: string, name: string): Promise<InstalledService> {
  const toolDir = path.join(servicesDir, name)
  try {
    const { sha256 } = check(installedSchema, JSON.parse(await readFile(path.join(toolDir, INSTALLED), 'utf8')), INSTALLED)
    const folder = path.join(toolDir, sha256)
    const bytes = await readFile(path.join(folder, MANIFEST))
    checkHash(path.join(folder, MANIFEST), bytes, sha256)
    const manifest = parseManifest(bytes.toString('utf8'))
    if (manifest.name !== name) throw new Error(`it is ${manifest.name}`)
    for (const [file, expected] of Object.entries(manifest.files)) checkHash(path.join(folder, file), await readFile(path.join(folder, file)), expected)
    return { manifest, entry: path.join(folder, manifest.entry) }
  } catch (e) {
    if (codeOf(e) === 'SERVICE_NEED_UNKNOWN') throw e // whole, only for a newer node
    throw new AppError('SERVICE_DAMAGED', `the installed service ${name} cannot be used: ${(e as Error).message}`, { cause: e, hints: [`run a command of ${name} to install it again`] })
  }
}

/** Removes copies that are not the installed one, and what a crash left half-made. Before anything is loaded: a running service may read its files. */
export async function removeOldCopies (servicesDir: string, name: string): Promise<void> {
  const toolDir = path.join(servicesDir, name)
  const { entry } = await readInstalled(servicesDir, name)
  const keep = new Set([INSTALLED, path.basename(path.dirname(entry))])
  for (const old of await readdir(toolDir)) if (!keep.has(old)) await rm(path.join(toolDir, old), { recursive: true, force: true })
}

/** A folder appears whole or not at all; one that is there already holds the same, since its name is the hash of its list of hashes. */
async function copyWhole (contents: ReadonlyMap<string, Uint8Array>, folder: string, temp: string): Promise<void> {
  await mkdir(temp, { mode: 0o700 })
  try {
    for (const [name, content] of contents) {
      const handle = await open(path.join(temp, name), 'wx', 0o600)
      try {
        await handle.writeFile(content)
        await handle.sync()
      } finally {
        await handle.close()
      }
    }
    await syncFolder(temp)
    // A damaged copy is replaced; a good one is the same anyway.
    await rm(folder, { recursive: true, force: true })
    await rename(temp, folder)
    await syncFolder(path.dirname(folder))
  } catch (e) {
    await rm(temp, { recursive: true, force: true })
    if (codeOf(e) !== 'ENOTEMPTY' && codeOf(e) !== 'EEXIST') throw e // another installation of the same was first
  }
}

async function syncFolder (folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try { await handle.sync() } finally { await handle.close() }
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function checkHash (file: string, bytes: Uint8Array, expected: string): void {
  if (sha256Of(bytes) !== expected) throw new AppError('SERVICE_DAMAGED', `${file} is not the file that service.json lists`, { exit: 'refused', hints: ['install the tool again'] })
}
