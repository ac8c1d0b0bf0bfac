import { command, integer, text, type CommandTable } from '@ipkit/core/cli/command-table'
import { noNodeDoor } from '@ipkit/core/cli/lazy-node-door'
import { document } from '@ipkit/core/cli/outcome'
import { runProcess } from '@ipkit/core/cli/process-io'

/** A tool in a process of its own: process-io.test.ts bundles and runs it. */
const table: CommandTable = {
  name: 'tool',
  version: '1.0.0',
  describe: 'For the tests of a real process.',
  commands: [
    command({ name: 'forget', describe: 'wait for nothing', run: async () => await new Promise(() => {}) }),
    command({ name: 'stray', describe: 'throw where nobody catches', run: async io => { setTimeout(() => { throw new Error('nobody catches this') }, 10); await io.clock.sleep(60_000); return document({}, '') } }),
    command({ name: 'deaf', describe: 'ignore ^C', run: async io => { await io.stdout.write('ready\n'); await io.clock.sleep(60_000); return document({}, '') } }),
    command({ name: 'bytes', describe: 'write many bytes', positionals: { count: integer(0, 1e9)('how many', { required: true }) }, run: async (_io, args) => ({
      kind: 'bytes', showable: false, source: (async function * () { for (let left = args.count; left > 0; left -= 65_536) yield new Uint8Array(Math.min(left, 65_536)).fill(left & 0xff) })(),
    }) }),
    command({ name: 'echo', describe: 'stdin to stdout', run: async io => ({ kind: 'bytes', showable: true, source: io.stdin.source }) }),
    command({ name: 'ask', describe: 'a secret, stdin, and a secret again', run: async io => {
      const before = await io.prompt.secret('before')
      let typed = ''
      for await (const chunk of io.stdin.source) typed += new TextDecoder().decode(chunk)
      const after = await io.prompt.secret('after')
      return document({ before, typed, after }, '')
    } }),
    command({ name: 'cat', describe: 'a file to a file', positionals: { from: text('from', { required: true }), to: text('to', { required: true }) }, run: async (io, args) => {
      await using from = await io.files.openRead(args.from)
      await using to = await io.files.createWhole(args.to)
      for await (const chunk of from.source) await to.write(chunk)
      await to.commit()
      return document({ sizeBytes: from.sizeBytes }, '')
    } }),
  ],
}
await runProcess(table, () => noNodeDoor)
