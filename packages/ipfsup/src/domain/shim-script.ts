/** The `ipfs` command that `ipfsup init` puts in the PATH: docs/formats/ipfsup.md, "The shim". Pure. */
import { AppError } from '@ipkit/core/errors/app-error'
import { MAX_VERSION_CHARACTERS } from './version.ts'

/** What the shim has to know; it is written anew when one of these changes. Paths are absolute. */
export interface ShimFacts {
  /** `Place.home`. */
  readonly home: string
  /** `linux-amd64` */
  readonly architecture: string
  /** The Node.js binary that runs `script`. */
  readonly node: string
  /** ipfsup's own start; where either is gone, it is the `ipfsup` in the PATH that is called. */
  readonly script: string
}

/** The second line of every shim, of whatever version: what tells it from an `ipfs` of somebody else. */
export const SHIM_MARK = "# The shim of ipfsup: it runs the version of IPFS that is meant. Written by 'ipfsup init'."

/** A shim inside a shim, and so on: with so many it is calling itself. */
export const MAX_SHIM_DEPTH = 20

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Quoted for a POSIX shell, whatever stands in it. */
export const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** What stands in the shim's place is somebody else's. */
export const shimForeign = (shim: string): AppError =>
  new AppError('SHIM_FOREIGN', `${shim} is there, and is not of ipfsup`, { exit: 'refused', hints: [`look at it, then move it away: mv ${shellQuoted(shim)} ${shellQuoted(`${shim}.old`)}`] })

/**
 * A POSIX sh script, for any shell that is /bin/sh somewhere: dash, bash, busybox, ksh, mksh, zsh. Until its last `exec` it runs nothing but
 * builtins and starts no process. Ranges such as [A-Z] mean something else in each locale, so its sets are written out.
 * @throws AppError HOME_UNUSABLE where a path holds a zero byte, which no script can
 */
