import { choice, command, duration, flag, group, integer, size, text, texts, type CommandTable } from '@ipkit/core/cli/command-table'
import { completionCommand } from '@ipkit/core/cli/completion'
import { document, list } from '@ipkit/core/cli/outcome'
import { AppError } from '@ipkit/core/errors/app-error'

/** A tool with one command of each sort, for the tests of the frame. */
export const demoTool: CommandTable = {
  name: 'demo',
  version: '1.2.3',
  describe: 'Shows what the frame does.',
  commands: [
    command({
      name: 'pack',
      describe: 'pack a file',
      positionals: { file: text('what to pack', { required: true, complete: 'file' }), more: texts('what else') },
      options: {
        expires: duration('lifetime', { default: '7d' }),
        limit: size('the most it may be'),
        reads: integer(1, 100)('how often', { default: '1' }),
        level: choice('fast', 'best')('how well', { default: 'fast' }),
        noPad: flag('leave the length as it is'),
        address: texts('where to', { alias: 'a' }),
        output: text('where to put it', { alias: 'o', complete: 'file' }),
      },
      examples: [['pack letter.txt --expires 2d', 'gone after two days']],
      run: async (_io, args) => document(args, `packed ${args.file} for ${args.expires} ms`),
    }),
    command({ name: 'count', describe: 'count to a number', positionals: { to: integer(0, 9)('how far', { required: true }) }, run: async (_io, args) =>
      list((async function * () { for (let n = 1; n <= args.to; n++) yield { n } })(), { header: 'N', toText: ({ n }) => `${n}`, emptyText: 'nothing to count', exit: () => args.to === 3 ? 'partial' : 'ok' }) }),
    command({ name: 'noise', describe: 'random bytes', options: { show: flag('also on a terminal') }, run: async (io, args) =>
      ({ kind: 'bytes', showable: args.show, source: (async function * () { yield io.randomBytes(3); yield io.randomBytes(3) })() }) }),
    command({ name: 'fail', describe: 'fail in some way', positionals: { how: text('how', { required: true }) }, run: async (io, args) => {
      switch (args.how) {
        case 'kindly': throw new AppError('TOO_LARGE', 'the text has 70 bytes; the limit is 64', { exit: 'usage', hints: ['send a file: demo pack FILE'] })
        case 'nastily': throw new AppError('PEER_SAID', 'a peer called \u001b]0;owned\u0007\u202ebob\nand more', { exit: 'refused', hints: ['look \u009b31mout'] })
        case 'disk': throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', path: '/data/x' })
        case 'wait': await io.clock.sleep(1000, io.signal); break
        default: throw new TypeError('undefined is not a function')
      }
      return document({}, '')
    } }),
    command({ name: 'talk', describe: 'say this and that', run: async io => {
      io.report.note('a note')
      io.report.warn('OLD', 'a warning from \u001b[31moutside')
      io.report.progress({ step: 'fetching', doneBytes: 0, totalBytes: 10 })
      io.report.progress({ step: 'fetching', doneBytes: 5, totalBytes: 10 })
      io.report.progress({ step: 'fetching', doneBytes: 10, totalBytes: 10 })
      io.report.progress({ step: 'waiting for the sender' })
      io.log.info('connected', { peer: 'bob', passphrase: 'hunter2', nested: { privateKey: 'k' } })
      io.log.debug('detail')
      return document({ ok: true }, 'done')
    } }),
    group('box', 'look after boxes', [
      command({ name: 'add', describe: 'add a box', positionals: { name: text('its name', { required: true }) }, run: async (_io, args) => document({ name: args.name }, '') }),
      command({ name: 'ls', describe: 'list boxes', run: async () => list((async function * () {})(), { toText: () => '', emptyText: 'no boxes' }) }),
    ]),
    completionCommand(() => demoTool),
  ],
}
