import { expect, test } from '@jest/globals'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { scriptedIo } from '@ipkit/testkit/run-cli/scripted-io'
import { command, type CommandTable } from '@ipkit/core/cli/command-table'
import { noNodeDoor } from '@ipkit/core/cli/lazy-node-door'
import { runCli } from '@ipkit/core/cli/run-cli'
import { nextState, progressLine, TerminalProgress, type ProgressState } from '@ipkit/core/cli/terminal-progress'

const tick = async (): Promise<void> => { await new Promise(resolve => { setImmediate(resolve) }) }

async function * seconds (clock: ManualClock, count: number): AsyncGenerator<number> {
  for (let i = 1; i <= count * 5; i++) { clock.advance(200); await tick(); if (i % 5 === 0) yield i / 5 }
}

test('nothing is drawn in the first second, then a line, and none is left at the end', async () => {
  const clock = new ManualClock()
  let screen = ''
  const progress = new TerminalProgress(80, clock, text => { screen += text })
  progress.update({ step: 'fetching', doneBytes: 0, totalBytes: 100_000_000 })
  for (let i = 0; i < 4; i++) { clock.advance(200); await tick() }
  expect(screen).toBe('')
  for await (const second of seconds(clock, 2)) progress.update({ step: 'fetching', doneBytes: second * 10_000_000, totalBytes: 100_000_000 })
  expect(screen).toContain('fetching  10.0 MB of 100 MB  10%')
  progress.close()
  expect(screen.endsWith('\r\u001b[2K')).toBe(true)
  const length = screen.length
  for await (const _ of seconds(clock, 2)) progress.update({ step: 'fetching', doneBytes: 0 })
  expect(screen).toHaveLength(length)
})

test('a line that was taken away for a question stays away until work goes on, which may then be quiet for a second again', async () => {
  const clock = new ManualClock()
  let screen = ''
  const progress = new TerminalProgress(80, clock, text => { screen += text })
  progress.update({ step: 'fetching', doneBytes: 5, totalBytes: 5 })
  for await (const _ of seconds(clock, 2)) { /* it is drawn */ }
  progress.pause()
  screen = ''
  for await (const _ of seconds(clock, 5)) { /* somebody thinks about the answer */ }
  expect(screen).toBe('')
  progress.update({ step: 'claiming' })
  clock.advance(200)
  await tick()
  expect(screen).toBe('')
  for await (const _ of seconds(clock, 2)) { /* it takes its time */ }
  expect(screen).toContain('claiming')
  progress.close()
})

test('the line is not drawn over a question, nor over the answer', async () => {
  const clock = new ManualClock()
  const { host, stderr } = scriptedIo(['ask'], { clock, tty: { stdin: true, stdout: true, stderr: true } })
  let whole = 0
  const redrawn: string[] = []
  const wait = async (): Promise<void> => { const from = stderr().length; for await (const _ of seconds(clock, 3)) { /* nothing happens */ } redrawn.push(stderr().slice(from)) }
  const table: CommandTable = { name: 'tool', version: '1.0.0', describe: 'asks', commands: [command({ name: 'ask', describe: 'ask', run: async io => {
    io.report.progress({ step: 'fetching' })
    await wait()
    await io.prompt.confirm('open it?', false)
    await io.prompt.secret('passphrase')
    io.report.progress({ step: 'claiming' })
    await wait()
    return { kind: 'bytes', showable: true, source: (async function * () { yield new TextEncoder().encode('no newline'); await wait(); whole++ })() }
  } })] }
  const answering = async (): Promise<string> => { await wait(); return '' }
  const prompt = { canAsk: true, confirm: async () => await answering() === '', secret: answering }
  expect([await runCli(table, { ...host, prompt }, () => noNodeDoor), whole]).toEqual([0, 1])
  expect(redrawn).toEqual([expect.stringContaining('fetching'), '', '', expect.stringContaining('claiming'), ''])
})

function stateAfter (events: ReadonlyArray<readonly [atMs: number, step: string, doneBytes?: number, totalBytes?: number]>): ProgressState {
  let state: ProgressState | undefined
  for (const [atMs, step, doneBytes, totalBytes] of events) state = nextState(state, { step, ...doneBytes === undefined ? {} : { doneBytes }, ...totalBytes === undefined ? {} : { totalBytes } }, atMs)
  return state!
}

test('bytes, share, rate and time left', () => {
  expect(progressLine(stateAfter([[0, 'fetching', 0, 100e6], [1000, 'fetching', 4e6, 100e6], [2000, 'fetching', 8e6, 100e6]]), 2000, 80)).toBe('fetching  8.00 MB of 100 MB  8%  4.00 MB/s  23 s left')
})

test('a stall is said instead of a rate', () => {
  expect(progressLine(stateAfter([[0, 'fetching', 0, 100e6], [1000, 'fetching', 4e6, 100e6]]), 6000, 80)).toBe('fetching  4.00 MB of 100 MB  4%  nothing came for 5 s')
})

test('without bytes it says what it waits for, and since when', () => {
  expect(progressLine(stateAfter([[0, 'fetching', 5], [1000, 'waiting for the sender'], [4000, 'waiting for the sender']]), 13_000, 80)).toBe('waiting for the sender  12 s')
})

test('the rate forgets what is long past', () => {
  const events = Array.from({ length: 40 }, (_, i) => [i * 1000, 'fetching', i < 20 ? i * 1e6 : 20e6 + (i - 20) * 5e6, 1e9] as const)
  expect(progressLine(stateAfter(events), 39_000, 80)).toContain('5.00 MB/s')
})

test('the line is never wider than the terminal, nor than 80 columns', () => {
  const state = stateAfter([[0, `a step with a very long name ${'x'.repeat(90)}\u001b[2J`, 1, 2]])
  expect(progressLine(state, 0, 80).length).toBeLessThan(80)
  expect(progressLine(state, 0, 40).length).toBeLessThan(40)
  expect(progressLine(state, 0, 80)).not.toContain('\u001b')
})
