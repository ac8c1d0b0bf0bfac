import { AppError, isAppError } from '../errors/app-error.ts'
import { messageOf } from '../errors/code-of.ts'
import { array, integer, literal, object, record, string, type Infer, type Schema } from '../schema/schema.ts'

/** What a service may ask for beyond RPC, its own protocols, leases and its data folder. Each has its member in `ServiceScope`. */
export const NEEDS = ['blocks', 'http', 'ephemeral-host', 'datastore', 'keys', 'fetch', 'pubsub', 'peers', 'value-store', 'bulk-store'] as const
export type Need = typeof NEEDS[number]

export const MAX_MANIFEST_BYTES = 64 * 1024
const needName = string({ min: 1, max: 32, pattern: /^[a-z][a-z0-9-]*$/, what: "a need, such as 'http'" })
const fileName = string({ min: 1, max: 128, pattern: /^[A-Za-z0-9_][A-Za-z0-9._-]*$/, what: 'a file name without a folder' })
const need: Schema<Need> = {
  read (value, path) {
    const text = needName.read(value, path)
    const known = NEEDS.find(name => name === text)
    if (known === undefined) throw new AppError('SERVICE_NEED_UNKNOWN', `${path} is '${text}', which this node does not offer; it offers ${NEEDS.join(', ')}`, { exit: 'refused', hints: ['the tool may be newer than the node: stop the node and run the command again'] })
    return known
  },
}
const hash = string({ min: 64, max: 64, pattern: /^[0-9a-f]{64}$/, what: 'a SHA-256 in hex' })

const schema = object({
  name: string({ min: 1, max: 32, pattern: /^[a-z][a-z0-9-]*$/, what: 'a service name' }),
  build: integer({ min: 1 }),
  contract: literal(1),
  needs: array(need, { max: 32 }),
  /** Protocols besides those under `/ipkit/<name>/`. */
  protocols: array(string({ min: 2, max: 128, pattern: /^\/[\x21-\x7e]+$/, what: 'a protocol id' }), { max: 32 }),
  entry: fileName,
  files: record(fileName, hash, { max: 64 }),
})

/** `service.json`, made by a tool's build. Format: docs/formats/service.md. */
export type ServiceManifest = Infer<typeof schema>

/** @throws AppError SERVICE_INVALID, SERVICE_NEED_UNKNOWN */
export function parseManifest (text: string): ServiceManifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (e) {
    throw new AppError('SERVICE_INVALID', `service.json is not JSON: ${messageOf(e).split('\n')[0]!}`, { exit: 'refused' })
  }
  const manifest = readFields(value)
  if (!Object.hasOwn(manifest.files, manifest.entry)) throw new AppError('SERVICE_INVALID', `service.json does not list its entry ${manifest.entry}`, { exit: 'refused' })
  const foreign = manifest.protocols.find(protocol => protocol.startsWith('/ipkit/') && !protocol.startsWith(`/ipkit/${manifest.name}/`))
  if (foreign !== undefined) throw new AppError('SERVICE_INVALID', `service ${manifest.name} declares ${foreign}, which belongs to another tool`, { exit: 'refused' })
  return manifest
}

function readFields (value: unknown): ServiceManifest {
  try {
    return schema.read(value, 'service.json')
  } catch (e) {
    if (!isAppError(e) || e.code === 'SERVICE_NEED_UNKNOWN') throw e
    throw new AppError('SERVICE_INVALID', e.message, { exit: e.exit, hints: e.hints })
  }
}
