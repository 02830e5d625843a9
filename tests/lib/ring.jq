# All cases of one ring, given those that it left. A ring that left none is a case itself. Status 1
# says that a case failed; any other, or no such case, that the ring failed as a whole.
def whole($verdict): {suite: null, name: "ring", $verdict, $seconds, message: $said};
. + (
  if $status == 77 and length == 0 then [whole("skipped")]
  elif $status > 1 or ($status == 1 and all(.[]; .verdict != "failed")) then
    [whole("failed") | .message = "exit status \($status)\n" + .message]
  elif length == 0 then [whole("passed")]
  else [] end)
| map(. + {$ring, suite: (.suite // $ring)})
