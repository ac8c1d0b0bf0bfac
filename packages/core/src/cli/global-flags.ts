import { choice, flag, text, type ArgSpec } from './command-table.ts'

/** The flags that every command of every tool understands. `-v` is apart: it counts. */
export const GLOBAL_OPTIONS = {
  json: flag('answer as JSON: one document, or one line for each item'),
  home: text('the home of the shared node', { complete: 'folder' }),
  node: text('which node to use: unix:PATH, own or none'),
  progress: choice('auto', 'json', 'off')('progress on stderr', { default: 'auto' }),
  quiet: flag('no notes and no progress', { alias: 'q' }),
} as const satisfies Readonly<Record<string, ArgSpec>>
