import { gzipSync } from 'node:zlib'
import { sourceText } from '../domain/deflate/texts.ts'
import { python } from './make-archives.ts'

/** Zip and tar of Python's, a tar.gz and a zip with one inside. */
export function pythonArchives (): Uint8Array[] {
  const script = `
import io, os, sys, tarfile, zipfile
text = sys.stdin.buffer.read()
def tar(fmt):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=fmt) as t:
        for i in range(5):
            info = tarfile.TarInfo('m%d' % i * (1 if i < 4 else 80)); info.size = 300 * i; info.mtime = 5
            t.addfile(info, io.BytesIO(text[i:i + 300 * i]))
    return out.getvalue()
def zipped(members, **more):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as z:
        for i, m in enumerate(members):
            info = zipfile.ZipInfo('m%d' % i); info.compress_type = zipfile.ZIP_STORED if i == 1 else zipfile.ZIP_DEFLATED
            with z.open(info, 'w', **more) as f: f.write(m)
    return out.getvalue()
import gzip
tgz = gzip.compress(tar(tarfile.GNU_FORMAT), mtime=0)
for made in (zipped([text[:900], text[:400], text[:50]]), zipped([text[:900], tgz, tgz]), zipped([text[:99]] * 3, force_zip64=True), tar(tarfile.PAX_FORMAT), tar(tarfile.GNU_FORMAT), tgz):
    sys.stdout.buffer.write(len(made).to_bytes(4, 'little') + made)
`
  const all = python(script, sourceText(5000, 3))
  const made: Uint8Array[] = []
  for (let at = 0; at < all.length;) {
    const size = all.readUInt32LE(at)
    made.push(all.subarray(at + 4, at + 4 + size))
    at += 4 + size
  }
  return [...made, gzipSync(made[0]!)]
}
