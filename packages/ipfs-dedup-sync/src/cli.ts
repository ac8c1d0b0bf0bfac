import { command, duration, flag, text, texts, type CommandTable } from '@ipkit/core/cli/command-table'
import { completionCommand } from '@ipkit/core/cli/completion'
import { nodeGroup } from '@ipkit/core/cli/node-group'
import manifest from '../package.json' with { type: 'json' }
import type { SyncCliDeps } from './commands/deps.ts'

const NAME = 'k51..., a key of yours, or the file that is published'
const TARGET = 'a root, or a name with or without @version'

/** What `ipfs-dedup-sync` can be asked. Commands are imported when they run; `deps` are used only then. */
export function cli (deps: SyncCliDeps): CommandTable {
  const file = text('a file or a folder; - is standard input', { required: true, complete: 'file' })
  const chunker = text('where chunks end: fastcdc (looks inside), or one of IPFS: size-N, buzhash, rabin[-MIN-AVG-MAX], js-rabin')
  const encryptChunking = text('file with a key of 32 bytes, hex or base64url, or env:NAME: chunk lengths tell nothing without it', { complete: 'file' })
  const noCopy = flag('leave the bytes in the file itself, which must then stay as it is')
  const from = texts('ask this peer, and nobody else: a peer id, a contact or a multiaddr')
  const output = text('file or folder to write it to', { alias: 'o', complete: 'file' })
  const overwrite = flag('replace what -o names, a folder with all that is in it')
  const peer = text('a peer id, a contact or a multiaddr', { required: true })
  const who = text('a peer id, a contact, or anyone', { required: true })
  const what = text(TARGET, { required: true })
  const scope = text(`${TARGET}; without it all that is served`)
  const table: CommandTable = {
    name: 'ipfs-dedup-sync',
    version: manifest.version,
    describe: manifest.description,
    epilogue: 'What was added or published is served to anyone who knows its root or name, until unserve, or to whom allow names. How commands behave: docs/cli.md',
    commands: [
      command({
        name: 'add',
        describe: 'store a file or a folder, looking inside, and serve it',
        positionals: { file },
        options: { chunker, encryptChunking, noCopy, dryRun: flag('say what would be stored, and store nothing') },
        examples: [['add a.tgz', 'prints its root, and a link for others'], ['add - --dry-run', 'of standard input, without storing it']],
        run: async (io, args) => await (await import('./commands/add.ts')).add(io, args),
      }),
      command({
        name: 'publish',
        describe: 'add it as a new version of a history under an IPNS name',
        positionals: { file },
        options: {
          name: text('the key of the name, made if there is none; without it called as the file'),
          note: text('what is new', { alias: 'm' }),
          chunker, encryptChunking, noCopy,
        },
        examples: [['publish a.tgz -m monday', 'version 1; the next time version 2']],
        run: async (io, args) => await (await import('./commands/publish.ts')).publish(io, args),
      }),
      command({
        name: 'pull',
        describe: 'fetch what is not here yet, and give it back byte by byte',
        positionals: { source: text('a root, a link, or a name with or without @version', { required: true }) },
        options: { output: text('file or folder to write it to; - is standard output', { alias: 'o', complete: 'file' }), from, dryRun: flag('say what it would cost, and fetch nothing'), overwrite },
        examples: [['pull k51... -o a.tgz', 'the newest version'], ['pull a.tgz@3 -o old.tgz', 'the third one']],
        run: async (io, args) => await (await import('./commands/pull.ts')).pull(deps, io, args),
      }),
      command({
        name: 'push',
        describe: 'have a peer fetch it from here; the peer allows that with allow',
        positionals: { source: text('a root, or a name', { required: true }), peer },
        run: async (io, args) => await (await import('./commands/push.ts')).push(deps, io, args),
      }),
      command({
        name: 'watch',
        describe: 'write the newest version of a name, then each new one, until ^C',
        positionals: { name: text(NAME, { required: true }) },
        options: { output, from, every: duration('how often peers are asked, besides when one connects', { default: '30s' }), overwrite },
        examples: [['watch k51... -o a.tgz', 'each version replaces the one before']],
        run: async (io, args) => await (await import('./commands/watch.ts')).watch(deps, io, args),
      }),
      command({ name: 'allow', describe: 'who may have it; once a peer is named, only named ones', positionals: { peer: who, what: scope }, run: async (io, args) => await (await import('./commands/allow.ts')).allow(deps, io, args) }),
      command({ name: 'deny', describe: 'who may not', positionals: { peer: who, what: scope }, run: async (io, args) => await (await import('./commands/allow.ts')).deny(deps, io, args) }),
      command({ name: 'serve', describe: 'let peers have it', positionals: { what }, run: async (io, args) => await (await import('./commands/serve.ts')).serve(io, args) }),
      command({ name: 'unserve', describe: 'let nobody have it any more; it stays here', positionals: { what }, run: async (io, args) => await (await import('./commands/serve.ts')).unserve(io, args) }),
      command({
        name: 'log',
        describe: 'the versions of a name, the newest first',
        positionals: { name: text(NAME, { required: true }) },
        options: { from },
        run: async (io, args) => await (await import('./commands/log.ts')).log(deps, io, args),
      }),
      command({
        name: 'diff',
        describe: 'which members differ, and where in them',
        positionals: { a: what, b: what },
        examples: [['diff a.tgz@1 a.tgz', 'what is new since version 1']],
        run: async (io, args) => await (await import('./commands/diff.ts')).diff(io, args),
      }),
      command({
        name: 'forget',
        describe: 'keep a root or a version no more; of a followed name all',
        positionals: { what },
        run: async (io, args) => await (await import('./commands/forget.ts')).forget(io, args),
      }),
      command({ name: 'gc', describe: 'free what nothing holds any more', run: async io => await (await import('./commands/forget.ts')).gc(io) }),
      command({ name: 'stat', describe: 'what is kept, under which names, and the room it takes', run: async io => await (await import('./commands/stat.ts')).stat(io) }),
      command({
        name: 'verify',
        describe: 'read every block, give back every file, compare; exit 8 if it is not as it was',
        positionals: { what: text(`${TARGET}; without it everything`) },
        options: { repair: flag('forget what is damaged, so that the next pull fetches just that') },
        run: async (io, args) => await (await import('./commands/verify.ts')).verify(io, args),
      }),
      command({
        name: 'recompute',
        describe: 'the root that add would give; nothing is stored',
        positionals: { file },
        options: { chunker, encryptChunking },
        examples: [['recompute big.iso', "with --chunker=size-262144 the CID of 'ipfs add --cid-version=1'"]],
        run: async (io, args) => await (await import('./commands/add.ts')).recompute(io, args),
      }),
      nodeGroup(async io => await deps.nodeControl(io), 'stop it; nothing is served until it runs again'),
      completionCommand(() => table),
    ],
  }
  return table
}
