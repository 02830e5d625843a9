# shellcheck shell=bash
# What takes long shows that it goes on: on a terminal by a line that moves, elsewhere by one a
# minute.

# show_progress COMMAND... : print the line that COMMAND prints, until killed or left alone.
show_progress() {
	local seconds=0 line
	while sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
		seconds=$((seconds + 1))
		if [ -t 1 ]; then
			line=$("$@")
			printf '\r\033[K%s' "${line:0:${COLUMNS:-79}}"
		elif [ $((seconds % ${PROGRESS_EVERY:-60})) -eq 0 ]; then
			printf '%s\n' "$("$@")"
		fi
	done
}

# stop_progress PID : of a show_progress; the line on the terminal is free then.
stop_progress() {
	kill "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
	clear_progress
}

clear_progress() {
	[ ! -t 1 ] || printf '\r\033[K'
}

# with_progress LOG COMMAND... : run COMMAND, a program, and keep what it says in LOG.
with_progress() {
	local log=$1 status=0 shown
	shift
	mkdir -p "$(dirname "$log")"
	: >"$log"
	show_progress end_of "$log" $SECONDS &
	shown=$!
	"$@" >"$log" 2>&1 || status=$?
	stop_progress "$shown"
	return "$status"
}

# end_of LOG STARTED : for how long it goes on, and the last that it said.
end_of() {
	printf '[%3d s] %s' $((SECONDS - $2)) "$(tail -n 1 "$1" | tr '\r\t' '  ')"
}
