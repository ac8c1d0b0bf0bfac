import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Person } from '@ipkit/testkit/person'
import type { SeededRandom } from '@ipkit/testkit/seeded-random'
import type { Direction, TcpProxy } from '@ipkit/testkit/tcp-proxy'
import { inboxFolder, messageFolder } from './burn-scene.ts'

/** A moment of a read at which something is done to it, found from outside: no process knows that it is watched. */
export type KillPoint =
  | { readonly kind: 'time', readonly afterMs: number }
  | { readonly kind: 'file', readonly event: FileEvent, readonly afterMs: number }
  | { readonly kind: 'byte', readonly direction: Direction, readonly offset: number }

export const FILE_EVENTS = [
  'reader: layout', 'reader: content', 'reader: key', 'reader: answer', 'reader: ack', 'reader: key gone', 'reader: folder gone', 'reader: output begun', 'reader: output whole',
  'sender: claimed', 'sender: acked', 'sender: slot gone', 'sender: content gone',
] as const
export type FileEvent = typeof FILE_EVENTS[number]

/** @param total bytes of a whole conversation of this size */
export function anyKillPoint (random: SeededRandom, total: Readonly<Record<Direction, number>>): KillPoint {
  const kind = (['time', 'file', 'file', 'byte', 'byte'] as const)[random.below(5)]!
  if (kind === 'time') return { kind, afterMs: random.below(600) }
  if (kind === 'file') return { kind, event: FILE_EVENTS[random.below(FILE_EVENTS.length)]!, afterMs: random.below(4) * random.below(4) }
  const direction = (['up', 'down'] as const)[random.below(2)]!
  return { kind, direction, offset: random.below(total[direction]) }
}

export interface Watched { readonly sender: Person, readonly reader: Person, readonly id: string, readonly proxy: TcpProxy }

/** Acts once at that point, if it comes before `stop` is called. */
export function armed (point: KillPoint, watched: Watched, act: () => void): { stop(): void } {
  let timer: NodeJS.Timeout | undefined
  const later = (afterMs: number): void => { timer = setTimeout(act, afterMs) }
  if (point.kind === 'time') later(point.afterMs)
  if (point.kind === 'byte') watched.proxy.at(point.direction, point.offset, act)
  if (point.kind === 'file') {
    const isSo = fileEvent(point.event, watched)
    const look = (): void => {
      if (!isSo()) timer = setTimeout(look, 1)
      else if (point.afterMs === 0) act()
      else later(point.afterMs)
    }
    look()
  }
  return { stop () { clearTimeout(timer); watched.proxy.reset() } }
}

function fileEvent (event: FileEvent, { sender, reader, id }: Watched): () => boolean {
  const inbox = inboxFolder(reader, id)
  const outbox = messageFolder(sender, id)
  const log = path.join(outbox, 'log')
  const before = sizeOf(log)
  let claimed = Infinity
  let seen = false
  const goneAfter = (file: string): () => boolean => () => { seen ||= existsSync(file); return seen && !existsSync(file) }
  switch (event) {
    case 'reader: layout': case 'reader: content': case 'reader: key': case 'reader: answer': case 'reader: ack':
      return () => existsSync(path.join(inbox, event.slice('reader: '.length)))
    case 'reader: key gone': return goneAfter(path.join(inbox, 'key'))
    case 'reader: folder gone': return goneAfter(inbox)
    case 'reader: output begun': return () => readdirSync(reader.folder).some(name => name.endsWith('.part'))
    case 'reader: output whole': return () => existsSync(path.join(reader.folder, OUTPUT))
    case 'sender: claimed': return () => sizeOf(log) > before
    case 'sender: acked': return () => {
      if (claimed === Infinity && sizeOf(log) > before) claimed = sizeOf(log)
      return sizeOf(log) > claimed
    }
    case 'sender: slot gone': return () => !existsSync(path.join(outbox, 'slot'))
    case 'sender: content gone': return () => !existsSync(path.join(outbox, 'content'))
  }
}

/** Where readers of these tests save. */
export const OUTPUT = 'out'

function sizeOf (file: string): number { try { return statSync(file).size } catch { return 0 } }
