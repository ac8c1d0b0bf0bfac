/** Who may have what. Spec and on disk: docs/formats/sync-versions.md, "Who may have what". Pure. */
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { array, literal, object, string, type Infer } from '@ipkit/core/schema/schema'
import { decodeStrict, encodeStrict } from '@ipkit/core/streams/strict-cbor'

export const MAX_NAMED_PEERS = 1000
const peers = array(string({ min: 1, max: 128 }), { max: MAX_NAMED_PEERS })
const SCHEMA = object({ version: literal(1), open: literal(true, false), allowed: peers, denied: peers })

/** For everything, for one name or for one root. */
export interface ServeRule {
  /** Whether who is not named may have it, if they know it. */
  readonly open: boolean
  /** Peer ids. */
  readonly allowed: readonly string[]
  readonly denied: readonly string[]
}

/** Where nobody has said anything. */
export const ANYONE: ServeRule = { open: true, allowed: [], denied: [] }

/** Naming a peer closes it to all that are not named. @param peer undefined: anyone @throws AppError TOO_MANY_PEERS */
export function allowPeer (rule: ServeRule, peer: string | undefined): ServeRule {
  if (peer === undefined) return { ...rule, open: true }
  if (!rule.allowed.includes(peer) && rule.allowed.length >= MAX_NAMED_PEERS) throw tooMany()
  return { open: false, allowed: [...rule.allowed.filter(p => p !== peer), peer], denied: rule.denied.filter(p => p !== peer) }
}

/** Never opens what was closed. @param peer undefined: anyone, those that were named too @throws AppError TOO_MANY_PEERS */
export function denyPeer (rule: ServeRule, peer: string | undefined): ServeRule {
  if (peer === undefined) return { ...rule, open: false, allowed: [] }
  if (!rule.denied.includes(peer) && rule.denied.length >= MAX_NAMED_PEERS) throw tooMany()
  return { ...rule, allowed: rule.allowed.filter(p => p !== peer), denied: [...rule.denied.filter(p => p !== peer), peer] }
}

/** A peer that is named is never let in by what holds for anyone. */
export function mayByRule (rule: ServeRule, peer: string): boolean {
  if (rule.denied.includes(peer)) return false
  return rule.open || rule.allowed.includes(peer)
}

/** Lets in whom one of the rules lets in. @param rules one or more */
export function anyOf (rules: readonly ServeRule[]): ServeRule {
  const open = rules.some(rule => rule.open)
  const allowed = [...new Set(rules.flatMap(rule => rule.allowed))]
  const denied = rules[0]!.denied.filter(peer => rules.every(rule => rule.denied.includes(peer)))
  return { open, allowed: allowed.slice(-MAX_NAMED_PEERS), denied }
}

export const encodeRule = ({ open, allowed, denied }: ServeRule): Uint8Array => encodeStrict({ version: 1, open, allowed: [...allowed], denied: [...denied] })

/** @throws AppError RULE_DAMAGED */
export function decodeRule (scope: string, stored: Uint8Array): ServeRule {
  try {
    const { open, allowed, denied }: Infer<typeof SCHEMA> = SCHEMA.read(decodeStrict(stored), 'rule')
    return { open, allowed, denied }
  } catch (e) {
    if (!isAppError(e)) throw e
    throw new AppError('RULE_DAMAGED', `the note of who may have ${scope} is damaged: ${e.message}`, { cause: e, hints: ["say it again: 'ipfs-dedup-sync deny anyone', then whom you allow"] })
  }
}

const tooMany = (): AppError => new AppError('TOO_MANY_PEERS', `${MAX_NAMED_PEERS} peers are named already, and that is the limit`, { exit: 'refused' })
