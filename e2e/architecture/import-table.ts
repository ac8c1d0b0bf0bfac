/**
 * Who may import whom: the table of ARCHITECTURE.md, "Who may import whom". The first row that matches a file is its row.
 * Targets are written as they are resolved: a file of the workspace without packages/ and .ts (`core/src/cli/io`,
 * `burn-cli/src/domain/message`), `node:fs`, or the name of a package (`yargs`, `@libp2p/tcp`).
 */
export interface Row {
  readonly files: RegExp
  /** $1 in a pattern is what the first group of `files` matched: the file's own package. */
  readonly may: readonly string[]
  readonly why: string
}

const CORE_DATA = 'core/src/((errors|schema|streams|link|time|names)/.*|service-manager/unit-text)'
const CORE_PORTS = 'core/src/(cli/(io|outcome)|service-manager/run-service-manager|daemon/(service|node-door)|net/(byte-channel|limits|resolve-txt)|blocks/block-store)'
const PURE_PACKAGES = '(multiformats|@noble/[a-z]+|cborg|@ipld/dag-(cbor|pb)|ipfs-unixfs|@multiformats/murmur3|uint8arrays|hpke|@hpke/core|@panva/hpke-noble|hash-wasm)'
const LIBP2P = '(@?libp2p|@?helia|@multiformats|blockstore-[a-z]+|datastore-[a-z]+|interface-[a-z]+|@ipshipyard/[a-z]+)(/.*)?'

export const ROWS: readonly Row[] = [
  {
    files: /^core\/src\/names\/(ipns-name|compare-bytes|validity)$/,
    may: ['core/src/(errors|schema)/.*', 'core/src/names/compare-bytes', 'core/src/identity/peer-id', 'multiformats'],
    why: 'any command may read a name: that loads no cryptography',
  },
  {
    files: /^core\/src\/names\/verify-record$/,
    may: [CORE_DATA, 'ipns', 'core/src/identity/verify-with-key'],
    why: 'signatures of names are judged by the ipns package, which knows libp2p, with the cryptography of node; the other files of names stay data',
  },
  {
    files: /^core\/src\/(errors|schema|link|names)\//,
    may: [CORE_DATA, 'core/src/identity/peer-id', PURE_PACKAGES],
    why: 'errors, schema, links and names are data: a browser page uses them too, so they know neither node nor libp2p',
  },
  { files: /^core\/src\/streams\//, may: [CORE_DATA, CORE_PORTS, PURE_PACKAGES], why: 'streams are pure: a browser page uses them too' },
  {
    files: /^core\/src\/(net|blocks|identity)\//,
    may: ['core/src/.*', 'node:.*', PURE_PACKAGES, LIBP2P, 'classic-level'],
    why: 'core imports core only; libp2p and Helia are known to net, blocks and identity alone',
  },
  {
    files: /^core\/src\/cli\//,
    may: ['core/src/.*', 'node:.*', 'yargs', 'pino'],
    why: 'the command-line frame knows yargs and the terminal, and neither libp2p nor Helia',
  },
  {
    files: /^core\/src\//,
    may: ['core/src/.*', 'core/package.json', 'node:.*', PURE_PACKAGES, 'pino', 'classic-level'],
    why: 'core imports core only and knows no tool; libp2p and Helia stay in net, blocks and identity, yargs in cli',
  },
  { files: /^testkit\/src\//, may: ['core/src/.*', 'testkit/src/.*', 'node:.*', '@jest/globals', 'ipfs-unixfs-importer(/.*)?', PURE_PACKAGES], why: 'test doubles implement ports of core' },
  {
    files: /^([a-z-]+)\/src\/(bin|main)$/,
    may: ['$1/src/(cli|main)', '$1/src/adapters/.*', 'core/src/(cli|daemon|config|time|errors)/.*', 'node:.*'],
    why: 'bin.ts puts a process together; what it does stands elsewhere',
  },
  {
    files: /^([a-z-]+)\/src\/cli$/,
    may: ['$1/src/(commands|domain|adapters)/.*', 'core/src/(cli|errors)/.*', '$1/package.json', 'yargs'],
    why: 'cli.ts says which words mean which command, nothing else',
  },
  {
    files: /^([a-z-]+)\/src\/commands\//,
    may: ['$1/src/(commands|domain)/.*', '$1/src/(rpc|wire)', CORE_DATA, CORE_PORTS, 'core/src/identity/peer-id', 'core/src/cli/.*'],
    why: 'a command sees files, prompts and the node through Io: no yargs, no node:*, no libp2p, no adapter',
  },
  {
    files: /^([a-z-]+)\/src\/(domain\/|wire$|protocol$|rpc$)/,
    may: ['$1/src/(domain/.*|wire|protocol|rpc)', CORE_DATA, CORE_PORTS, 'core/src/identity/(peer-id|seal)', 'core/src/storage/.*', PURE_PACKAGES],
    why: 'the rules run anywhere: clock, randomness and stores are passed in; no node:*, no Helia, no logger',
  },
  {
    files: /^([a-z-]+)\/src\/adapters\//,
    may: ['$1/src/(adapters|domain)/.*', '$1/src/commands/deps', '$1/src/(wire|protocol|rpc)', 'core/src/.*', 'node:.*', PURE_PACKAGES, LIBP2P, '(tar-stream|yauzl)'],
    why: 'an adapter joins a port of its own package, declared by the domain or in commands/deps.ts, to the real thing',
  },
  {
    files: /^([a-z-]+)\/src\/service$/,
    may: ['$1/src/.*', 'core/src/.*', 'node:.*', PURE_PACKAGES, LIBP2P],
    why: 'service.ts is the composition root inside the node; another tool is never part of it',
  },
  { files: /^([a-z-]+)\/assembly\//, may: ['$1/assembly/.*'], why: 'a WASM module is compiled alone and knows nothing but its memory' },
  {
    files: /^([a-z-]+)\/assembly\//,
    may: ['$1/assembly/.*'],
    why: 'what becomes WASM is compiled by another compiler: it shares nothing with TypeScript',
  },
  {
    files: /^([a-z-]+)\/web\//,
    may: ['$1/web/.*', '$1/src/(domain/.*|wire|protocol|adapters/noble-.*)', CORE_DATA, PURE_PACKAGES],
    why: 'the page runs in a browser: of the adapters it can use those on noble alone',
  },
]

export function rowFor (file: string): Row | undefined {
  return ROWS.find(row => row.files.test(file))
}

export function mayImport (row: Row, file: string, target: string): boolean {
  const own = row.files.exec(file)?.[1] ?? ''
  return row.may.some(pattern => new RegExp(`^(${pattern.replaceAll('$1', own)})$`).test(target))
}
