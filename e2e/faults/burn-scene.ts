import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { endNodes, nodeProcesses } from '@ipkit/testkit/node/node-processes'
import { Person, type Ran, type RunOptions } from '@ipkit/testkit/person'

export interface Added { readonly id: string, readonly link: string, readonly cid: string, readonly sizeBytes: number }
export interface Told { readonly id: string, readonly state: string, readonly claimedAt: string | null, readonly readAt: string | null }

/** People with real nodes in one temp folder, and what a fault test asks about them. Dispose it: then no process and no file of it is left. */
export class BurnScene implements AsyncDisposable {
  readonly folder: string
  readonly #people = new Map<string, Person>()
  constructor () { this.folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-f-')) }

  /** The one of this name, made on first use. */
  async person (name: string): Promise<Person> {
    let person = this.#people.get(name)
    if (person === undefined) { person = await Person.in(this.folder, name); this.#people.set(name, person) }
    return person
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all([...this.#people.values()].map(async person => { await endNodes(person.home) }))
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
}

export async function addMessage (who: Person, content: string | Uint8Array, args: readonly string[] = [], options: RunOptions = {}): Promise<Added> {
  return await who.json<Added>('burn', ['add', '-', ...args], { ...options, input: content })
}

/** `burn get -`, the link on stdin as the README shows it. */
export async function getMessage (who: Person, link: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Ran> {
  return await who.run('burn', ['get', '-', ...args], { ...options, input: link })
}

export async function statusOf (who: Person, id: string): Promise<Told> { return await who.json<Told>('burn', ['status', id]) }

/** kill -9 of the person's node. @returns how many processes there were */
export function killNode (who: Person): number {
  const pids = nodeProcesses(who.home)
  for (const pid of pids) try { process.kill(pid, 'SIGKILL') } catch { /* ended just now */ }
  return pids.length
}

/** The TCP port that a link names. */
export function portOf (link: string): number { return Number(/\/tcp\/(\d+)\//.exec(link)![1]) }

export const messageFolder = (who: Person, id: string): string => path.join(who.home, 'data/burn/messages', id)
export const inboxFolder = (who: Person, id: string): string => path.join(who.home, 'data/burn/inbox', id)
export const listFolder = (folder: string): string[] => existsSync(folder) ? readdirSync(folder).sort() : []

/** Files below a folder that contain a text or bytes, by path from there. What ends while we look has none. */
export function filesWith (folder: string, needles: ReadonlyArray<string | Buffer>): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).map(entry => path.join(entry.parentPath, entry.name)).filter(file => {
    try { const bytes = readFileSync(file); return needles.some(needle => bytes.includes(needle)) } catch { return false }
  }).map(file => path.relative(folder, file))
}

/** Looks again until it is so. @throws Error with what was seen last, after about a minute */
export async function until<T> (look: () => Promise<T> | T, isSo: (seen: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const seen = await look()
    if (isSo(seen)) return seen
    if (tries >= 120) throw new Error(`it never came about; at last: ${JSON.stringify(seen)}`)
    await new Promise(resolve => { setTimeout(resolve, 500) })
  }
}
