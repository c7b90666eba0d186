# bash completion for ocrscreen and ocrscreen-worker: verbs, options and files, asked of the programs themselves.
_ocrscreen() {
  local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb='' i
  local -a help
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${COMP_WORDS[i]} == -* ]] || { verb=${COMP_WORDS[i]}; break; }
  done
  [[ ${program##*/} == ocrscreen ]] || verb=''
  case $previous in
    --gpu) COMPREPLY=($(compgen -W 'auto off on' -- "$word")); return ;;
    --out | --cache) COMPREPLY=($(compgen -d -- "$word")); return ;;
  esac
  help=$("$program" ${verb:+"$verb"} --help 2>/dev/null) || return
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$(grep -oE -- '--[a-z][a-z-]*' <<<"$help" | sort -u)" -- "$word"))
  elif [[ -z $verb ]]; then
    COMPREPLY=($(compgen -W "$(sed -n '/^Subcommands:/,/^[^ ]/s/^  \([a-z][a-z-]*\).*/\1/p' <<<"$help")" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _ocrscreen ocrscreen ocrscreen-worker
