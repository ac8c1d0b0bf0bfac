import { choice, command, flag, group, text, texts, type CommandTable } from '@ipkit/core/cli/command-table'
import { completionCommand } from '@ipkit/core/cli/completion'
import type { Io } from '@ipkit/core/cli/io'
import { nodeGroup } from '@ipkit/core/cli/node-group'
import type { Outcome } from '@ipkit/core/cli/outcome'
import manifest from '../package.json' with { type: 'json' }
import type { IpfsupDeps } from './commands/deps.ts'
import type { LsArgs } from './commands/ls.ts'

const VERSION = 'v0.43.0, js-v0.66.1, latest, js-latest'

/** What `ipfsup` can be asked. Commands are imported when they run; `deps` are used only then. */
export function cli (deps: IpfsupDeps): CommandTable {
  const version = text(VERSION, { required: true })
  const getting = {
    transport: choice('auto', 'ipfs', 'https')('how to get what is not here; auto: ipfs where that works, else https', { default: 'auto' }),
    offline: flag('ask nobody: only what is here'),
    trustOrigin: texts('believe this origin (a URL) without a second one'),
  }
  /** For what a person does often: newer versions may be looked for afterwards. */
  const andLook = <A>(run: (io: Io, args: A) => Promise<Outcome>) => async (io: Io, args: A): Promise<Outcome> => {
    const outcome = await run(io, args)
    await (await import('./commands/auto.ts')).lookBehind(deps, io)
    return outcome
  }
  const table: CommandTable = {
    name: 'ipfsup',
    version: manifest.version,
    describe: manifest.description,
    epilogue: "go-… is Kubo, js-… is js-ipfs; without either it is Kubo. Set up with 'ipfsup init', then 'ipfsup update'. How commands behave: docs/cli.md",
    commands: [
      command({
        name: 'update',
        describe: 'install a version, the latest by itself, and make it the default',
        positionals: { version: text(VERSION, { default: 'latest' }) },
        options: { pre: flag('latest may be a prerelease'), ...getting },
        examples: [['update', 'the latest Kubo'], ['update v0.42.0', 'that one, up or down'], ['update js-latest', 'the last js-ipfs']],
        run: async (io, args) => await (await import('./commands/update.ts')).update(deps, io, args),
      }),
      command({
        name: 'install',
        describe: 'install a version beside the others; the default stays',
        positionals: { version },
        options: { pre: flag('latest may be a prerelease'), ...getting },
        run: async (io, args) => await (await import('./commands/install.ts')).install(deps, io, args),
      }),
      command({ name: 'rollback', describe: 'back to what was the default before; the repo is migrated if need be', run: async io => await (await import('./commands/rollback.ts')).rollback(deps, io) }),
      command({
        name: 'default',
        describe: 'which version ipfs is where nothing else says so',
        positionals: { version: text(`${VERSION}; without it: say it`) },
        options: getting,
        examples: [['default v0.42.0', 'installed first if it is not here']],
        run: andLook(async (io, args) => await (await import('./commands/default.ts')).showOrSetDefault(deps, io, args)),
      }),
      command({
        name: 'use',
        describe: 'which version ipfs is in this folder and below it, for you',
        positionals: { version },
        options: { pin: flag('write .ipfs-version instead, for everybody who works in the folder'), ...getting },
        examples: [['use v0.42.0', 'here only'], ['use v0.42.0 --pin', 'a file that goes with the project']],
        run: andLook(async (io, args) => await (await import('./commands/use.ts')).use(deps, io, args)),
      }),
      command({ name: 'unuse', describe: 'take that back', run: async io => await (await import('./commands/use.ts')).unuse(deps, io) }),
      command({
        name: 'ls',
        describe: 'what is installed',
        options: { remote: flag('what there is, by the origins'), pre: flag('with prereleases') },
        run: andLook(async (io, args: LsArgs) => await (await import('./commands/ls.ts')).ls(deps, io, args)),
      }),
      command({ name: 'show', describe: 'which version ipfs is here, why, and what is known of newer ones', run: andLook(async io => await (await import('./commands/show.ts')).show(deps, io)) }),
      command({
        name: 'which',
        describe: 'the program that ipfs runs here',
        positionals: { version: text(`${VERSION}; without it: what holds here`) },
        options: {
          install: flag('install it if it is not here; the command ipfs asks so'),
          from: choice('arg', 'env', 'pin', 'default')('who names the version'),
          pinFile: text('the file that does', { complete: 'file' }),
          ...getting,
        },
        run: async (io, args) => await (await import('./commands/which.ts')).which(deps, io, args),
      }),
      command({
        name: 'run',
        describe: 'run a version once; installed first if it is not here',
        positionals: { version, args: texts('its arguments, behind a bare --') },
        options: getting,
        examples: [['run v0.42.0 -- cat bafkqaddwgevxmmraojswg33smq', "as 'ipfs +v0.42.0 cat …'"]],
        run: async (io, args) => await (await import('./commands/run.ts')).run(deps, io, args),
      }),
      command({
        name: 'uninstall',
        describe: 'remove a version; repos stay',
        positionals: { version },
        options: { default: text('what becomes the default, where the version is it') },
        run: async (io, args) => await (await import('./commands/uninstall.ts')).uninstall(deps, io, args),
      }),
      command({
        name: 'gc',
        describe: 'remove broken downloads, and versions that nothing means any more',
        options: { dryRun: flag('only say what would go') },
        run: async (io, args) => await (await import('./commands/gc.ts')).gc(deps, io, args),
      }),
      command({
        name: 'verify',
        describe: 'compare what is installed with its hashes',
        positionals: { version: text(`${VERSION}; without it: all`) },
        run: async (io, args) => await (await import('./commands/verify.ts')).verify(deps, io, args),
      }),
      group('auto', 'updates that happen by themselves; off unless turned on', [
        command({ name: 'on', describe: 'look for newer versions once a day, and install them', run: async io => await (await import('./commands/auto.ts')).autoOn(deps, io) }),
        command({ name: 'off', describe: 'stop that', run: async io => await (await import('./commands/auto.ts')).autoOff(deps, io) }),
        command({ name: 'status', describe: 'whether they are on, and when one was looked for', run: async io => await (await import('./commands/auto.ts')).autoStatus(deps, io) }),
        command({
          name: 'run',
          describe: 'look once, if a day has passed; the scheduler calls it',
          options: { now: flag('whether they are on or not, and however long ago the last look is') },
          run: async (io, args) => await (await import('./commands/auto.ts')).autoRun(deps, io, args),
        }),
      ]),
      command({
        name: 'init',
        describe: 'set up the command ipfs, and PATH for it',
        options: { noModifyPath: flag('leave the file of the shell alone'), yes: flag('do not ask; needed where nobody can be asked', { alias: 'y' }) },
        run: async (io, args) => await (await import('./commands/init.ts')).init(deps, io, args),
      }),
      group('self', "ipfsup's own program", [
        command({ name: 'update', describe: 'have npm install the newest', run: async io => await (await import('./commands/self.ts')).selfUpdate(deps, io, manifest.version) }),
        command({
          name: 'uninstall',
          describe: 'take the command ipfs, PATH and settings away; versions and repos stay',
          options: { yes: flag('do not ask; needed where nobody can be asked', { alias: 'y' }) },
          run: async (io, args) => await (await import('./commands/self.ts')).selfUninstall(deps, io, args),
        }),
      ]),
      command({ name: 'doctor', describe: 'look for everything that is known to go wrong, with a cure for each', run: async io => await (await import('./commands/doctor.ts')).doctor(deps, io) }),
      nodeGroup(async io => await deps.nodeControl(io), 'stop it; it starts again when something is fetched over IPFS'),
      completionCommand(() => table),
    ],
  }
  return table
}
