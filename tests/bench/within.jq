# [recorded, run, …]: is what the module adds to the workload $name, in the best of the runs, within 3 % of what
# was recorded? One line that begins with "within" or "more". In another kernel than that of the record, its
# own work is compared: what it adds to a module that looks up each socket.
def of($name): .workloads[] | select(.name == $name) | .instructions;
.[0] as $recorded |
(if all(.kernel == $recorded.kernel) then "none" else "lookup" end) as $base |
($recorded | of($name)) as $old |
([.[1:][] | of($name) | .ours - .[$base]] | min) as $new |
($old.ours - $old[$base] + 0.03 * ($old.ours - $old.none)) as $most |
"\(if $new <= $most then "within" else "more" end): \($name): \($new | round) instructions more than with" +
" \({none: "no module", lookup: "look-ups alone"}[$base]), recorded \($old.ours - $old[$base] | round)" +
" in \($recorded.kernel), allowed \($most | round)"