export function shimScript ({ home, architecture, node, script }: ShimFacts): string {
  if ([home, architecture, node, script].some(text => text.includes('\0'))) throw new AppError('HOME_UNUSABLE', 'a path with a zero byte in it cannot stand in a script', { exit: 'usage' })
  return `#!/bin/sh
${SHIM_MARK}
#
# Which one is meant? The first of these that says something:
#   1. ipfs +v0.43.0 ...         the first argument, which is taken away
#   2. IPFSUP_VERSION=v0.43.0    the environment
#   3. 'ipfsup use v0.43.0', or a file .ipfs-version, for this folder or the nearest one above it
#   4. 'ipfsup default v0.43.0'
# Where it is installed, this shell goes on as it in the first 'exec' below, and has started no other program. What comes after that is for
# the rare cases: it is not installed, something is wrong, or you are to be told something.

shim_home=${shellQuoted(home)}
shim_architecture=${shellQuoted(architecture)}
shim_node=${shellQuoted(node)}
shim_ipfsup=${shellQuoted(script)}

# bash takes functions from the environment: none of them may stand in for a word of the shell that is used here.
case \${BASH_VERSION-} in ?*) unset -f [ cd command printf read true ;; esac

shim_rare= # what keeps us from the first exec

# shim_read FILE: into shim_says its first line that is neither empty nor a remark, without blanks at its ends.
shim_read () {
  shim_place=$1
  while read -r shim_says || [ "$shim_says" ]; do
    case $shim_says in '#'*) continue ;; esac
    [ "\${#shim_says}" -gt 256 ] && return # no version, and long to look at
    shim_says=\${shim_says%"\${shim_says##*[![:space:]]}"}
    [ "$shim_says" ] && return
  done <"$1"
  shim_says=
}

# shim_run ARGUMENT...: a js release gets a repo of its own, and is told the IPFS_PATH that it was called with.
shim_run () {
  case $shim_asked in
    js-*) [ "$shim_root" ] && export IPFSUP_ROOT="$shim_root" IPFS_PATH="$shim_root/js-repo" ;;
  esac
  exec "$shim_program" "$@"
}

# --- where we are ---

# A release may call 'ipfs', and so come here again. One that is this very script would do so for ever.
case \${IPFSUP_DEPTH-} in
  [0123456789] | 1[0123456789]) ;;
  '' | *[!0123456789]*) IPFSUP_DEPTH=0 ;;
  *) IPFSUP_DEPTH=${MAX_SHIM_DEPTH} shim_rare=depth ;;
esac
export IPFSUP_DEPTH="$((IPFSUP_DEPTH + 1))"

# What a js release calls is given the IPFS_PATH again that the js release was called with.
if [ "\${IPFSUP_ROOT-}" ] && [ "\${IPFS_PATH-}" = "\${IPFSUP_ROOT-}/js-repo" ]; then
  IPFS_PATH=$IPFSUP_ROOT
  unset IPFSUP_ROOT
fi
case \${IPFS_PATH-} in
  /*) shim_root=$IPFS_PATH ;;
  ?*) shim_root=./$IPFS_PATH ;;
  *) shim_root=\${HOME:+$HOME/.ipfs} ;; # without HOME ipfsup has to find out
esac

# --- which version ---

shim_from= shim_file=
case \${1-} in
  +*)
    shim_from=arg shim_place='the first argument' shim_says=\${1#+}
    shift ;;
  *)
    if [ "\${IPFSUP_VERSION-}" ]; then
      shim_from=env shim_place=IPFSUP_VERSION shim_says=$IPFSUP_VERSION
    fi ;;
esac

# 'ipfs update' is ipfsup's, but for the five words that Kubo knows itself.
case \${1-} in
  update) case \${2-} in check | versions | install | revert | clean) ;; *) shim_rare=\${shim_rare:-update} ;; esac ;;
esac

# Up from the physical working folder. 'cd -P .' goes nowhere, it only has the shell say where that is; PWD and OLDPWD are put back.
if [ -z "$shim_from" ]; then
  shim_pwd=\${PWD-} shim_oldpwd=\${OLDPWD-} shim_had_oldpwd=\${OLDPWD+yes}
  if command cd -P . 2>/dev/null; then
    shim_folder=\${PWD%/}
    while :; do
      shim_file=$shim_home/overrides$shim_folder/version
      [ -f "$shim_file" ] && shim_from=default && break
      shim_file=$shim_folder/.ipfs-version # counts only when it is the user's own: no link, nobody else's
      [ -f "$shim_file" ] && [ ! -h "$shim_file" ] && [ -O "$shim_file" ] && shim_from=pin && break
      case $shim_folder in */*) shim_folder=\${shim_folder%/*} ;; *) break ;; esac
    done
    PWD=$shim_pwd
    case $shim_had_oldpwd in '') unset OLDPWD ;; *) OLDPWD=$shim_oldpwd ;; esac
  fi
  [ "$shim_from" ] || shim_from=default shim_file=$shim_home/default
  if [ -f "$shim_file" ]; then shim_read "$shim_file"; else shim_rare=\${shim_rare:-none} shim_says=none; fi
fi

# A name for the latest stands for what was the last answer to that.
shim_asked=
case $shim_says in
  latest) shim_asked=go-latest ;;
  go-latest | js-latest) shim_asked=$shim_says ;;
esac
[ "$shim_asked" ] && [ -f "$shim_home/aliases/$shim_asked" ] && shim_read "$shim_home/aliases/$shim_asked"

# Strangers write pin files: what cannot be a version goes no further.
shim_letters='${LETTERS_AND_DIGITS}.+-'
case $shim_says in
  '' | [+.-]* | *..* | *[!$shim_letters]*) shim_rare=\${shim_rare:-invalid} ;;
  *) [ "\${#shim_says}" -le ${MAX_VERSION_CHARACTERS} ] || shim_rare=\${shim_rare:-invalid} ;;
esac
case $shim_says in
  [0123456789]*) shim_version=go-v$shim_says ;;
  v[0123456789]*) shim_version=go-$shim_says ;;
  go-[0123456789]* | js-[0123456789]*) shim_version=\${shim_says%%-*}-v\${shim_says#*-} ;;
  *) shim_version=$shim_says ;;
esac
: "\${shim_asked:=$shim_version}"

# --- run it ---

shim_program=$shim_root/releases/$shim_version/$shim_architecture/ipfs
shim_ready=
[ -x "$shim_program" ] && [ "$shim_root" ] && shim_ready=yes
# IPFS_PATH may name the repo of somebody else, whose programs we must not run: where one is not our own, ipfsup looks whose it is.
[ -O "$shim_program" ] || [ ! -O "$shim_home" ] || shim_ready=
[ -z "$shim_rare" ] && [ "$shim_ready" ] && [ ! -s "$shim_home/notice" ] && shim_run "$@"

# --- the rare cases ---

# shim_fail EXIT-CODE WHAT-IS-WRONG WHAT-TO-DO
shim_fail () {
  printf 'ipfs: error: %s\\nipfs: hint: %s\\n' "$2" "$3" >&2
  exit "$1"
}

# shim_clean TEXT: into shim_text, with a ? for all that a terminal might obey.
shim_shown="?=~@,:_/ $shim_letters"
shim_clean () {
  shim_text=$1
  while :; do
    case $shim_text in
      *[!$shim_shown]*) shim_text=\${shim_text%%[!$shim_shown]*}?\${shim_text#*[!$shim_shown]} ;;
      *) return ;;
    esac
  done
}

# shim_become_ipfsup ARGUMENT...: this process, or the subshell that it is called in, goes on as ipfsup.
shim_become_ipfsup () {
  export IPFSUP_HOME="$shim_home"
  [ -x "$shim_node" ] && [ -f "$shim_ipfsup" ] && exec "$shim_node" "$shim_ipfsup" "$@"
  command -v ipfsup >/dev/null && exec ipfsup "$@"
  shim_fail 1 'ipfsup, which this needs, is no longer where it was' "install it again: 'npm install --global ipfsup', then 'ipfsup init'"
}

case $shim_rare in
  depth) shim_fail 1 "'ipfs' has called itself ${MAX_SHIM_DEPTH} times" "see what is wrong: 'ipfsup doctor'" ;;
  update) shim_become_ipfsup "$@" ;;
  none) shim_fail 4 'no version of IPFS has been chosen' "install the latest: 'ipfsup update'" ;;
  invalid)
    case \${#shim_says} in
      0) shim_says=nothing ;;
      ? | [12345]? | 6[01234])
        shim_clean "$shim_says"
        shim_says="'$shim_text'" ;;
      *) shim_says="\${#shim_says} characters" ;;
    esac
    shim_clean "$shim_place"
    shim_fail 2 "$shim_text says $shim_says, which is not a version" \\
      "versions are written v0.43.0, js-v0.66.1, latest or js-latest: at most ${MAX_VERSION_CHARACTERS} letters, digits, '.', '+' and '-'" ;;
esac

if [ -z "$shim_ready" ]; then
  [ "$shim_from" = pin ] || shim_file=
  shim_program=$(
    [ -t 0 ] || exec </dev/null # what comes in there is for ipfs
    shim_become_ipfsup which --install --from "$shim_from" \${shim_file:+--pin-file "$shim_file"} "$shim_asked"
  ) || exit
  case $shim_program in
    /*) ;;
    *) shim_fail 1 "ipfsup did not say what to run as $shim_asked" "see what is wrong: 'ipfsup doctor'" ;;
  esac
fi

# What ipfsup has to tell (it may have updated behind your back), once, and to a person only.
if [ -s "$shim_home/notice" ] && [ -t 2 ]; then
  read -r shim_text <"$shim_home/notice"
  printf '%s\\n' "$shim_text" >&2
  true >|"$shim_home/notice"
fi
shim_run "$@"
`
}
