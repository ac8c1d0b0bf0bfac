/** Text in files that service managers read: systemd's units, launchd's property lists. Pure. */

/** One word of ExecStart=, where `$` begins a variable: systemd.service(5), "Command lines". */
export const systemdWord = (text: string): string => systemdQuoted(text).replaceAll('$', '$$$$')

/** systemd.syntax(7), "Quoting"; in Environment= a `$` means nothing. */
export const systemdQuoted = (text: string): string => `"${systemdText(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

/** Unquoted, as in Description=: `%` begins a specifier. */
export const systemdText = (text: string): string => text.replaceAll('%', '%%')

export interface LaunchdJob {
  /** The command that writes the file, and the one that removes it. */
  readonly writtenBy: string
  readonly removedBy: string
  readonly label: string
  /** Program and arguments. */
  readonly words: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** More keys and values, as they stand in the file. */
  readonly keys: string
}

/** launchd.plist(5). */
export function launchdPlist ({ writtenBy, removedBy, label, words, environment, keys }: LaunchdJob): string {
  const variables = Object.entries(environment).map(([name, value]) => `    <key>${xmlText(name)}</key>\n    <string>${xmlText(value)}</string>\n`).join('')
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Written by '${writtenBy}'; '${removedBy}' removes it. -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${xmlText(label)}</string>
  <key>ProgramArguments</key>
  <array>
${words.map(word => `    <string>${xmlText(word)}</string>`).join('\n')}
  </array>
${variables === '' ? '' : `  <key>EnvironmentVariables</key>\n  <dict>\n${variables}  </dict>\n`}${keys}  <key>Umask</key>
  <integer>63</integer>
</dict>
</plist>
`
}

const xmlText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
