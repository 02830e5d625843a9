# The figures as a table: instructions of an operation without a module, and for each variant what it
# adds to that: per operation and per hook call; and ours as a multiple of the floor.
def tenths: . * 10 | round / 10;
(.workloads[0].instructions | keys_unsorted - ["none"]) as $variants |
(["workload", "calls", "none"] + ($variants | map("+\(.)", "a call")) +
	(if $variants | contains(["floor", "ours"]) then ["ours:floor"] else [] end)),
(.workloads[] | .instructions as $i | .hook_calls as $calls |
	[.name, ($calls | tenths), ($i.none | round)] +
	($variants | map($i[.] - $i.none | round, (. / $calls | tenths))) +
	(if $i.floor and $i.ours then [($i.ours - $i.none) / ($i.floor - $i.none) | tenths] else [] end)) |
@tsv
