# All cases of one ring, given those that it left. A ring that left none is a case itself. Status 1
# says that a case failed; any other, or no such case, that the ring failed as a whole.
def whole($verdict): {suite: null, name: "ring", $verdict, $seconds, message: $said};
# A case that passed when it was tried again keeps the message of its failure.
def tried_again($second):
  if .verdict == "failed" and $second != null and $second.verdict == "passed" then
    $second + {message}
  else . end;
map(select(.again)) as $again
| map(select(.again | not)
  | . as $case
  | tried_again(first($again[] | select(.suite == $case.suite and .name == $case.name)) // null))
| . + (
  if $status == 77 and length == 0 then [whole("skipped")]
  elif $status > 1 or ($status == 1 and all(.[]; .verdict != "failed")) then
    [whole("failed") | .message = "exit status \($status)\n" + .message]
  elif length == 0 then [whole("passed")]
  else [] end)
| map(. + {$ring, suite: (.suite // $ring)})
