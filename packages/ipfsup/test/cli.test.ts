import { describe, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { golden } from '@ipkit/testkit/run-cli/golden'
import type { CliRunOptions } from '@ipkit/testkit/run-cli/run-cli'
import { HOUR, MemoryWorld, NOW, releaseOf, usedWorld, v } from './memory-world.ts'

const FOLDER = '/home/kim/project'
const PERSON = { tty: { stdin: true, stderr: true } }
const PIN = { file: `${FOLDER}/.ipfs-version`, line: 'v0.41.0', passedOver: undefined }

/** A used machine with changes. */
const used = (change: (world: MemoryWorld) => void) => (): MemoryWorld => {
  const world = usedWorld()
  change(world)
  return world
}
const fresh = (change: (world: MemoryWorld) => void = () => {}) => (): MemoryWorld => {
  const world = new MemoryWorld()
  change(world)
  return world
}
const failing = (code: string, message: string, options: ConstructorParameters<typeof AppError>[2]): (() => MemoryWorld) => used(world => { world.installError = new AppError(code, message, options) })

const lowered = used(world => {
  world.seen.set('go false', { version: v('v0.43.0'), sinceMs: NOW - 72 * HOUR, answer: v('v0.43.0'), answeredMs: NOW - 30 * HOUR })
  world.remote = [v('v0.41.0'), v('v0.42.0')]
})

describe('golden runs', () => {
  test.each<[name: string, argv: readonly string[], world?: () => MemoryWorld, options?: CliRunOptions]>([
    ['help', ['--help']],
    ['help-update', ['update', '--help']],
    ['help-use', ['use', '--help']],
    ['help-which', ['which', '--help']],
    ['help-auto', ['auto', '--help']],
    ['update-first', ['update'], fresh(world => { world.plan = { ...world.plan, shimState: 'missing', found: undefined } })],
    ['update-first-json', ['update', '--json'], fresh()],
    ['update-because', ['update', 'v0.41.0'], used(world => { world.because = ['not over ipfs: no peer has it within 10 s']; world.resumedBytes = 20_000_000; world.repoVersion = undefined })],
    ['update-over-ipfs', ['update', '--transport=ipfs'], fresh()],
    ['update-nothing-new', ['update'], usedWorld],
    ['update-pre', ['update', '--pre'], usedWorld],
    ['update-down', ['update', 'v0.42.0'], used(world => { world.installed[0] = releaseOf('v0.42.0', { repoVersion: 17 }) })],
    ['update-js', ['update', 'js-latest'], fresh()],
    ['update-offline', ['update', '--offline'], usedWorld],
    ['update-nobody-answers', ['update'], used(world => { world.unreachable = true; world.failures = [{ origin: 'https://dist.ipfs.tech', message: 'connection refused' }] })],
    ['update-lowered', ['update'], lowered],
    ['update-other-here', ['update', 'v0.42.0'], used(world => { world.pins.set(FOLDER, PIN) })],
    ['update-mirror-edited', ['update', 'v0.42.0'], used(world => { world.mirrored = { config: 'v0.1', written: 'go-v0.43.0' } })],
    ['install', ['install', 'v0.41.0'], usedWorld],
    ['install-json', ['install', 'latest', '--json'], usedWorld],
    ['rollback', ['rollback'], used(world => { world.installed[0] = releaseOf('v0.42.0', { repoVersion: 17 }); world.autoOn = true })],
    ['rollback-nothing', ['rollback'], fresh()],
    ['rollback-json', ['rollback', '--json'], usedWorld],
    ['default', ['default'], usedWorld],
    ['default-none', ['default'], fresh()],
    ['default-gone', ['default'], used(world => { world.installed = [] })],
    ['default-other', ['default', 'v0.42.0'], usedWorld],
    ['default-latest-asks-nobody', ['default', 'latest'], used(world => { world.unreachable = true; world.byDefault = v('v0.42.0') })],
    ['use', ['use', 'v0.42.0'], usedWorld],
    ['use-json', ['use', 'latest', '--json'], usedWorld],
    ['use-env', ['use', 'v0.42.0'], usedWorld, { env: { IPFSUP_VERSION: 'v0.41.0' } }],
    ['unuse', ['unuse'], used(world => { world.overrides.set(FOLDER, 'go-v0.42.0') })],
    ['unuse-pin-holds', ['unuse'], used(world => { world.overrides.set(FOLDER, 'go-v0.42.0'); world.pins.set(FOLDER, PIN) })],
    ['unuse-nothing', ['unuse'], used(world => { world.overrides.set('/home/kim', 'js-latest') })],
    ['ls', ['ls'], usedWorld],
    ['ls-json', ['ls', '--json'], usedWorld],
    ['ls-empty', ['ls'], fresh()],
    ['ls-default-gone', ['ls'], used(world => { world.installed = [releaseOf('v0.42.0')] })],
    ['ls-remote', ['ls', '--remote'], usedWorld],
    ['ls-remote-pre-json', ['ls', '--remote', '--pre', '--json'], usedWorld],
    ['show', ['show'], usedWorld],
    ['show-json', ['show', '--json'], usedWorld],
    ['show-fresh', ['show'], fresh()],
    ['show-pin', ['show'], used(world => { world.pins.set('/home/kim', { ...PIN, file: '/home/kim/.ipfs-version' }) })],
    ['show-js', ['show'], used(world => { world.overrides.set(FOLDER, 'js-latest'); world.aliases.set('js', v('js-v0.66.1')); world.autoOn = true })],
    ['show-older', ['show'], used(world => { world.byDefault = v('v0.42.0') })],
    ['show-lowered', ['show'], used(world => { world.seen.set('go false', { version: v('v0.43.0'), sinceMs: NOW - 72 * HOUR, answer: v('v0.42.0'), answeredMs: NOW - 2 * HOUR }) })],
    ['show-pin-of-somebody', ['show'], used(world => { world.pins.set(FOLDER, { ...PIN, passedOver: 'it belongs to somebody else' }) })],
    ['which', ['which'], usedWorld],
    ['which-js', ['which', 'js-v0.66.1'], usedWorld],
    ['which-js-json', ['which', 'js-v0.66.1', '--json'], usedWorld],
    ['which-missing', ['which', 'v0.41.0'], usedWorld],
    ['which-nothing', ['which'], fresh()],
    ['which-install', ['which', '--install', '--from', 'arg', 'go-v0.41.0'], usedWorld],
    ['which-install-js', ['which', '--install', '--from', 'env', 'js-latest'], fresh()],
    ['which-pin-unasked', ['which', '--install', '--from', 'pin', '--pin-file', PIN.file, 'go-v0.41.0'], usedWorld],
    ['which-pin-yes', ['which', '--install', '--from', 'pin', '--pin-file', PIN.file, 'go-v0.41.0'], usedWorld, { ...PERSON, answers: [''] }],
    ['which-pin-no', ['which', '--install', '--from', 'pin', '--pin-file', PIN.file, 'go-v0.41.0'], usedWorld, { ...PERSON, answers: ['n'] }],
    ['which-pin-auto', ['which', '--install', '--from', 'pin', '--pin-file', PIN.file, 'go-v0.41.0'], used(world => { world.autoOn = true })],
    ['which-pin-odd', ['which', '--install', '--from', 'pin', '--pin-file', PIN.file, 'go-v0.41'], usedWorld],
    ['run-installs', ['run', 'v0.41.0', '--', 'cat', '--offline', '-'], usedWorld],
    ['uninstall', ['uninstall', 'v0.42.0'], used(world => { world.overrides.set('/srv/app', 'go-v0.42.0') })],
    ['uninstall-json', ['uninstall', 'v0.42.0', '--json'], usedWorld],
    ['uninstall-default', ['uninstall', 'v0.43.0'], usedWorld],
    ['uninstall-default-alone', ['uninstall', 'v0.43.0'], used(world => { world.installed = [releaseOf('v0.43.0')] })],
    ['uninstall-default-for-another', ['uninstall', 'v0.43.0', '--default', 'v0.42.0'], usedWorld],
    ['uninstall-default-for-itself', ['uninstall', 'v0.43.0', '--default', 'latest'], usedWorld],
    ['uninstall-missing', ['uninstall', 'v0.41.0'], usedWorld],
    ['uninstall-running', ['uninstall', 'v0.42.0'], used(world => { world.running.add('go-v0.42.0') })],
    ['gc', ['gc'], used(world => { world.installed.push(releaseOf('v0.40.0'), releaseOf('v0.39.0')); world.running.add('go-v0.39.0'); world.leftovers = [{ path: '/home/kim/.ipfs/releases/.partial/go-v0.41.0.part', sizeBytes: 31_000_000 }] })],
    ['gc-dry-run', ['gc', '--dry-run'], usedWorld],
    ['gc-json', ['gc', '--json'], usedWorld],
    ['gc-nothing', ['gc'], fresh()],
    ['auto-on', ['auto', 'on'], usedWorld],
    ['auto-on-no-scheduler', ['auto', 'on'], used(world => { world.scheduler = undefined })],
    ['auto-off', ['auto', 'off', '--json'], used(world => { world.autoOn = true; world.scheduledOn = true })],
    ['auto-status', ['auto', 'status'], used(world => { world.autoOn = true; world.scheduledOn = true; world.checked = NOW - HOUR })],
    ['auto-status-off', ['auto', 'status'], usedWorld],
    ['auto-run', ['auto', 'run'], used(world => { world.autoOn = true; world.byDefault = v('v0.42.0') })],
    ['auto-run-busy', ['auto', 'run', '--json'], used(world => { world.autoOn = true; world.byDefault = v('v0.42.0'); world.busy = 'a daemon at 127.0.0.1:5001' })],
    ['auto-run-off', ['auto', 'run'], usedWorld],
    ['auto-run-soon-again', ['auto', 'run'], used(world => { world.autoOn = true; world.checked = NOW - HOUR })],
    ['auto-run-nothing', ['auto', 'run', '--now'], usedWorld],
    ['auto-nothing', ['auto']],
    ['init', ['init', '--yes'], fresh(world => { world.plan = { ...world.plan, shimState: 'missing', blockState: 'missing', found: '/usr/local/bin/ipfs' } })],
    ['init-asks', ['init'], fresh(world => { world.plan = { ...world.plan, shimState: 'missing', blockState: 'missing', found: undefined } }), { ...PERSON, answers: ['y'] }],
    ['init-no', ['init'], fresh(world => { world.plan = { ...world.plan, shimState: 'missing', blockState: 'missing', found: undefined } }), { ...PERSON, answers: ['n'] }],
    ['init-unasked', ['init'], fresh(world => { world.plan = { ...world.plan, shimState: 'missing', blockState: 'missing', found: undefined } })],
    ['init-leaves-path', ['init', '--no-modify-path', '--json'], fresh(world => { world.plan = { ...world.plan, shimState: 'outdated', blockState: 'missing', found: undefined } })],
    ['init-again', ['init'], usedWorld],
    ['init-renews', ['init', '--yes'], used(world => { world.plan = { ...world.plan, shimState: 'outdated', blockState: 'outdated' } })],
    ['init-foreign', ['init'], fresh(world => { world.plan = { ...world.plan, shimState: 'foreign' } })],
    ['self-update', ['self', 'update'], usedWorld],
    ['self-update-other', ['self', 'update'], used(world => { world.own = { kind: 'other', folder: '/opt/ipfsup' } })],
    ['self-uninstall', ['self', 'uninstall', '--yes'], usedWorld],
    ['self-uninstall-asks', ['self', 'uninstall'], usedWorld, { ...PERSON, answers: ['y'] }],
    ['self-uninstall-no', ['self', 'uninstall'], usedWorld, { ...PERSON, answers: [''] }],
    ['self-uninstall-unasked', ['self', 'uninstall'], usedWorld],
    ['doctor', ['doctor'], used(world => { world.findings = [{ check: 'shim', ok: true, message: '/home/kim/.ipfsup/bin/ipfs is as it should be', cure: undefined }, { check: 'path', ok: false, message: 'ipfs is /usr/bin/ipfs', cure: '. /home/kim/.bashrc' }] })],
    ['doctor-json', ['doctor', '--json'], used(world => { world.findings = [{ check: 'shim', ok: true, message: 'fine', cure: undefined }] })],
    ['verify', ['verify'], used(world => { world.damaged.set('go-v0.42.0', ['ipfs has another SHA-256 than SHA256SUMS says']); world.damaged.set('go-v0.43.0', ['ipfs is missing']) })],
    ['verify-one-json', ['verify', 'v0.42.0', '--json'], usedWorld],
    ['verify-other-archive', ['verify', 'latest'], used(world => { world.locked.set('go-v0.43.0', { sha512: 'cd'.repeat(64), cid: undefined, seenMs: NOW }) })],
    ['verify-empty', ['verify'], fresh()],
    ['node-status', ['node', 'status']],

    ['wrong-version', ['update', '1.x'], usedWorld],
    ['wrong-version-long', ['update', `v0.43.0-${'a'.repeat(100)}`], usedWorld],
    ['wrong-language', ['update', 'rs-v0.1.0'], usedWorld],
    ['wrong-version-unknown', ['update', 'v0.42.7'], usedWorld],
    ['wrong-version-unknown-json', ['update', 'v9.0.0', '--json'], usedWorld],
    ['wrong-env', ['show'], usedWorld, { env: { IPFSUP_VERSION: '../../evil' } }],
    ['wrong-pin', ['which'], used(world => { world.pins.set(FOLDER, { ...PIN, line: '$(reboot)' }) })],
    ['wrong-pin-empty', ['which'], used(world => { world.pins.set(FOLDER, { ...PIN, line: '' }) })],
    ['wrong-platform', ['update', 'v0.41.0'], failing('NO_BUILD', 'there is no build of go-v0.41.0 for linux on riscv64', { exit: 'notFound', hints: ['builds of it are for darwin-amd64, linux-amd64'] })],
    ['wrong-no-space', ['update', 'v0.41.0'], failing('DISK_FULL', "no space left on the disk while writing '/home/kim/.ipfs/releases'", { hints: ['free some space, then run the command again'] })],
    ['wrong-permission', ['update', 'v0.41.0'], failing('FILE_NOT_WRITABLE', "'/home/kim/.ipfs/releases' may not be written by this user", { exit: 'refused', hints: ["see who may: ls -ld '/home/kim/.ipfs/releases'"] })],
    ['wrong-busy-repo', ['update', 'v0.42.0'], used(world => { world.busy = 'a daemon answers at /ip4/127.0.0.1/tcp/5001'; world.installed[0] = releaseOf('v0.42.0', { repoVersion: 17 }) })],
    ['wrong-offline-version', ['update', 'v0.41.0', '--offline'], usedWorld],
    ['wrong-offline-latest', ['update', '--offline'], fresh()],
    ['wrong-offline-network', ['update'], fresh(world => { world.unreachable = true })],
    ['wrong-trusted-origin', ['update', '--trust-origin', 'https://evil.example/'], usedWorld],
    ['wrong-transport', ['update', '--transport=ftp'], usedWorld],
    ['wrong-refused', ['update', 'v0.41.0'], failing('ORIGIN_ALONE', 'only dist.ipfs.tech gives a hash of go-v0.41.0; two origins have to agree', { exit: 'refused', hints: ['if its word is enough: --trust-origin https://dist.ipfs.tech'] })],
    ['wrong-command', ['instal', 'v0.43.0'], usedWorld],
    ['wrong-uninstall-nothing', ['uninstall'], usedWorld],
  ])('%s', async (name, argv, world = usedWorld, options = {}) => {
    const { transcript } = await world().run(argv, options)
    expect(transcript).toBe(await golden(import.meta.url, name, transcript))
  })
})
