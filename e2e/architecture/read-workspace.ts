import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { readModule, type Module } from './read-module.ts'

const FOLDERS = ['packages', 'e2e', 'bench', 'demo']
const NOT_OURS = /(^|\/)(node_modules|dist|stubs)(\/|$)/

/** Every TypeScript file of the workspace, read. @param root its folder, absolute */
export function readWorkspace (root: string): Module[] {
  return FOLDERS.filter(folder => existsSync(path.join(root, folder))).flatMap(folder => filesBelow(root, folder)).filter(f => f.endsWith('.ts') && !f.endsWith('.d.ts')).sort()
    .map(file => readModule(file, readFileSync(path.join(root, file), 'utf8')))
}

function filesBelow (root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const at = `${folder}/${entry.name}`
    if (NOT_OURS.test(at)) return []
    return entry.isDirectory() ? filesBelow(root, at) : [at]
  })
}
