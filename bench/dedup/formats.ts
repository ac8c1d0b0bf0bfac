/** How people pack a folder: each with the program that they use for it. */
import path from 'node:path'
import { run } from '../rivals/run.ts'

export interface Format {
  readonly name: string
  readonly extension: string
  /** What the packing needs, by the names of Debian's programs. */
  readonly needs: readonly string[]
  /** A shell command, from a pipe as `tar -z` has it: `$1` is the tar, `$2` the folder that holds `tree`, `$3` the archive to be made. */
  readonly pack: string
  /** Whether it packs the tar and not the folder. */
  readonly ofTar: boolean
}

const NODE_GZIP = 'const z=require("zlib"),f=require("fs");f.createReadStream(process.argv[1]).pipe(z.createGzip()).pipe(f.createWriteStream(process.argv[2]))'
const PYTHON_GZIP = 'import gzip,shutil,sys\nwith open(sys.argv[1],"rb") as i, gzip.GzipFile(sys.argv[2],"wb",9,mtime=0) as o: shutil.copyfileobj(i,o)'

export const FORMATS: readonly Format[] = [
  { name: '.tar', extension: 'tar', needs: ['tar'], ofTar: true, pack: 'cp "$1" "$3"' },
  { name: '.tar.gz', extension: 'tar.gz', needs: ['gzip'], ofTar: true, pack: 'cat "$1" | gzip -6 >"$3"' },
  { name: 'pigz', extension: 'tar.gz', needs: ['pigz'], ofTar: true, pack: 'cat "$1" | pigz -6 >"$3"' },
  { name: 'python', extension: 'tar.gz', needs: ['python3'], ofTar: true, pack: `python3 -c '${PYTHON_GZIP}' "$1" "$3"` },
  { name: 'node', extension: 'tar.gz', needs: [], ofTar: true, pack: `${JSON.stringify(process.execPath)} -e '${NODE_GZIP}' "$1" "$3"` },
  { name: '.zip', extension: 'zip', needs: ['zip'], ofTar: false, pack: 'cd "$2" && zip -qrX "$3" tree' },
  { name: '.tar.zst', extension: 'tar.zst', needs: ['zstd'], ofTar: true, pack: 'zstd -q <"$1" >"$3"' },
  { name: 'gzip --rsyncable', extension: 'tar.gz', needs: ['gzip'], ofTar: true, pack: 'cat "$1" | gzip -6 --rsyncable >"$3"' },
]

/** Makes the tar that all formats but .zip have inside. @param folder holds `tree` */
export async function makeTar (folder: string, tar: string): Promise<void> {
  await run('tar', ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu', '-C', folder, '-cf', tar, 'tree'])
}

/** @returns the archive */
export async function pack (format: Format, { tar, folder, into, name }: { readonly tar: string, readonly folder: string, readonly into: string, readonly name: string }): Promise<string> {
  const archive = path.join(into, `${name}.${format.extension}`)
  await run('sh', ['-ec', format.pack, 'sh', tar, folder, archive])
  return archive
}
