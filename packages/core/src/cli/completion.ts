import { choice, command, type CommandTable, type LeafCommand } from './command-table.ts'
import { document } from './outcome.ts'

/** `<tool> completion <shell>`, the same for every tool. @param table asked lazily: this command is part of it */
export const completionCommand = (table: () => CommandTable): LeafCommand => command({
  name: 'completion',
  describe: 'print a script that completes commands and flags in your shell',
  positionals: { shell: choice('bash', 'zsh', 'fish')('your shell', { required: true }) },
  run: async (_io, args) => {
    const { completionScript } = await import('./completion-script.ts')
    const script = completionScript(table(), args.shell)
    return document({ shell: args.shell, script }, script)
  },
})
