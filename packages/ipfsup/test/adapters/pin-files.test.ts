import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { testWith } from '@ipkit/testkit/test-with-program'
import { pinFiles } from '../../src/adapters/pin-files.ts'
import type { Pin } from '../../src/domain/pin-file.ts'

let folder: string
beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'ipfsup-pins-')) })
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

const file = (): string => path.join(folder, '.ipfs-version')
const read = async (euid = process.geteuid!()): Promise<Pin | undefined> => await pinFiles(euid).read(folder)

describe('a pin file', () => {
  test('says its line', async () => {
    writeFileSync(file(), '# remark\r\n v0.42.0\r\n')
    expect(await read()).toEqual({ file: file(), line: 'v0.42.0', passedOver: undefined })
  })

  test('that is missing, or a folder, is none', async () => {
    expect(await read()).toBeUndefined()
    mkdirSync(file())
    expect(await read()).toBeUndefined()
    expect(await pinFiles(0).read(path.join(folder, 'no/such'))).toBeUndefined()
  })

  test('that is a link does not count, wherever it leads', async () => {
    writeFileSync(path.join(folder, 'real'), 'v0.42.0\n')
    symlinkSync('real', file())
    expect(await read()).toMatchObject({ line: '', passedOver: 'it is a link' })
  })

  test('that is a pipe does not count, and nobody waits for it', async () => {
    execFileSync('mkfifo', [file()])
    expect(await read()).toMatchObject({ passedOver: 'it is no regular file' })
  })

  test('of another user does not count', async () => {
    writeFileSync(file(), 'v0.42.0\n')
    expect(await read(process.geteuid!() + 1)).toMatchObject({ line: '', passedOver: 'it belongs to somebody else' })
  })

  testWith(process.geteuid?.() === 0 ? undefined : 'right to give a file away (root)')('that was given away does not count', async () => {
    writeFileSync(file(), 'v0.42.0\n')
    chownSync(file(), 65534, 65534)
    expect(await read()).toMatchObject({ passedOver: 'it belongs to somebody else' })
  })

  test('of a megabyte in one line is read no further than it must, and is no version', async () => {
    writeFileSync(file(), 'v'.repeat(1_000_000))
    expect((await read())!.line.length).toBe(65_536)
  })

  test('with zero bytes in it keeps them, and so is no version', async () => {
    writeFileSync(file(), 'v0.42.0\0\n')
    expect((await read())!.line).toBe('v0.42.0\0')
  })
})
