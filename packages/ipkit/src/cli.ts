import { choice, command, flag, group, integer, text, texts, type CommandTable } from '@ipkit/core/cli/command-table'
import { completionCommand } from '@ipkit/core/cli/completion'
import manifest from '../package.json' with { type: 'json' }
import type { IpkitDeps } from './commands/deps.ts'

/** What `ipkit` can be asked. Commands are imported when they run; `deps` are used only then. */
export function cli (deps: IpkitDeps): CommandTable {
  const table: CommandTable = {
    name: 'ipkit',
    version: manifest.version,
    describe: manifest.description,
    epilogue: 'The shared node starts by itself when a tool needs it.',
    commands: [
      command({
        name: 'status',
        describe: 'whether the shared node runs, and for whom',
        run: async io => await (await import('./commands/status.ts')).status(deps, io),
      }),
      command({
        name: 'which',
        describe: 'which node commands talk to, and why',
        run: async io => await (await import('./commands/which.ts')).which(deps, io),
      }),
      command({
        name: 'start',
        describe: 'start the node, if it does not run',
        options: { foreground: flag('stay here and show its log; ^C stops it') },
        run: async (io, args) => await (await import('./commands/start.ts')).start(deps, io, args),
      }),
      command({
        name: 'stop',
        describe: 'stop the node after what it is doing',
        options: { ifIdle: flag('only when nobody uses it; else exit 7'), now: flag('do not wait for running calls') },
        run: async (io, args) => await (await import('./commands/start.ts')).stop(deps, io, args),
      }),
      command({
        name: 'restart',
        describe: 'stop the node and start it with the settings as they are now',
        options: { now: flag('do not wait for running calls') },
        run: async (io, args) => await (await import('./commands/start.ts')).restart(deps, io, args),
      }),
      command({
        name: 'logs',
        describe: 'what the node has written to its log',
        options: { lines: integer(0, 1_000_000)('how many of the last lines', { alias: 'n', default: '50' }), follow: flag('go on as the log grows', { alias: 'f' }) },
        run: async (io, args) => await (await import('./commands/logs.ts')).logs(deps, io, args),
      }),
      command({
        name: 'apps',
        describe: 'the tools that the node works for',
        run: async io => await (await import('./commands/apps.ts')).apps(deps, io),
      }),
      command({
        name: 'doctor',
        describe: 'look for everything that is known to go wrong, with a cure for each',
        options: { acceptClock: flag('the clock is right as it is') },
        run: async (io, args) => await (await import('./commands/doctor.ts')).doctor(deps, io, args),
      }),
      command({
        name: 'peers',
        describe: 'whom the node is connected to',
        run: async io => await (await import('./commands/peers.ts')).peers(deps, io),
      }),
      command({
        name: 'connect',
        describe: 'connect to a peer',
        positionals: { peer: text('a multiaddr, or a contact with an address', { required: true }) },
        examples: [['connect /ip4/192.0.2.7/tcp/4101/p2p/12D3K...', '']],
        run: async (io, args) => await (await import('./commands/peers.ts')).connect(deps, io, args),
      }),
      command({
        name: 'id',
        describe: 'who you are, and the addresses you can be reached at',
        run: async io => await (await import('./commands/id.ts')).id(io),
      }),
      group('contacts', 'names for peers, usable wherever a peer is asked for', [
        command({
          name: 'add',
          describe: 'give a peer a name',
          positionals: { name: text('letters, digits, dots, dashes', { required: true }), peerId: text('who it is', { required: true }), multiaddr: texts('where it can be reached') },
          run: async (io, args) => await (await import('./commands/contacts.ts')).addContact(deps, io, args),
        }),
        command({
          name: 'ls',
          describe: 'list all contacts',
          run: async io => await (await import('./commands/contacts.ts')).listContacts(deps, io),
        }),
        command({
          name: 'rm',
          describe: 'forget a contact',
          positionals: { name: text('its name', { required: true }) },
          run: async (io, args) => await (await import('./commands/contacts.ts')).removeContact(deps, io, args),
        }),
      ]),
      group('config', 'see and change the settings of the node', [
        command({
          name: 'show',
          describe: 'every setting, its value and where that comes from',
          run: async io => await (await import('./commands/config.ts')).showConfig(deps, io),
        }),
        command({
          name: 'get',
          describe: 'one setting',
          positionals: { key: text('name of the setting', { required: true }) },
          run: async (io, args) => await (await import('./commands/config.ts')).getConfig(deps, io, args),
        }),
        command({
          name: 'set',
          describe: 'change one setting; without a value, its default holds again',
          positionals: { key: text('name of the setting', { required: true }), value: text('lists are separated by commas') },
          examples: [['config set mdns on', 'find ipkit nodes on the local network']],
          run: async (io, args) => await (await import('./commands/config.ts')).setConfig(deps, io, args),
        }),
      ]),
      group('passphrase', 'protect the key of this home', [
        command({
          name: 'set',
          describe: 'keep the key encrypted; the node asks when it starts',
          run: async io => await (await import('./commands/passphrase.ts')).setPassphrase(deps, io),
        }),
        command({
          name: 'clear',
          describe: 'keep the key without a passphrase',
          run: async io => await (await import('./commands/passphrase.ts')).clearPassphrase(deps, io),
        }),
      ]),
      command({
        name: 'autostart',
        describe: 'have the node come back after a reboot',
        positionals: { state: choice('on', 'off')('without it: say what is set') },
        run: async (io, args) => await (await import('./commands/autostart.ts')).autostart(deps, io, args),
      }),
      command({
        name: 'backup',
        describe: 'write key, settings and contacts into one file',
        positionals: { file: text("where to; '-' is standard output", { required: true, complete: 'file' }) },
        run: async (io, args) => await (await import('./commands/backup.ts')).backup(deps, io, args),
      }),
      command({
        name: 'restore',
        describe: 'make a home from a backup; never overwrites one',
        positionals: { file: text("the backup; '-' is standard input", { required: true, complete: 'file' }) },
        run: async (io, args) => await (await import('./commands/backup.ts')).restore(deps, io, args),
      }),
      completionCommand(() => table),
    ],
  }
  return table
}
