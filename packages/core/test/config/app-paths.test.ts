import { chmodSync, lchownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { appPaths, pathsIn } from '@ipkit/core/config/app-paths'
import { checkHome, checkNodeFiles, ensureHome, shellWord } from '@ipkit/core/config/home-check'
import { hostFacts } from '@ipkit/core/config/host-facts'
import { openSocketPath } from '@ipkit/core/config/socket-path'
import { testWith } from '@ipkit/testkit/test-with-program'

const host = hostFacts(process, () => '/home/kim')
const linux = { ...host, platform: 'linux' }

describe('where the home is', () => {
  test.each<[string, Parameters<typeof appPaths>[0], string]>([
    ['--home wins, relative to the working directory', { home: 'h', env: { IPKIT_HOME: '/env' }, cwd: '/here', host: linux }, '/here/h'],
    ['IPKIT_HOME', { env: { IPKIT_HOME: '/env', HOME: '/home/ann' }, cwd: '/here', host: linux }, '/env'],
    ['an empty IPKIT_HOME is none', { env: { IPKIT_HOME: '', HOME: '/home/ann' }, cwd: '/', host: linux }, '/home/ann/.local/share/ipkit'],
    ['XDG_DATA_HOME', { env: { XDG_DATA_HOME: '/data', HOME: '/home/ann' }, cwd: '/', host: linux }, '/data/ipkit'],
    ['a relative XDG_DATA_HOME is ignored', { env: { XDG_DATA_HOME: 'data', HOME: '/home/ann' }, cwd: '/', host: linux }, '/home/ann/.local/share/ipkit'],
    ['no HOME: the account\'s directory', { env: {}, cwd: '/', host: linux }, '/home/kim/.local/share/ipkit'],
    ['macOS', { env: { HOME: '/Users/ann' }, cwd: '/', host: { ...host, platform: 'darwin' } }, '/Users/ann/Library/Application Support/ipkit'],
  ])('%s', (_name, choice, home) => { expect(appPaths(choice).home).toBe(home) })

  test('an account without a directory is told to name one, and no temp directory is taken', () => {
    expect(() => appPaths({ env: { TMPDIR: '/tmp' }, cwd: '/', host: { ...linux, userHome: undefined } })).toThrow(expect.objectContaining({ code: 'HOME_UNKNOWN', exit: 'usage' }))
    expect(() => appPaths({ home: '', env: {}, cwd: '/', host: linux })).toThrow(expect.objectContaining({ code: 'HOME_UNKNOWN' }))
  })
  test('Windows is refused', () => {
    expect(() => appPaths({ env: {}, cwd: 'C:', host: { ...host, platform: 'win32' } })).toThrow(expect.objectContaining({ code: 'PLATFORM_UNSUPPORTED' }))
  })
})

const onLinux = testWith(process.platform === 'linux' ? undefined : 'Linux')

describe('a home on disk', () => {
  let dir: string
  beforeEach(() => { dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-home-')) })
  afterEach(() => { rmSync(dir, { recursive: true }) })

  test('is made with mode 0700, its parents too, whatever the umask', () => {
    const paths = pathsIn(path.join(dir, 'a', 'b'))
    const before = process.umask(0)
    try { expect(ensureHome(paths, host)).toBe(false) } finally { process.umask(before) }
    expect(statSync(paths.home).mode & 0o777).toBe(0o700)
    expect(statSync(path.dirname(paths.home)).mode & 0o777).toBe(0o700)
    expect(ensureHome(paths, host)).toBe(true)
  })

  test.each([0o750, 0o701, 0o770])('of mode %o is refused with the chmod to run', mode => {
    const home = path.join(dir, "it's")
    mkdirSync(home); chmodSync(home, mode)
    expect(() => ensureHome(pathsIn(home), host)).toThrow(expect.objectContaining({ code: 'HOME_TOO_OPEN', exit: 'refused', hints: [`chmod 700 '${dir}/it'\\''s'`] }))
  })

  test('of another user is refused, so that sudo never starts a node in it', () => {
    expect(() => ensureHome(pathsIn(dir), { ...host, euid: host.euid + 1 })).toThrow(expect.objectContaining({ code: 'HOME_NOT_OURS', exit: 'refused' }))
  })

  test('that is a link or a file is refused', () => {
    symlinkSync(dir, path.join(dir, 'link')); writeFileSync(path.join(dir, 'file'), '')
    expect(() => checkHome(pathsIn(path.join(dir, 'link')), host)).toThrow(expect.objectContaining({ code: 'HOME_IS_LINK' }))
    expect(() => ensureHome(pathsIn(path.join(dir, 'file')), host)).toThrow(expect.objectContaining({ code: 'HOME_NOT_DIRECTORY' }))
    expect(() => ensureHome(pathsIn(path.join(dir, 'file', 'below')), host)).toThrow(expect.objectContaining({ code: 'HOME_NOT_WRITABLE' }))
  })

  onLinux('in a folder where none can be made is refused with the reason', () => {
    expect(() => ensureHome(pathsIn('/proc/ipkit/home'), host)).toThrow(expect.objectContaining({ code: 'HOME_NOT_WRITABLE', message: 'cannot make the home /proc/ipkit/home (ENOENT)' }))
  })

  test('whose socket or hint file is a link, of another kind or of another user is refused', () => {
    const paths = pathsIn(dir)
    expect(checkNodeFiles(paths, host)).toEqual({ socket: false, nodeJson: false })
    symlinkSync('/etc/hostname', paths.nodeJson)
    expect(() => checkNodeFiles(paths, host)).toThrow(expect.objectContaining({ code: 'NODE_FILE_SUSPECT', message: expect.stringContaining('symbolic link') }))
    rmSync(paths.nodeJson); writeFileSync(paths.socket, '')
    expect(() => checkNodeFiles(paths, host)).toThrow(expect.objectContaining({ message: expect.stringContaining('is not a socket') }))
    rmSync(paths.socket); writeFileSync(paths.nodeJson, '{}')
    if (host.euid === 0) {
      lchownSync(paths.nodeJson, 65534, 65534)
      expect(() => checkNodeFiles(paths, host)).toThrow(expect.objectContaining({ message: expect.stringContaining('belongs to user 65534') }))
    }
  })

  onLinux('whose socket path is over the limit is reached through its open folder', async () => {
    const home = path.join(dir, 'x'.repeat(120))
    mkdirSync(home)
    const socket = path.join(home, 'node.sock')
    const there = openSocketPath(socket, 'linux')
    const server = net.createServer(s => s.end('here'))
    await new Promise<void>(resolve => { server.listen(there.address, resolve) })
    expect(statSync(socket).isSocket()).toBe(true)
    const back = openSocketPath(socket, 'linux')
    const text = await new Promise<string>((resolve, reject) => { const c = net.connect(back.address); let t = ''; c.on('data', d => { t += String(d) }).on('end', () => { resolve(t) }).on('error', reject) })
    expect(text).toBe('here')
    back.close(); back.close()
    await new Promise(resolve => { server.close(resolve) })
    there.close()
  })

  test('whose socket path is over the limit says so where there is no such way', () => {
    expect(() => openSocketPath(`/${'x'.repeat(120)}/node.sock`, 'darwin')).toThrow(expect.objectContaining({ code: 'SOCKET_PATH_TOO_LONG', exit: 'usage' }))
    expect(openSocketPath('/short/node.sock', 'darwin').address).toBe('/short/node.sock')
  })
})

test.each([['/a/b-c', '/a/b-c'], ['/a b', "'/a b'"], ["/a'b", "'/a'\\''b'"], ['$x', "'$x'"]])('hints quote %s as %s', (text, word) => { expect(shellWord(text)).toBe(word) })
