import path from 'node:path'

/** Where systemd looks for a user's own units. @param userHome absolute */
export function unitFolder (env: Readonly<Record<string, string | undefined>>, userHome: string): string {
  const xdg = env['XDG_CONFIG_HOME']
  return path.join(xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(userHome, '.config'), 'systemd/user')
}

/** Where launchd looks for a user's own agents. */
export const agentFolder = (userHome: string): string => path.join(userHome, 'Library/LaunchAgents')
