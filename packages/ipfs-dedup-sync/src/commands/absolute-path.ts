import type { Io } from '@ipkit/core/cli/io'

/** As the node takes it. What `.` and `..` mean, and links, it finds out itself. */
export const absolutePath = (io: Pick<Io, 'cwd'>, path: string): string => path.startsWith('/') ? path : `${io.cwd.replace(/\/+$/, '')}/${path}`
