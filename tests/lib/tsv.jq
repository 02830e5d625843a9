# One line of cases.tsv: name, verdict, seconds, message.
split("\t")
| {suite: null, name: .[0], verdict: .[1], seconds: (.[2] | tonumber), message: .[3]}
