# completion.bash - completes the `backedge` command; words come from the command's own help.
_backedge() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="$(backedge --help | sed -n '/^verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p') --help --version"
  else
    case $prev in
      --pass | --passes) words=$(backedge list | sed -n '/^passes:/,/^$/s/^  \([^ ]*\) .*/\1/p') ;;
      --cc) words=$(backedge list | sed -n '/^compilers:/,$s/^  \([^ ]*\) .*/\1/p') ;;
      --mode) words="passes identity rebuild" ;;
      --source) words="auto branch soft ip" ;;
      -f) words="bolt preaggregated" ;;
      *)
        if [[ $cur == -* ]]; then
          words=$(backedge "${COMP_WORDS[1]}" --help | sed -n 's/^  \(--*[a-z-]*\).*/\1/p')
        else
          compopt -o default 2>/dev/null
        fi
        ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _backedge backedge
