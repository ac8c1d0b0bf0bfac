import { command, flag, integer, text, texts, type CommandTable } from '@ipkit/core/cli/command-table'
import { completionCommand } from '@ipkit/core/cli/completion'
import { nodeGroup } from '@ipkit/core/cli/node-group'
import manifest from '../package.json' with { type: 'json' }
import type { BurnDeps } from './commands/deps.ts'
import { MAX_READS } from './domain/limits.ts'

/** What `burn` can be asked. Commands are imported when they run; `deps` are used only then. */
export function cli (deps: BurnDeps): CommandTable {
  const table: CommandTable = {
    name: 'burn',
    version: manifest.version,
    describe: manifest.description,
    epilogue: 'Give links with - (they are asked without echo): whoever sees one can read the message. How commands behave: docs/cli.md',
    commands: [
      command({
        name: 'add',
        describe: 'leave a message and print its link',
        positionals: { file: text('what to send; - is standard input', { required: true, complete: 'file' }) },
        options: {
          expires: text('how long it waits for its reader: 12h, 7d, or a time in UTC such as 2026-12-24T18:00', { default: '7d' }),
          passphrase: flag('ask for a passphrase that the reader needs too'),
          noPad: flag('do not hide the exact size'),
          reads: integer(1, MAX_READS)('how many readers may open it', { default: '1' }),
          to: text('the only peer that may read it: a contact, a peer id or a multiaddr'),
          address: texts('name this address in the link instead of all of the node; relay: also those through its relays', { alias: 'a' }),
          strict: flag('destroy the key the moment it is handed out: a lost answer is lost'),
          volatile: flag('keep the key in memory only: the message goes when the node stops'),
          web: flag('print a second link, for a browser'),
          plain: flag('not encrypted: the first IPFS client that asks gets it, then it is gone'),
          name: text('what readers save it as; of a file its own name'),
        },
        examples: [
          ['add a.pdf --expires 2d', 'gone in two days, read or not'],
          ['add - --to alice', 'type a text that only alice can read'],
          ['add song.mp3 --plain', 'for somebody with Kubo, Helia or another IPFS client'],
        ],
        run: async (io, args) => await (await import('./commands/add.ts')).add(deps, io, args),
      }),
      command({
        name: 'get',
        describe: 'fetch a message, check it, then open it: opening burns it',
        positionals: { link: text('the link; - asks for it, or reads it from standard input', { required: true }) },
        options: {
          output: text('file or folder to save it to; - is standard output', { alias: 'o', complete: 'file' }),
          yes: flag('open it without asking', { alias: 'y' }),
          force: flag('replace the file that -o names'),
          address: texts('where the sender is now, instead of the addresses of the link', { alias: 'a' }),
        },
        examples: [
          ['get -', 'asks for the link, shows a text, saves a file here'],
          ['get - -o Downloads/', 'saves it there under its own name'],
        ],
        run: async (io, args) => await (await import('./commands/get.ts')).get(deps, io, args),
      }),
      command({
        name: 'ls',
        describe: 'the messages left here, and what became of them',
        run: async io => await (await import('./commands/ls.ts')).ls(io),
      }),
      command({
        name: 'status',
        describe: 'one message, with everything that happened to it',
        positionals: { id: text('its id, or the beginning of it', { required: true }) },
        run: async (io, args) => await (await import('./commands/status.ts')).status(io, args),
      }),
      command({
        name: 'rm',
        describe: 'take a message back before it is read',
        positionals: { message: text('its id or its link; - asks for the link', { required: true }) },
        run: async (io, args) => await (await import('./commands/rm.ts')).rm(io, args),
      }),
      command({
        name: 'unlock',
        describe: 'let readers try a passphrase again at once',
        positionals: { id: text('id of the message, or the beginning of it', { required: true }) },
        run: async (io, args) => await (await import('./commands/unlock.ts')).unlock(io, args),
      }),
      command({
        name: 'find',
        describe: 'who of exactly these addresses has it; nobody else is asked',
        positionals: {
          content: text('a CID or a link; - asks for the link', { required: true }),
          addresses: texts('multiaddrs, or IP addresses with the default port', { required: true }),
        },
        examples: [['find bafkrei... 192.168.1.7', 'asks this address, and no other']],
        run: async (io, args) => await (await import('./commands/find.ts')).find(io, args),
      }),
      nodeGroup(async io => await deps.nodeControl(io), 'stop it; messages wait until it runs again'),
      completionCommand(() => table),
    ],
  }
  return table
}
