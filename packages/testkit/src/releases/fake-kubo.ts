/**
 * A small program that stands for Kubo: a POSIX sh script that knows the few commands which a version manager meets. It keeps
 * its repo as Kubo does (`version`, `config`, `repo.lock`, `api`), and logs each call of `repo migrate` into `migrations`. A file `fail-migration` in
 * the repo makes it fail; a number in that file is the version at which one down gets stuck, the config being another one by then.
 * `echo` prints its arguments and what of the environment matters, one a line; `exit N` ends with N; `cat` copies stdin; `daemon` waits for
 * a signal, tells it, and ends with 0.
 * @param version without a leading v
 */
export function fakeKubo ({ version, repoVersion }: { readonly version: string, readonly repoVersion: number }): string {
  return `#!/bin/sh
root=\${IPFS_PATH:-$HOME/.ipfs}
fail () { printf 'Error: %s\\n' "$1" >&2; exit 1; }
case \${1-} in
  version)
    case " $* " in
      *' --repo '*) echo ${repoVersion} ;;
      *' --number '* | *' -n '*) echo ${version} ;;
      *) echo 'ipfs version ${version}' ;;
    esac ;;
  init)
    [ ! -e "$root/config" ] || fail 'ipfs configuration file already exists!'
    mkdir -p "$root" && : > "$root/repo.lock" && echo ${repoVersion} > "$root/version"
    printf '{\\n  "Identity": {\\n    "PeerID": "12D3KooW"\\n  },\\n  "Datastore": {\\n    "StorageMax": "10GB"\\n  }\\n}\\n' > "$root/config" && chmod 600 "$root/config" ;;
  repo)
    [ "\${2-}" = migrate ] || fail "unknown command repo \${2-}"
    to=${repoVersion} down=
    for word in "$@"; do case $word in --to=*) to=\${word#--to=} ;; --allow-downgrade) down=yes ;; esac; done
    now=$(cat "$root/version") || fail 'no repo'
    [ "$now" -le ${repoVersion} ] || fail "repo version $now is newer than this program's ${repoVersion}"
    [ "$to" -ge "$now" ] || [ -n "$down" ] || fail 'to migrate down --allow-downgrade is needed'
    if [ -s "$root/fail-migration" ]; then
      if [ "$to" -lt "$now" ]; then cat "$root/fail-migration" > "$root/version"; echo '{}' > "$root/config"; fail 'the second step failed'; fi
    else
      [ ! -e "$root/fail-migration" ] || fail 'the migration failed'
    fi
    printf '${version} %s to %s\\n' "$now" "$to" >> "$root/migrations"
    echo "$to" > "$root/version" ;;
  daemon)
    [ "$(cat "$root/version")" = ${repoVersion} ] || fail "the repo is of version $(cat "$root/version"), this program needs ${repoVersion}"
    trap 'echo "got TERM"; exit 0' TERM
    trap 'echo "got INT"; exit 0' INT
    echo 'Daemon is ready'
    while :; do sleep 0.05; done ;;
  echo)
    shift
    printf 'version=${version}\\nIPFS_PATH=%s\\ncwd=%s\\n' "\${IPFS_PATH-}" "$PWD"
    for word in "$@"; do printf 'arg=%s\\n' "$word"; done ;;
  exit) exit "$2" ;;
  cat) exec cat ;;
  *) fail "unknown command \${1-}" ;;
esac
`
}
