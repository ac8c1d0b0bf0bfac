import { choice, command, duration, flag, group, text, texts, type CommandTable } from '@ipkit/core/cli/command-table'
import { completionCommand } from '@ipkit/core/cli/completion'
import { nodeGroup } from '@ipkit/core/cli/node-group'
import manifest from '../package.json' with { type: 'json' }
import type { IpnsupDeps } from './commands/deps.ts'

const NAME = 'k51..., 12D3Koo... or a key of yours'
const KEY = 'letters, digits, dots, dashes, underscores'

/** What `ipnsup` can be asked. Commands are imported when they run; `deps` are used only then. */
export function cli (deps: IpnsupDeps): CommandTable {
  const name = text(NAME, { required: true })
  const key = text(KEY, { required: true })
  const output = (what: string): ReturnType<typeof text> => text(what, { alias: 'o', complete: 'file' })
  const force = flag('replace the file that -o names')
  const table: CommandTable = {
    name: 'ipnsup',
    version: manifest.version,
    describe: manifest.description,
    epilogue: 'Nothing here needs a network: records travel when there is one. How commands behave: docs/cli.md',
    commands: [
      group('key', 'names of your own; self is the one of this home', [
        command({ name: 'new', describe: 'make a key, and so a name', positionals: { key }, run: async (io, args) => await (await import('./commands/key.ts')).keyNew(io, args) }),
        command({ name: 'ls', describe: 'keys and their names', run: async io => await (await import('./commands/key.ts')).keyList(io) }),
        command({
          name: 'rm',
          describe: 'remove a key for good',
          positionals: { key },
          options: { yes: flag('do not ask; needed where nobody can be asked', { alias: 'y' }) },
          run: async (io, args) => await (await import('./commands/key.ts')).keyRemove(io, args),
        }),
        command({
          name: 'export',
          describe: 'write a key into a file, not encrypted; Kubo and others read it',
          positionals: { key },
          options: { output: output('file or folder to write it to; - is standard output'), format: choice('libp2p', 'pem')('how it is written', { default: 'libp2p' }), force },
          run: async (io, args) => await (await import('./commands/key-file.ts')).keyExport(deps, io, args),
        }),
        command({
          name: 'import',
          describe: 'take a key from a file, in either format',
          positionals: { key, file: text('where it stands; - is standard input', { required: true, complete: 'file' }) },
          examples: [['key import blog blog.key', "what 'ipfs key export blog' wrote"]],
          run: async (io, args) => await (await import('./commands/key-file.ts')).keyImport(deps, io, args),
        }),
      ]),
      command({
        name: 'publish',
        describe: 'sign what a name stands for, keep it, hand it over when somebody is in reach',
        positionals: { value: text('a CID, /ipfs/... or /ipns/...', { required: true }) },
        options: {
          key: text('the key of the name', { default: 'self', alias: 'k' }),
          lifetime: duration('how long the record is valid; the node renews it while it runs', { default: '48h' }),
          ttl: duration('how long others may answer without asking again', { default: '5m' }),
          sequence: text('its number, above the last one; without it the next, or the same one for a renewal'),
          v2Only: flag('leave the fields for readers from before 2021 out'),
        },
        examples: [['publish bafybei...', 'under the name of this home'], ['publish /ipfs/bafybei... -k blog', 'under a name of its own']],
        run: async (io, args) => await (await import('./commands/publish.ts')).publish(io, args),
      }),
      command({
        name: 'resolve',
        describe: 'what a name stands for; what was once known is always answered',
        positionals: { name: text(`${NAME}, or a DNSLink name`, { required: true }) },
        options: {
          offline: flag('ask nobody: answer from memory'),
          requireFresh: flag('an expired record is no answer: exit 8'),
          maxStale: duration('nor is one that expired longer ago than this: 12h, 7d'),
          acceptUnknownExpired: flag('take an expired record of a name that was never seen'),
          noRecurse: flag('stop at the first name'),
          from: texts('ask this peer or http(s) URL, and nobody else'),
        },
        examples: [['resolve k51... --offline', 'exit 0 with a warning if it has expired'], ['resolve example.com', 'DNSLink; remembered too']],
        run: async (io, args) => await (await import('./commands/resolve.ts')).resolve(deps, io, args),
      }),
      command({
        name: 'export',
        describe: 'write the record of a name into a file',
        positionals: { name },
        options: { output: output('file or folder to write it to; - is standard output'), force },
        examples: [['export self -o /media/stick/', 'as k51....ipns-record']],
        run: async (io, args) => await (await import('./commands/export.ts')).exportRecord(io, args),
      }),
      command({
        name: 'import',
        describe: 'take records from files; what is not authentic, or older, changes nothing',
        positionals: { files: texts('files with one record each; - is standard input', { required: true, complete: 'file' }) },
        options: {
          name: text('whose they are, where neither file nor file name says'),
          acceptUnknownExpired: flag('take an expired record of a name that was never seen'),
        },
        run: async (io, args) => await (await import('./commands/import.ts')).importRecords(io, args),
      }),
      command({
        name: 'inspect',
        describe: 'what a record says, and whether it is authentic',
        positionals: { record: text('a file (- is standard input), or a name that is known here', { required: true, complete: 'file' }) },
        options: { verify: text('whose record it should be') },
        examples: [['inspect site.ipns-record', 'without a node; exit 8 when not valid']],
        run: async (io, args) => await (await import('./commands/inspect.ts')).inspect(io, args),
      }),
      command({
        name: 'status',
        describe: 'what is only local, what waits, what expires when, forks',
        positionals: { name: text(`${NAME}; without it all`) },
        run: async (io, args) => await (await import('./commands/status.ts')).status(io, args),
      }),
      command({
        name: 'sync',
        describe: 'hand over what waits, and fetch what is newer of own and followed names, now',
        positionals: { places: texts('peers or http(s) URLs; without any all in reach') },
        run: async (io, args) => await (await import('./commands/sync.ts')).sync(deps, io, args),
      }),
      command({
        name: 'follow',
        describe: "keep somebody's record alive, and look for newer ones",
        positionals: { name },
        run: async (io, args) => await (await import('./commands/follow.ts')).follow(io, args),
      }),
      command({ name: 'unfollow', describe: 'stop that', positionals: { name }, run: async (io, args) => await (await import('./commands/follow.ts')).unfollow(io, args) }),
      command({
        name: 'forget',
        describe: 'drop all that is remembered of a name; older records count again',
        positionals: { name: text(`${NAME}, or a DNSLink name`, { required: true }) },
        run: async (io, args) => await (await import('./commands/follow.ts')).forget(io, args),
      }),
      command({ name: 'watch', describe: 'print the record, then each change, until ^C', positionals: { name }, run: async (io, args) => await (await import('./commands/watch.ts')).watch(io, args) }),
      command({
        name: 'serve',
        describe: 'serve records over HTTP: delegated routing, and for gateways',
        options: { http: text('where: <ip>:<port>; without it as before'), stop: flag('serve no longer') },
        run: async (io, args) => await (await import('./commands/serve.ts')).serve(io, args),
      }),
      nodeGroup(async io => await deps.nodeControl(io), 'stop it; nothing is renewed or handed over until it runs again'),
      completionCommand(() => table),
    ],
  }
  return table
}
