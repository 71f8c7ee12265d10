/*
 * Each script hands the words up to the cursor to `swarm __complete --` and offers what comes
 * back: a line for each word, its description after a tab, and a last line `:0` where files may
 * stand, `:4` where they may not.
 */

const BASH = `# swarm completion for bash: source <(swarm completion bash)
_swarm() {
  local line="\${COMP_LINE:0:COMP_POINT}" words=() out cur candidate
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  cur="\${words[\${#words[@]}-1]}"
  out="$("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)" || return
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    [[ $candidate == :* || -z $candidate ]] || COMPREPLY+=("$candidate")
  done <<< "$out"
  # readline replaces only what follows the last of its word breaks.
  if [[ $cur == *[=:]* ]]; then
    local lead="\${cur%"\${cur##*[=:]}"}"
    COMPREPLY=("\${COMPREPLY[@]#"$lead"}")
  fi
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace
  [[ \${#COMPREPLY[@]} -eq 0 && \${out##*$'\\n'} == :0 ]] && compopt -o default
  return 0
}
complete -F _swarm swarm
`;

const ZSH = `#compdef swarm
# swarm completion for zsh: source <(swarm completion zsh)
_swarm() {
  local -a lines candidates
  local line word
  lines=("\${(@f)$(\${words[1]} __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${(@)lines[1,-2]}"; do
    word="\${line%%$'\\t'*}"
    if [[ $line == *$'\\t'* ]]; then
      candidates+=("\${word//:/\\\\:}:\${line#*$'\\t'}")
    else
      candidates+=("\${word//:/\\\\:}")
    fi
  done
  (( \${#candidates} )) && _describe swarm candidates
  [[ \${lines[-1]} == :0 ]] && _files
}
compdef _swarm swarm
`;

const FISH = `# swarm completion for fish: swarm completion fish | source
function __swarm_complete
  set -l typed (commandline -opc) (commandline -ct)
  swarm __complete -- $typed[2..-1] 2>/dev/null
end
function __swarm_files
  __swarm_complete | string match -q -- ':0'
end
complete -c swarm -f
complete -c swarm -f -a '(__swarm_complete | string match -v -- ":*")'
complete -c swarm -n __swarm_files -F
`;

/** The script of each shell, by its name. */
export const COMPLETION_SCRIPTS: Readonly<Record<string, string>> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
};
