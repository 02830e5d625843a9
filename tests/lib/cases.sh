# shellcheck shell=bash
# Test cases of rings that are shell scripts: source it, call test_case for each, end
# with cases_end.

cases_failed=0

# test_case NAME COMMAND... : run COMMAND, which passes with 0, was skipped with 77 and
# failed with anything else; note it in $RESULTS/cases.tsv.
test_case() {
	local name=$1 started=$SECONDS status verdict
	shift
	printf '== %s\n' "$name"
	set +e
	(set -e && "$@")
	status=$?
	set -e
	case $status in
	0) verdict=passed ;;
	77) verdict=skipped ;;
	*) verdict=failed cases_failed=$((cases_failed + 1)) ;;
	esac
	printf '%s\t%s\t%s\texit status %d\n' "$name" "$verdict" $((SECONDS - started)) "$status" \
		>>"$RESULTS/cases.tsv"
	printf -- '-- %s: %s\n' "$name" "$verdict"
}

cases_end() {
	exit $((cases_failed > 0))
}
