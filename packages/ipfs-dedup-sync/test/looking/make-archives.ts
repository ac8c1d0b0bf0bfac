import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export interface NamedFile { readonly name: string, readonly bytes: Uint8Array }

export function run (command: string, args: readonly string[], input: Uint8Array = new Uint8Array(0), cwd?: string): Buffer {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, maxBuffer: 2 ** 28, cwd })
  if (status !== 0) throw error ?? new Error(`${command}: ${String(stderr)}`)
  return stdout
}

/** Runs a program in a folder with these files in it. @returns a file that it made */
export function inFolder (files: readonly NamedFile[], made: string, command: string, ...args: string[]): Buffer {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'looking-'))
  try {
    for (const { name, bytes } of files) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
      writeFileSync(path.join(folder, name), bytes)
    }
    run(command, args, undefined, folder)
    return readFileSync(path.join(folder, made))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const zipOf = (files: readonly NamedFile[], ...options: string[]): Buffer => inFolder(files, 'all.zip', 'zip', '-q', '-r', ...options, 'all.zip', '.', '-x', 'all.zip')
export const tarOf = (files: readonly NamedFile[], ...options: string[]): Buffer => inFolder(files, 'all.tar', 'tar', ...options, '--exclude=all.tar', '-cf', 'all.tar', ...files.map(file => file.name))

/** What a script of Python writes to its output, given the files' names as arguments. */
export const python = (script: string, input: Uint8Array = new Uint8Array(0), ...args: string[]): Buffer => run('python3', ['-c', script, ...args], input)
