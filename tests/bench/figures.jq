# Lines "variant, path, workload, operations, nanoseconds, hook calls" to
# {kernel, version, workloads: [{name, hook_calls, instructions: {variant: of one operation}}]}.
def figures:
	split("\n") | map(select(. != "") | split("\t") |
		{variant: .[0], name: "\(.[1])/\(.[2])", operations: (.[3] | tonumber),
		 ns: (.[4] | tonumber), calls: (.[5] | tonumber)});
{
	kernel: $kernel,
	version: $version,
	workloads: (figures | group_by(.name) | map({
		name: .[0].name,
		hook_calls: (.[0].calls / .[0].operations),
		instructions: (map({key: .variant, value: (.ns / .operations)}) | from_entries)
	}))
}
