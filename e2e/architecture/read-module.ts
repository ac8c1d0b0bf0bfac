import { parseSync } from '@swc/core'

/** What the rules look at in one source file. */
export interface Module {
  /** From the workspace's root, with forward slashes: 'packages/core/src/cli/io.ts'. */
  readonly file: string
  readonly imports: readonly Import[]
  /** Uses of the process and its clock, as written: 'Date.now', 'process.env', 'setTimeout'. */
  readonly globals: readonly string[]
  /** Tests that are switched off or alone: 'test.only'. */
  readonly switchedTests: readonly string[]
  readonly lineCount: number
  readonly source: string
}

export interface Import {
  readonly specifier: string
  /** Erased by the compiler: couples the text, not the running program. */
  readonly typeOnly: boolean
  /** `import('…')`: loaded when it is called, not when the file is. */
  readonly lazy: boolean
}

type Node = { readonly type: string } & Readonly<Record<string, unknown>>

const WATCHED = new Set(['Date.now', 'Math.random', 'setTimeout', 'setInterval', 'setImmediate', 'new Date()'])
const SWITCHES = new Set(['only', 'skip', 'todo'])
const ALONE_OR_OFF = new Set(['fit', 'xit', 'fdescribe', 'xdescribe', 'xtest'])
const TEST_WORDS = new Set(['test', 'it', 'describe'])

/** @throws what swc throws for text that is not TypeScript */
export function readModule (file: string, source: string): Module {
  const imports: Import[] = []
  const globals: string[] = []
  const switchedTests: string[] = []

  const visit = (node: Node): void => {
    switch (node.type) {
      case 'ImportDeclaration': imports.push({ specifier: textOf(node['source']), typeOnly: isTypeOnly(node), lazy: false }); return
      case 'ExportAllDeclaration': imports.push({ specifier: textOf(node['source']), typeOnly: false, lazy: false }); return
      case 'ExportNamedDeclaration':
        if (node['source'] != null) imports.push({ specifier: textOf(node['source']), typeOnly: isTypeOnly(node), lazy: false })
        return
      case 'TsImportType': imports.push({ specifier: textOf(node['argument']), typeOnly: true, lazy: false }); return
      case 'CallExpression': visitCall(node); break
      case 'NewExpression':
        if (nameOf(node['callee']) === 'Date' && (node['arguments'] as unknown[] | undefined)?.length === 0) globals.push('new Date()')
        break
      case 'MemberExpression': visitMember(node); break
    }
    visitChildren(node)
  }

  const visitCall = (node: Node): void => {
    const callee = node['callee'] as Node
    const first = (node['arguments'] as ReadonlyArray<{ expression: Node }>)[0]?.expression
    if (callee.type === 'Import' && first?.type === 'StringLiteral') imports.push({ specifier: textOf(first), typeOnly: false, lazy: true })
    const name = nameOf(callee)
    if (name !== undefined && WATCHED.has(name)) globals.push(name)
    if (name !== undefined && ALONE_OR_OFF.has(name)) switchedTests.push(name)
  }

  const visitMember = (node: Node): void => {
    const object = rootName(node['object'] as Node)
    const property = nameOf(node['property'])
    if (object === undefined || property === undefined) return
    const name = `${object}.${property}`
    if (WATCHED.has(name) || ((object === 'process' || object === 'console') && nameOf(node['object']) !== undefined)) globals.push(name)
    if (TEST_WORDS.has(object) && SWITCHES.has(property)) switchedTests.push(name)
  }

  const visitChildren = (node: Node): void => {
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value as unknown[] : [value]) {
        if (typeof child !== 'object' || child === null) continue
        if (typeof (child as Node).type === 'string') visit(child as Node)
        else visitChildren(child as Node) // arguments are wrapped: { spread, expression }
      }
    }
  }

  visit(parseSync(source, { syntax: 'typescript', target: 'es2022', explicitResourceManagement: true } as Parameters<typeof parseSync>[1]) as unknown as Node)
  return { file, imports, globals, switchedTests, lineCount: source.split('\n').length - (source.endsWith('\n') ? 1 : 0), source }
}

const textOf = (literal: unknown): string => (literal as { value: string }).value
function nameOf (node: unknown): string | undefined {
  const { type, value } = node as { type: string, value?: string }
  return type === 'Identifier' ? value : undefined
}

/** `test` for test.each([…]).only too. */
function rootName (node: Node): string | undefined {
  if (node.type === 'MemberExpression') return rootName(node['object'] as Node)
  if (node.type === 'CallExpression') return rootName(node['callee'] as Node)
  return nameOf(node)
}

function isTypeOnly (node: Node): boolean {
  if (node['typeOnly'] === true) return true
  const specifiers = node['specifiers'] as ReadonlyArray<{ isTypeOnly?: boolean }>
  return specifiers.length > 0 && specifiers.every(s => s.isTypeOnly === true)
}
