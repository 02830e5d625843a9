# All cases of one ring, given those that it left. A ring that left none is a case itself, and one
# that failed in no case that it left has failed as a whole.
def whole($verdict): {suite: null, name: "ring", $verdict, $seconds, message: $said};
. + (
  if $status == 77 and length == 0 then [whole("skipped")]
  elif $status != 0 and all(.[]; .verdict != "failed") then
    [whole("failed") | .message = "exit status \($status)\n" + .message]
  elif length == 0 then [whole("passed")]
  else [] end)
| map(. + {$ring, suite: (.suite // $ring)})
