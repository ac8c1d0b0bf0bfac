import { integer, literal, nullable, object, string } from '@ipkit/core/schema/schema'
import { architecture, cid, isoTime, sha256, sha512, time, version } from './json-fields.ts'
import { readJsonText, toJsonText } from './json-text.ts'
import type { ReleaseFacts } from './release-store.ts'
import { formatVersion } from './version.ts'

const schema = object({
  format: literal(1), version, architecture, transport: literal('ipfs', 'https', 'npm'), origin: string({ min: 1, max: 2048 }), sha512, cid: nullable(cid),
  repoVersion: nullable(integer({ max: 10_000 })), installedAt: time, sums: sha256,
})

/** `release.json`. @param sums SHA-256 of the file SHA256SUMS, in hex */
export function encodeReleaseFacts (facts: ReleaseFacts, sums: string): string {
  return toJsonText({
    format: 1,
    version: formatVersion(facts.version),
    architecture: facts.architecture,
    transport: facts.transport,
    origin: facts.origin,
    sha512: facts.sha512,
    cid: facts.cid ?? null,
    repoVersion: facts.repoVersion ?? null,
    installedAt: isoTime(facts.installedMs),
    sums,
  })
}

/** @throws AppError RELEASE_DAMAGED, exit refused */
export function decodeReleaseFacts (text: string, file: string): { readonly facts: ReleaseFacts, readonly sums: string } {
  const { format: _, sums, installedAt, cid, repoVersion, ...same } = readJsonText(text, schema, { file, code: 'RELEASE_DAMAGED', exit: 'refused', hints: [] })
  return { facts: { ...same, cid: cid ?? undefined, repoVersion: repoVersion ?? undefined, installedMs: installedAt }, sums }
}
