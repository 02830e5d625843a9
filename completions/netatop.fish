# fish completion of netatop

set -l kinds processes trees threads commands users units containers cgroups connections remotes classes

complete -c netatop -f
complete -c netatop -n __fish_use_subcommand -a doctor -d 'Say what is wrong and what to do'
complete -c netatop -n __fish_use_subcommand -a export -d 'Print what engines of metrics read'
complete -c netatop -n __fish_use_subcommand -a list -d 'Show who carried what'
complete -c netatop -n __fish_use_subcommand -a run -d 'Say what a command carries'
complete -c netatop -n __fish_use_subcommand -a watch -d 'Show what ends'
complete -c netatop -n __fish_use_subcommand -s d -l interval -x -d 'A new sample so often'
complete -c netatop -n __fish_use_subcommand -s r -l resolve -d 'Show remotes by their names'
complete -c netatop -n __fish_use_subcommand -l version -d 'Print the version'
complete -c netatop -l help -d 'Print a summary of the options'

complete -c netatop -n '__fish_seen_subcommand_from list' -a "$kinds"
complete -c netatop -n '__fish_seen_subcommand_from list' -s d -l interval -x -d 'Seconds of an interval'
complete -c netatop -n '__fish_seen_subcommand_from list watch' -s n -l count -x -d 'How many'
complete -c netatop -n '__fish_seen_subcommand_from doctor list run watch' -l json -d 'One JSON object a line'
complete -c netatop -n '__fish_seen_subcommand_from export' -l openmetrics -d 'OpenMetrics 1.0'
complete -c netatop -n '__fish_seen_subcommand_from export' -l textfile -r -F -d 'Replace a file of a collector'
complete -c netatop -n '__fish_seen_subcommand_from export' -l max-units -x -d 'So many units at most'
complete -c netatop -n '__fish_seen_subcommand_from list' -l csv -d 'Comma-separated values'
complete -c netatop -n '__fish_seen_subcommand_from list run watch' -s b -l bytes -d 'All digits in the table'
complete -c netatop -n '__fish_seen_subcommand_from list' -l sort -x -a 'bytes sent received packets pid name'
complete -c netatop -n '__fish_seen_subcommand_from list' -l top -x -d 'So many lines'
complete -c netatop -n '__fish_seen_subcommand_from list watch' -l pid -x -a '(__fish_complete_pids)'
complete -c netatop -n '__fish_seen_subcommand_from list watch' -l user -x -a '(__fish_complete_users)'
complete -c netatop -n '__fish_seen_subcommand_from list watch' -l unit -x -d 'Of these units'
complete -c netatop -n '__fish_seen_subcommand_from list watch' -l container -x -d 'Of these containers'
complete -c netatop -n '__fish_seen_subcommand_from list watch' -l command -x -d 'Of this name'
complete -c netatop -n '__fish_seen_subcommand_from list' -l remote -x -d 'With these addresses'
complete -c netatop -n '__fish_seen_subcommand_from list' -l port -x -d 'With this port'
complete -c netatop -n '__fish_seen_subcommand_from list' -l min-bytes -x -d 'At least so many bytes'
complete -c netatop -n '__fish_seen_subcommand_from watch' -l events -x -a 'exit close cgroup' -d 'Of these kinds'
complete -c netatop -n '__fish_seen_subcommand_from watch' -l buffer -x -d 'Memory for what is not read yet'
complete -c netatop -n '__fish_seen_subcommand_from run' -s o -l output -r -F -d 'Say it there'
complete -c netatop -n '__fish_seen_subcommand_from run' -x -a '(__fish_complete_subcommand)'
