# The cases of a ring that was run twice: a case has failed when it did so in both tries. One that
# failed in one of them keeps the message of that. $first: those of the first try.
def key: [.suite, .name];
def passed_again($other): . + {verdict: "passed", again: true, message: $other.message};
(map({key: (key | tojson), value: .}) | from_entries) as $now
| ($first[0] | map({key: (key | tojson), value: .}) | from_entries) as $before
| map($before[key | tojson] as $old
    | if .verdict != "failed" and $old.verdict == "failed" then passed_again($old)
      elif .verdict == "failed" and $old != null and $old.verdict != "failed" then passed_again(.)
      else . end)
  # A ring that failed as a whole at first, and has cases now.
  + [$before[] | select($now[key | tojson] == null and .verdict == "failed")
    | if any($now[]; .verdict == "failed") then . else passed_again(.) end]
